//! The figures of `infra/costs.md` follow from its prices, its bytes and the template.

use std::collections::BTreeMap;

const COSTS: &str = include_str!("../../infra/costs.md");
const TEMPLATE: &str = include_str!("../../infra/template.yaml");
const MILLION: f64 = 1e6;
/// 512 MB.
const MEMORY_GB: f64 = 0.5;
const RECEIVER_S: f64 = 0.010;
const DELIVERY_S: f64 = 0.300;

/// The rows of the table under a heading (of the page's beginning: ""), by their first cell.
fn table(heading: &str) -> BTreeMap<String, Vec<String>> {
    let part = match heading {
        "" => COSTS,
        heading => COSTS.split(&format!("## {heading}\n")).nth(1).unwrap(),
    };
    let part = part.split("\n## ").next().unwrap();
    let rows = part
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    rows.map(|row| {
        let cells: Vec<String> = row
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect();
        (cells[0].clone(), cells[1..].to_vec())
    })
    .collect()
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}

struct Prices(BTreeMap<String, Vec<String>>);

impl Prices {
    fn of(&self, start: &str) -> f64 {
        let row = self.0.iter().find(|(name, _)| name.starts_with(start));
        number(&row.unwrap_or_else(|| panic!("no price {start}")).1[0])
    }

    fn lambda(&self, invocations: f64, seconds: f64) -> f64 {
        let work = invocations * seconds * MEMORY_GB / MILLION;
        invocations / MILLION * self.of("Lambda, a million requests") + work * self.of("Lambda, a million GB")
    }

    fn logs(&self, bytes: f64) -> f64 {
        bytes / 1e9 * self.of("CloudWatch Logs")
    }
}

#[track_caller]
fn assert_cell(row: &str, cell: &str, wanted: f64) {
    assert_eq!(cell.trim_matches('*'), format!("{wanted:.2}"), "{row}");
}

#[test]
fn the_figures_follow_from_prices_and_bytes() {
    let prices = Prices(table(""));
    let bytes = table("Bytes of each line");
    let bytes = |line: &str| number(&bytes[line][0]);
    let rows = table("A million events, Segment to Braze");
    for (column, _) in ["quiet", "busy", "batch", "exceptions"].iter().enumerate() {
        let cell = |name: &str| rows[name][column].as_str();
        let [receipts, messages, deliveries] =
            ["receiver invocations", "messages", "delivery invocations"].map(|name| number(cell(name)));
        let lambda = prices.lambda(receipts, RECEIVER_S) + prices.lambda(deliveries, DELIVERY_S);
        let messages_each = messages / deliveries;
        let calls = messages + 2.0 * deliveries * (messages_each / 10.0).ceil();
        let sqs = calls / MILLION * prices.of("SQS");
        let request = if receipts < MILLION {
            "`request`, 100 events"
        } else {
            "`request`, one event"
        };
        let events = if column == 3 { 0.0 } else { MILLION };
        let logs = receipts * bytes(request)
            + events * bytes("`event`, delivered")
            + deliveries * bytes("`invocation`");
        let logs = prices.logs(logs);
        assert_cell("Lambda", cell("Lambda, USD"), lambda);
        assert_cell("SQS", cell("SQS, USD"), sqs);
        assert_cell("log lines", cell("log lines, USD"), logs);
        assert_cell("in all", cell("**in all, USD**"), lambda + sqs + logs);
    }
}

#[test]
fn what_a_month_costs_follows_from_the_template() {
    let prices = Prices(table(""));
    let bytes = table("Bytes of each line");
    let rows = table("A month, whatever comes");
    let row = |start: &str| {
        let found = rows.iter().find(|(name, _)| name.starts_with(start)).unwrap().1;
        (number(&found[0]), found[1].clone())
    };
    let count = |kind: &str, skipped: &str| {
        let parts = TEMPLATE
            .split("\n\n")
            .filter(|part| part.contains(kind) && !part.contains(skipped));
        parts.count() as f64
    };
    let (secrets, cost) = row("secrets");
    assert_eq!(
        secrets,
        count("Type: AWS::SecretsManager::Secret\n", "Condition:")
    );
    assert_cell("secrets", &cost, secrets * prices.of("Secrets Manager"));
    let (alarms, cost) = row("alarms");
    assert_eq!(
        alarms,
        count("Type: AWS::CloudWatch::Alarm\n", "BrazeFilesAlarmsAreOn")
    );
    assert_cell("alarms", &cost, alarms * prices.of("CloudWatch, an alarm"));
    let (series, cost) = row("custom metrics");
    assert_cell(
        "custom metrics",
        &cost,
        series * prices.of("CloudWatch, a custom metric"),
    );
    let (polls, cost) = row("polling");
    assert_eq!(polls, 3.0 * 5.0 * 3.0 * 60.0 * 24.0 * 30.0);
    assert_cell("polling", &cost, polls / MILLION * prices.of("SQS"));
    let (minutes, cost) = row("the minute's schedule");
    assert_eq!(minutes, 60.0 * 24.0 * 30.0);
    let lines = prices.logs(minutes * number(&bytes["`invocation`"][0]));
    assert_cell("schedule", &cost, prices.lambda(minutes, RECEIVER_S) + lines);
}
