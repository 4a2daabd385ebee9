//! Alarms, runbooks, dashboard and saved queries: the last table of section 8 of `reliability.md`.
#![allow(
    clippy::disallowed_types,
    reason = "a dashboard is read as CloudWatch reads it"
)]

use std::collections::{BTreeMap, BTreeSet};

use event::{Destination, Source};
use serde_json::Value as Json;
use telemetry::metrics::{ALL_METRICS, NAMESPACE};

use crate::evaluated::{STACK, Template, Value};
use crate::{TEMPLATE, template};

const PAGE: &str = include_str!("../../../shared/delivery/spec/reliability.md");
const FILES: &[(&str, &str)] = &[("BrazeFilesBucket", "acme-currents")];
const RUNBOOKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/runbooks");
const TELEMETRY: &str = include_str!("../../../shared/telemetry/README.md");

/// What an alarm watches, as one line: namespace, metric, dimensions, statistic.
type Watched = String;

fn watched(alarm: &Value) -> Watched {
    let properties = alarm.at("Properties");
    let dimensions = properties.at("Dimensions").items().iter();
    let dimensions: Vec<String> = dimensions
        .map(|one| format!("{}={}", one.text("Name"), one.text("Value")))
        .collect();
    format!(
        "{} {} {} {}",
        properties.text("Namespace"),
        properties.text("MetricName"),
        dimensions.join(","),
        properties.text("Statistic")
    )
}

/// Threshold, whether it itself fires, period in seconds, periods.
type Limits = (i64, bool, i64, i64);

fn limits(alarm: &Value) -> Limits {
    let properties = alarm.at("Properties");
    let fires_at = match properties.text("ComparisonOperator") {
        "GreaterThanThreshold" => false,
        "GreaterThanOrEqualToThreshold" => true,
        other => panic!("{other}"),
    };
    (
        properties.int("Threshold"),
        fires_at,
        properties.int("Period"),
        properties.int("EvaluationPeriods"),
    )
}

/// Alarms by their name without the stack's.
fn alarms(template: &Template) -> BTreeMap<String, Value> {
    let all = template.of_type("AWS::CloudWatch::Alarm").into_iter();
    all.map(|logical_id| {
        let alarm = template.resource(logical_id);
        let name = alarm.text("Properties.AlarmName");
        let short = name.strip_prefix(&format!("{STACK}-")).unwrap().to_owned();
        (short, alarm)
    })
    .collect()
}

/// The alarms of the page, one line each; the receivers' by what is before them.
fn expected(ingress: &str) -> BTreeMap<String, (Watched, Limits)> {
    let mut all = BTreeMap::new();
    let mut add = |name: String, watched: String, limits| {
        assert!(all.insert(name, (watched, limits)).is_none());
    };
    let visible = |queue: &str| {
        format!("AWS/SQS ApproximateNumberOfMessagesVisible QueueName={queue}.QueueName Maximum")
    };
    let age =
        |queue: &str| format!("AWS/SQS ApproximateAgeOfOldestMessage QueueName={queue}.QueueName Maximum");
    let of_lambda = |metric: &str, function: &str| format!("AWS/Lambda {metric} FunctionName={function} Sum");
    let answered = |class: &str, function: &str| match ingress {
        "HttpApi" => format!("AWS/ApiGateway {class} ApiId={function}Api Sum"),
        _ => of_lambda(&format!("Url{class}Count"), function),
    };
    let own = |metric: &str, more: &str, statistic: &str| {
        format!("Switchyard {metric} Stack={STACK}{more} {statistic}")
    };
    add("parked".into(), visible("ParkedQueue"), (0, false, 300, 1));
    let mut queues: Vec<(&str, &str, i64)> = Vec::new();
    for destination in Destination::ALL {
        let (name, title) = (destination.as_str(), destination.descriptor().title);
        queues.push((name, title, if name == "branch" { 600 } else { 3600 }));
        let of = format!(",Destination={name}");
        add(
            format!("retention-risk-{name}"),
            own("waiting_age", &of, "Maximum"),
            (518_400, false, 300, 1),
        );
        add(
            format!("hold-{name}"),
            own("hold", &of, "Maximum"),
            (1, true, 60, 1),
        );
        let function = format!("Deliver{title}");
        add(
            format!("function-errors-deliver-{name}"),
            of_lambda("Errors", &function),
            (0, false, 300, 1),
        );
    }
    queues.push(("braze-files", "BrazeFiles", 900));
    for (name, title, oldest) in queues {
        add(
            format!("dead-letters-{name}"),
            visible(&format!("{title}DeadQueue")),
            (0, false, 60, 1),
        );
        add(
            format!("backlog-age-{name}"),
            age(&format!("{title}Queue")),
            (oldest, false, 300, 3),
        );
    }
    for source in [Source::Segment, Source::Braze, Source::Branch] {
        let name = source.as_str();
        let title = name[..1].to_uppercase() + &name[1..];
        let function = format!("Receive{title}");
        let of = format!(",Source={name}");
        add(
            format!("refused-{name}"),
            own("requests_refused", &of, "Sum"),
            (0, false, 900, 1),
        );
        let most = if source == Source::Branch { 1 } else { 5 };
        add(
            format!("receiver-errors-{name}"),
            answered("5xx", &function),
            (most, true, 300, 1),
        );
        add(
            format!("receiver-rejects-{name}"),
            answered("4xx", &function),
            (10, true, 300, 1),
        );
        add(
            format!("throttles-receive-{name}"),
            of_lambda("Throttles", &function),
            (0, false, 60, 1),
        );
        add(
            format!("function-errors-receive-{name}"),
            of_lambda("Errors", &function),
            (0, false, 300, 1),
        );
    }
    let errors = of_lambda("Errors", "ReadBrazeFiles");
    add(
        "function-errors-read-braze-files".into(),
        errors,
        (0, false, 300, 1),
    );
    add(
        "function-errors-panics".into(),
        own("panics", "", "Sum"),
        (0, false, 300, 1),
    );
    let of_branch = ",Source=branch";
    add(
        "fallback-pending".into(),
        own("fallback_pending", of_branch, "Maximum"),
        (0, false, 300, 2),
    );
    add(
        "lost-at-sender".into(),
        own("lost_at_sender", of_branch, "Sum"),
        (0, false, 60, 1),
    );
    add(
        "secret-stale".into(),
        own("secret_age", "", "Maximum"),
        (3600, false, 300, 1),
    );
    add(
        "conservation".into(),
        own("conservation_gap", "", "Maximum"),
        (0, false, 900, 1),
    );
    all
}

#[test]
fn every_alarm_of_the_page_is_there_with_its_numbers() {
    event::rules!["RI-040", "RI-049", "CF-127"];
    for ingress in ["FunctionUrl", "HttpApi"] {
        let parameters = [FILES, &[("Ingress", ingress)]].concat();
        let found: BTreeMap<_, _> = alarms(&Template::read(TEMPLATE, &parameters))
            .into_iter()
            .map(|(name, alarm)| (name, (watched(&alarm), limits(&alarm))))
            .collect();
        let expected = expected(ingress);
        for (name, alarm) in &expected {
            assert_eq!(found.get(name), Some(alarm), "{name}");
        }
        assert_eq!(found.len(), expected.len());
    }
    // Without Currents files, about 35.
    let without = alarms(&template());
    assert_eq!(without.len(), 36);
    assert!(without.keys().all(|name| !name.contains("braze-files")));
}

#[test]
fn each_alarm_tells_the_topic_and_names_its_page() {
    event::rules!["RI-040", "CF-127"];
    for (name, alarm) in alarms(&Template::read(TEMPLATE, FILES)) {
        assert_eq!(alarm.texts("Properties.AlarmActions"), ["AlarmTopic"], "{name}");
        assert_eq!(
            alarm.text("Properties.TreatMissingData"),
            "notBreaching",
            "{name}"
        );
        let description = alarm.text("Properties.AlarmDescription");
        let (words, page) = description.rsplit_once(" infra/runbooks/").unwrap();
        assert!(words.ends_with('.'), "{description}");
        assert!(
            name.starts_with(page.strip_suffix(".md").unwrap()),
            "{name}: {page}"
        );
    }
}

#[test]
fn the_pages_table_has_the_kinds_that_the_template_has() {
    event::rules!["RI-040"];
    let table = PAGE.split("| alarm, per | fires when | kind |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let on_page: BTreeSet<&str> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
    let expected = expected("FunctionUrl");
    let unmatched: Vec<_> = on_page
        .iter()
        .filter(|kind| !expected.keys().any(|name| name.starts_with(**kind)))
        .collect();
    assert!(unmatched.is_empty(), "{unmatched:?}");
    let unnamed: Vec<_> = expected
        .keys()
        .filter(|name| !on_page.iter().any(|kind| name.starts_with(kind)))
        .collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
}

/// The page that is no alarm's: what no emulator shows.
const DRILL: &str = "aws-drill";
const DRILLED: [&str; 7] = [
    "An empty secret answers `unconfigured`",
    "Metrics arrive under the JSON log format",
    "A platform error line arrives",
    "A hold outlasts 16 sends",
    "A thawed container",
    "The caps of a Function URL",
    "The mail of an alarm",
];

/// The name and the text of each page.
fn runbooks() -> BTreeMap<String, String> {
    let files = std::fs::read_dir(RUNBOOKS)
        .unwrap()
        .map(|file| file.unwrap().path());
    files
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect()
}

#[test]
fn there_is_one_page_for_each_kind_of_alarm() {
    event::rules!["RI-041"];
    let alarms = alarms(&Template::read(TEMPLATE, FILES));
    let pages: BTreeSet<String> = alarms
        .values()
        .map(|alarm| {
            let description = alarm.text("Properties.AlarmDescription");
            let page = description.rsplit('/').next().unwrap();
            page.strip_suffix(".md").unwrap().to_owned()
        })
        .collect();
    let mut runbooks = runbooks();
    let drill = runbooks.remove(DRILL).unwrap();
    for seen in DRILLED {
        assert!(drill.contains(seen), "{seen}");
    }
    assert_eq!(runbooks.keys().cloned().collect::<BTreeSet<_>>(), pages);
    for (name, text) in runbooks {
        assert!(text.starts_with(&format!("# {name}\n")), "{name}");
        let parts: Vec<&str> = text.split("\n## ").skip(1).collect();
        let part = |title: &str| {
            let found = parts.iter().find_map(|part| part.strip_prefix(title));
            found.unwrap_or_else(|| panic!("{name} has no `{title}`"))
        };
        assert!(part("Symptom").trim().len() > 40, "{name}");
        assert!(part("Likely causes").contains("\n1. "), "{name}");
        let commands = part("Commands").lines().filter(|line| line.starts_with("    "));
        let commands: Vec<&str> = commands.map(str::trim).collect();
        assert_eq!(commands.len(), 3, "{name}: {commands:#?}");
        for command in commands {
            let is_known = ["aws ", "switchyard "]
                .iter()
                .any(|start| command.starts_with(start));
            assert!(is_known, "{name}: {command}");
        }
        assert!(part("How to verify").trim().len() > 20, "{name}");
    }
}

#[test]
fn the_parameters_decide_about_alarms_and_their_mail() {
    event::rules!["RI-040"];
    let count = |template: &Template, kind| template.of_type(kind).len();
    let off = Template::read(TEMPLATE, &[("Alarms", "false"), ("AlarmEmail", "a@example.com")]);
    for kind in [
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::SNS::Topic",
        "AWS::SNS::Subscription",
    ] {
        assert_eq!(count(&off, kind), 0, "{kind}");
    }
    assert_eq!(off.section("Outputs").get("AlarmTopicArn"), None);
    let on = template();
    assert_eq!(count(&on, "AWS::SNS::Subscription"), 0);
    assert_eq!(on.section("Outputs").text("AlarmTopicArn.Value"), "AlarmTopic");
    let mailed = Template::read(TEMPLATE, &[("AlarmEmail", "a@example.com")]);
    let mail = mailed.resource("AlarmMail");
    assert_eq!(mail.text("Properties.Protocol"), "email");
    assert_eq!(mail.text("Properties.Endpoint"), "a@example.com");
    assert_eq!(mail.text("Properties.TopicArn"), "AlarmTopic");
}

/// The widgets of the dashboard.
fn widgets(template: &Template) -> Vec<Json> {
    let dashboard = template.resource("Dashboard");
    assert_eq!(dashboard.text("Properties.DashboardName"), STACK);
    let body: Json = serde_json::from_str(dashboard.text("Properties.DashboardBody")).unwrap();
    body["widgets"].as_array().unwrap().clone()
}

/// The rows of metrics of all widgets, but expressions.
fn rows(widgets: &[Json]) -> Vec<Vec<String>> {
    let metrics = widgets
        .iter()
        .filter_map(|widget| widget["properties"]["metrics"].as_array())
        .flatten();
    let rows = metrics
        .filter_map(Json::as_array)
        .filter(|row| row[0].is_string());
    let words = |row: &Vec<Json>| row.iter().filter_map(Json::as_str).map(str::to_owned).collect();
    rows.map(words).collect()
}

#[test]
fn the_dashboard_shows_metrics_that_exist() {
    event::rules!["RI-038", "RI-049", "RP-020"];
    for ingress in ["FunctionUrl", "HttpApi"] {
        assert_shows_what_exists(&Template::read(TEMPLATE, &[("Ingress", ingress)]));
    }
}

fn assert_shows_what_exists(resources: &Template) {
    let widgets = widgets(resources);
    for row in rows(&widgets) {
        let names: Vec<&str> = row[2..].iter().step_by(2).map(String::as_str).collect();
        if row[0] == NAMESPACE {
            let metric = ALL_METRICS
                .iter()
                .find(|metric| metric.name == row[1] && [&["Stack"], metric.dimensions].concat() == names);
            assert!(metric.is_some(), "{row:?}");
            assert_eq!(row[3], STACK);
        } else {
            let (dimension, attribute) = match row[0].as_str() {
                "AWS/SQS" => ("QueueName", ".QueueName"),
                "AWS/Lambda" => ("FunctionName", ""),
                "AWS/ApiGateway" => ("ApiId", ""),
                other => panic!("{other}"),
            };
            assert_eq!(names, [dimension]);
            let logical_id = row[3].trim_start_matches("${").trim_end_matches('}');
            resources.resource(logical_id.strip_suffix(attribute).unwrap());
        }
    }
    for widget in &widgets {
        let region = widget["properties"]["region"].as_str();
        assert!(
            widget["type"] == "text" || region == Some("${AWS::Region}"),
            "{widget}"
        );
    }
}

#[test]
fn the_dashboard_shows_what_the_page_asks_for() {
    event::rules!["RI-038"];
    let widgets = widgets(&template());
    let rows = rows(&widgets);
    let shows = |words: &[&str]| {
        rows.iter()
            .any(|row| words.iter().all(|word| row.iter().any(|own| own == word)))
    };
    for destination in Destination::ALL {
        let (name, title) = (destination.as_str(), destination.descriptor().title);
        for outcome in ["delivered", "warned", "ignored", "parked", "retry", "hold"] {
            assert!(shows(&["events", name, outcome]), "{name} {outcome}");
        }
        for class in ["2xx", "3xx", "4xx", "5xx", "none"] {
            assert!(shows(&["vendor_requests", name, class]), "{name} {class}");
        }
        let queue = format!("${{{title}Queue.QueueName}}");
        for metric in [
            "ApproximateAgeOfOldestMessage",
            "ApproximateNumberOfMessagesVisible",
            "ApproximateNumberOfMessagesNotVisible",
        ] {
            assert!(shows(&[metric, &queue]), "{name} {metric}");
        }
        assert!(
            shows(&["Invocations", &format!("${{Deliver{title}}}")]),
            "what has stalled shows"
        );
        assert!(shows(&["hold", name]) && shows(&["waiting_age", name]), "{name}");
        assert!(shows(&[&format!("${{{title}DeadQueue.QueueName}}")]), "{name}");
    }
    for source in [Source::Segment, Source::Braze, Source::Branch] {
        let name = source.as_str();
        let receipt: Vec<&Json> = widgets
            .iter()
            .filter_map(|widget| widget["properties"]["metrics"].as_array())
            .flatten()
            .filter(|row| row[1] == "receipt_ms" && row[5] == name)
            .map(|row| &row[6]["stat"])
            .collect();
        assert_eq!(receipt, ["p50", "p99.9"], "{name}");
        assert!(
            shows(&["requests_refused", name]) && shows(&["key_older_used", name]),
            "{name}"
        );
        let requests = |widget: &Json| {
            let expression = widget["properties"]["metrics"][0][0]["expression"]
                .as_str()
                .unwrap_or_default();
            expression.contains("MetricName=\"requests\"")
                && expression.contains(&format!("Source=\"{name}\""))
        };
        assert!(widgets.iter().any(requests), "{name}");
    }
    assert!(shows(&["${ParkedQueue.QueueName}"]) && shows(&["conservation_gap"]));
}

#[test]
fn the_saved_queries_are_log_widgets_over_all_log_groups() {
    event::rules!["RI-038", "RP-011"];
    let widgets = widgets(&template());
    let logs: Vec<(&str, &str)> = widgets
        .iter()
        .filter(|widget| widget["type"] == "log")
        .map(|widget| {
            let text = |name: &str| widget["properties"][name].as_str().unwrap();
            (text("title"), text("query"))
        })
        .collect();
    let titles: Vec<&str> = logs.iter().map(|(title, _)| *title).collect();
    assert_eq!(
        titles,
        [
            "Where is my event? Put its id in the place of EVENT_ID",
            "What was parked, and why?",
            "Slowest requests",
            "Refusals by source",
        ]
    );
    let groups = |query: &str| {
        let named = query
            .split("SOURCE '")
            .skip(1)
            .map(|rest| rest.split('\'').next().unwrap().to_owned());
        named.collect::<BTreeSet<_>>()
    };
    let all: BTreeSet<String> = template()
        .of_type("AWS::Logs::LogGroup")
        .iter()
        .map(|name| {
            template()
                .resource(name)
                .text("Properties.LogGroupName")
                .to_owned()
        })
        .collect();
    assert_eq!(groups(logs[0].1), all);
    assert_eq!(groups(logs[1].1), all);
    let receivers: BTreeSet<_> = all
        .iter()
        .filter(|group| group.contains("-receive-"))
        .cloned()
        .collect();
    assert_eq!(groups(logs[2].1), receivers);
    assert_eq!(groups(logs[3].1), receivers);
    // The query of the guide is that of the dashboard.
    let guide = TELEMETRY.split("```insights\n").nth(1).unwrap();
    let guide = guide.split("\n```").next().unwrap();
    assert!(logs[0].1.ends_with(guide), "{}\n{guide}", logs[0].1);
}
