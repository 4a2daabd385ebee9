//! How long queues wait, and how they are polled.

use crate::evaluated::{STACK, Template, Value};
use crate::{FUNCTIONS, Function, TEMPLATE, function, logical, template};
use event::Destination;

const DAY_S: i64 = 86_400;

fn poll(function: &Value) -> &Value {
    let events = function.at("Properties.Events").entries();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].1.text("Type"), "SQS");
    events[0].1.at("Properties")
}

#[test]
fn queues_outlast_what_they_wait_for() {
    event::rules!["RI-020", "RI-021", "RI-022", "RI-023", "RI-028", "RI-030"];
    let template = template();
    for Function {
        polls,
        queues,
        timeout_s,
        ..
    } in &FUNCTIONS
    {
        let Some([_, _, window_s, visibility_s]) = polls else {
            continue;
        };
        let queue = template.resource(&format!("{}Queue", logical(queues[0])));
        let properties = queue.at("Properties");
        assert_eq!(properties.text("QueueName"), format!("{STACK}-{}", queues[0]));
        assert_eq!(properties.int("VisibilityTimeout"), *visibility_s);
        assert!(*visibility_s >= 6 * timeout_s + window_s);
        assert_eq!(properties.int("MessageRetentionPeriod"), 12 * DAY_S);
        let dead = format!("{}DeadQueue", logical(queues[0]));
        assert_eq!(
            properties.text("RedrivePolicy.deadLetterTargetArn"),
            format!("{dead}.Arn")
        );
        assert_eq!(properties.int("RedrivePolicy.maxReceiveCount"), 500);

        let dead = template.resource(&dead);
        let properties = dead.at("Properties");
        assert_eq!(properties.int("MessageRetentionPeriod"), 14 * DAY_S);
        assert_eq!(properties.text("RedriveAllowPolicy.redrivePermission"), "byQueue");
        let source = format!(
            "arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{STACK}-{}",
            queues[0]
        );
        assert_eq!(properties.texts("RedriveAllowPolicy.sourceQueueArns"), [source]);
    }
    let parked = template.resource("ParkedQueue");
    assert_eq!(parked.int("Properties.MessageRetentionPeriod"), 14 * DAY_S);

    let queues = template.of_type("AWS::SQS::Queue");
    assert_eq!(queues.len(), 2 * Destination::ALL.len() + 1);
    for name in queues {
        let queue = template.resource(name);
        assert_eq!(queue.int("Properties.MaximumMessageSize"), 1_048_576, "{name}");
        assert_eq!(
            queue.at("Properties.SqsManagedSseEnabled"),
            &Value::Bool(true),
            "{name}"
        );
    }
}

/// Where the guide says that a person's data waits, and for how many days.
const GUIDE: &str = include_str!("../../../shared/delivery/README.md");

#[test]
fn a_persons_data_waits_as_long_as_the_guide_says() {
    event::rules!["RP-013"];
    let days = |place: &str| -> i64 {
        let mut rows = GUIDE
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
        let row = rows.find(|row| row.contains(place)).unwrap();
        let cells: Vec<&str> = row.split(" | ").collect();
        assert!(cells.len() == 3 && cells[2].len() > 3, "{row}: how it is deleted");
        cells[1].strip_suffix(" days").unwrap().parse().unwrap()
    };
    let template = template();
    for name in template.of_type("AWS::SQS::Queue") {
        let place = if name.ends_with("DeadQueue") {
            "dead-letter queues"
        } else if name == "ParkedQueue" {
            "the parked queue"
        } else {
            "the queues of the destinations"
        };
        let seconds = template.resource(name).int("Properties.MessageRetentionPeriod");
        assert_eq!(seconds, days(place) * DAY_S, "{name}");
    }
    let bucket = template.resource("FallbackBucket");
    let rules = bucket.at("Properties.LifecycleConfiguration.Rules").items();
    assert_eq!(rules[0].int("ExpirationInDays"), days("the fallback bucket"));
}

#[test]
fn records_come_in_the_tables_batches_and_are_answered_singly() {
    event::rules!["RI-024", "RI-025", "RI-026"];
    let template = template();
    for Function {
        folder,
        polls,
        queues,
        reserved,
        ..
    } in &FUNCTIONS
    {
        let Some([maximum, batch, window_s, _]) = polls else {
            continue;
        };
        let function = function(&template, folder);
        let poll = poll(&function);
        assert_eq!(poll.text("Queue"), format!("{}Queue.Arn", logical(queues[0])));
        assert_eq!(poll.int("BatchSize"), *batch, "{folder}");
        assert_eq!(poll.int("MaximumBatchingWindowInSeconds"), *window_s, "{folder}");
        assert!(*batch <= 10 || *window_s > 0, "over 10, SQS wants a window");
        assert_eq!(poll.int("ScalingConfig.MaximumConcurrency"), *maximum, "{folder}");
        assert!(maximum <= reserved, "{folder}");
        assert_eq!(
            poll.texts("FunctionResponseTypes"),
            ["ReportBatchItemFailures"],
            "{folder}"
        );
    }
}

#[test]
fn each_destination_can_be_paused_alone() {
    event::rules!["RI-027"];
    for paused in Destination::ALL {
        let parameter = format!("Pause{}", paused.descriptor().title);
        let template = Template::read(TEMPLATE, &[(&parameter, "true")]);
        for destination in Destination::ALL {
            let function = function(&template, destination.descriptor().function);
            assert_eq!(poll(&function).at("Enabled"), &Value::Bool(destination != paused));
        }
    }
    let template = template();
    let words = template
        .section("Parameters")
        .text("PauseBranch.Description")
        .to_owned();
    for said in ["parked too_late", "max_age", "12 days"] {
        assert!(words.contains(said), "{said}: {words}");
    }
    for destination in Destination::ALL {
        let function = function(&template, destination.descriptor().function);
        assert_eq!(
            poll(&function).at("Enabled"),
            &Value::Bool(true),
            "nothing is paused by default"
        );
    }
}

/// The longest visibility that a deliverer sets, in seconds: Branch's waits end at 300 s, lengthened by a fifth.
fn longest_visibility_s(destination: Destination) -> i64 {
    match destination {
        Destination::Branch => 360,
        _ => 900,
    }
}

#[test]
fn no_outage_reaches_the_in_flight_limit_of_a_queue() {
    event::rules!["RD-095"];
    const MOST_IN_FLIGHT: i64 = 60_000;
    let template = template();
    let pause_s = event::settings::Settings::default()
        .delivery
        .pause_s
        .cast_signed();
    let mut all = Vec::new();
    for destination in Destination::ALL {
        let function = function(&template, destination.descriptor().function);
        let poll = poll(&function);
        let records = poll.int("ScalingConfig.MaximumConcurrency") * poll.int("BatchSize");
        let in_flight = records * longest_visibility_s(destination) / pause_s;
        assert!(in_flight <= MOST_IN_FLIGHT, "{destination}: {in_flight}");
        all.push(in_flight);
    }
    // Braze, Branch, Segment.
    assert_eq!(all, [11_250, 900, 11_250], "as the page says");
}
