//! The page's numbers, the template's, and those that `switchyard doctor` compares a stack with are the same.

use event::settings::Settings;
use switchyard::doctor::expected::{FUNCTIONS, QUEUES};

use crate::evaluated::{Template, Value};
use crate::{TEMPLATE, template};

const PAGE: &str = include_str!("../../../shared/delivery/spec/reliability.md");

fn number(value: &Value, path: &str) -> u64 {
    u64::try_from(value.int(path)).unwrap()
}

/// The template where everything is deployed.
fn whole(profile: &str) -> Template {
    Template::read(
        TEMPLATE,
        &[("BrazeFilesBucket", "acme-currents"), ("Profile", profile)],
    )
}

/// The row of the table of section 8 that begins so: a cell a function, in the order of the columns.
fn row(name: &str) -> Vec<&'static str> {
    let start = format!("| {name} |");
    let line = PAGE.lines().find(|line| line.starts_with(&start)).unwrap();
    let cells = line.trim_matches('|').split('|').skip(1);
    let cells: Vec<_> = cells
        .map(|cell| cell.trim().trim_end_matches(" s").trim_end_matches(" MB"))
        .collect();
    assert_eq!(cells.len(), 4, "{line}");
    cells
}

/// The column of each function in that table.
const COLUMNS: [(&str, usize); 6] = [
    ("receive-segment", 0),
    ("receive-braze", 0),
    ("receive-branch", 1),
    ("deliver-braze", 2),
    ("deliver-segment", 2),
    ("deliver-branch", 3),
];

#[test]
fn doctor_knows_the_numbers_of_page_and_template() {
    event::rules!["RI-044"];
    for (profile, polls) in [
        ("quiet", "MaximumConcurrency; BatchSize; window"),
        ("busy", "the same with `Profile=busy`"),
    ] {
        assert_profile(profile, &row(polls));
    }
}

fn assert_profile(profile: &str, polls: &[&str]) {
    let [timeouts, memory, reserved, visibility] = [
        "time-out",
        "memory",
        "reserved concurrency",
        "the queue's VisibilityTimeout",
    ]
    .map(row);
    let whole = whole(profile);
    for expected in FUNCTIONS {
        let function = whole.resource(expected.logical_id);
        let properties = function.at("Properties");
        assert_eq!(
            number(properties, "Timeout"),
            expected.timeout,
            "{}",
            expected.name
        );
        assert_eq!(
            number(properties, "MemorySize"),
            expected.memory,
            "{}",
            expected.name
        );
        let events = properties
            .get("Events")
            .map(|events| events.entries()[0].1.clone());
        let source = events.map(|event| {
            let source = event.at("Properties").clone();
            let numbers = [
                "ScalingConfig.MaximumConcurrency",
                "BatchSize",
                "MaximumBatchingWindowInSeconds",
            ];
            numbers.map(|path| number(&source, path))
        });
        let known = expected.event_source.map(|known| {
            let batching = known.batching(profile);
            [known.concurrency, batching.size, batching.window]
        });
        assert_eq!(source, known, "{}", expected.name);
        let Some((_, column)) = COLUMNS.iter().find(|(name, _)| *name == expected.name) else {
            continue;
        };
        let first = |cell: &str| cell.split(' ').next().unwrap().parse::<u64>().unwrap();
        assert_eq!(first(timeouts[*column]), expected.timeout, "{}", expected.name);
        assert_eq!(first(memory[*column]), expected.memory, "{}", expected.name);
        let reserved_here = template().resource(expected.logical_id);
        let reserved_here = number(reserved_here.at("Properties"), "ReservedConcurrentExecutions");
        assert_eq!(first(reserved[*column]), reserved_here, "{}", expected.name);
        match known {
            None => assert_eq!((polls[*column], visibility[*column]), ("-", "-")),
            Some([concurrency, batch, window]) => {
                assert_eq!(polls[*column], format!("{concurrency}; {batch}; {window}"));
                let queue = QUEUES
                    .iter()
                    .find(|queue| expected.name == format!("deliver-{}", queue.name));
                let queue = queue.unwrap();
                assert_eq!(first(visibility[*column]), queue.visibility);
                assert!(
                    queue.visibility >= 6 * expected.timeout + window,
                    "RI-020: {}",
                    expected.name
                );
                // RD-095: by default a pause is 20 s, and 900 s the longest visibility.
                assert!(concurrency * batch * 900 / 20 <= 60_000, "{}", expected.name);
            }
        }
    }
}

#[test]
fn doctor_knows_every_queue_with_its_numbers() {
    event::rules!["RI-044"];
    let whole = whole("quiet");
    let mut deployed = whole.of_type("AWS::SQS::Queue");
    deployed.sort_unstable();
    let mut known = QUEUES.map(|queue| queue.logical_id);
    known.sort_unstable();
    assert_eq!(deployed, known);
    for expected in QUEUES {
        let queue = whole.resource(expected.logical_id);
        let properties = queue.at("Properties");
        let visibility = properties
            .get("VisibilityTimeout")
            .map(|_| number(properties, "VisibilityTimeout"));
        assert_eq!(visibility.unwrap_or(30), expected.visibility, "{}", expected.name);
        assert_eq!(number(properties, "MessageRetentionPeriod"), expected.retention);
        assert_eq!(properties.int("MaximumMessageSize"), 1_048_576);
        let receives = properties
            .get("RedrivePolicy")
            .map(|policy| number(policy, "maxReceiveCount"));
        assert_eq!(receives, expected.receives, "{}", expected.name);
    }
}

#[test]
fn the_settings_fit_the_functions_and_the_queues() {
    event::rules!["RI-044"];
    let settings = Settings::default();
    let seconds = |span: event::settings::Span| span.as_secs();
    let timeout = |name: &str| FUNCTIONS.iter().find(|one| one.name == name).unwrap().timeout;
    for (function, own) in [
        ("deliver-braze", settings.braze.timeout),
        ("deliver-branch", settings.branch.timeout),
        ("deliver-segment", settings.segment.timeout),
    ] {
        assert!(2 * seconds(own) + 4 <= timeout(function), "{function}");
    }
    let retention = QUEUES
        .iter()
        .find(|queue| queue.name == "braze")
        .unwrap()
        .retention;
    assert!(seconds(settings.delivery.hold_horizon) < retention);
    for (function, own_ms) in [
        ("receive-segment", settings.receipt.segment.answer_within_ms),
        ("receive-braze", settings.receipt.braze.answer_within_ms),
        ("receive-branch", settings.receipt.branch.answer_within_ms),
    ] {
        assert!(2 * own_ms <= 1000 * timeout(function), "{function}");
    }
}
