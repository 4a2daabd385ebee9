//! What rows cost an event: the figures of OR-095.

use crate::stages::settings_with;
use event::settings::Settings;

/// Rows of Segment to Braze, by what they do with the events that are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnRules {
    /// There are none.
    None,
    /// One whose `when` does not hold.
    Unmet,
    /// Two such rows.
    TwoUnmet,
    /// One that changes every event.
    Met,
    /// Two such rows.
    TwoMet,
}

const UNMET: &str = "[[segment_to_braze.rules]]\nwhen = { type = \"track\", \"properties.environment\" = [\"test\", \"staging*\"] }\ndrop = true\n";
const MET: &str = "[[segment_to_braze.rules]]\nwhen = { type = \"track\" }\nrename = { \"properties.plan_id\" = \"properties.plan\" }\n";
const ALSO_MET: &str = "[[segment_to_braze.rules]]\nset = { \"properties.rated\" = true }\n";

impl OwnRules {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::None, Self::Unmet, Self::TwoUnmet, Self::Met, Self::TwoMet];

    /// Their name in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "a track of 1.1 KB without rows",
            Self::Unmet => "a track and a row it does not meet",
            Self::TwoUnmet => "a track and two rows it does not meet",
            Self::Met => "a track and a row that renames",
            Self::TwoMet => "a track and rows that rename and set",
        }
    }

    /// The settings with these rows.
    pub fn settings(self) -> Settings {
        settings_with(&match self {
            Self::None => String::new(),
            Self::Unmet => UNMET.to_owned(),
            Self::TwoUnmet => UNMET.repeat(2),
            Self::Met => MET.to_owned(),
            Self::TwoMet => format!("{MET}{ALSO_MET}"),
        })
    }

    /// Tracks of 1.1 KB, as Segment's library for browsers sends them.
    pub fn events() -> Vec<String> {
        (0..EVENTS).map(event).collect()
    }
}

/// How many events are measured.
const EVENTS: usize = 200;

fn event(number: usize) -> String {
    format!(
        r#"{{"type":"track","messageId":"ajs-next-1770112860000-0c5d9a3e-{number:05}","anonymousId":"507f191e-810c-4729-de86-0ea4{number:08}","userId":"u-{number:05}","event":"Plan Chosen","timestamp":"2026-02-03T10:01:00.250Z","sentAt":"2026-02-03T10:01:01.000Z","receivedAt":"2026-02-03T10:01:01.420Z","originalTimestamp":"2026-02-03T10:00:59.830Z","channel":"client","context":{{"ip":"203.0.113.42","locale":"en-GB","timezone":"Europe/London","userAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.3 Safari/605.1.15","page":{{"path":"/pricing","referrer":"https://www.example.com/","search":"?plan=team","title":"Pricing","url":"https://www.example.com/pricing?plan=team"}},"campaign":{{"name":"winter","source":"newsletter","medium":"email"}},"library":{{"name":"analytics.js","version":"next-1.62.0"}},"screen":{{"width":1728,"height":1117,"density":2}},"network":{{"cellular":false,"wifi":true}}}},"integrations":{{}},"properties":{{"plan_id":{number},"total":19.90,"currency":"EUR","seats":12,"is_trial":false,"coupon":"WINTER-26","cycle":"yearly","origin":"pricing table","features":["sso","audit log"]}}}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::Route;
    use mapping::printed::print;

    fn instructions(of: OwnRules) -> u64 {
        let start = format!("| {} |", of.as_str());
        let table = include_str!("../counts.md");
        let line = table
            .lines()
            .find(|line| line.starts_with(&start))
            .unwrap_or_default();
        number(line.split('|').nth(3).unwrap_or_default().trim())
    }

    fn number(written: &str) -> u64 {
        let digits = written.replace(',', "");
        digits
            .parse()
            .unwrap_or_else(|_| panic!("{written:?} is no number"))
    }

    #[test]
    fn no_row_costs_more_than_the_page_says() {
        event::rules!["OR-095"];
        let [none, unmet, two_unmet, met, two_met] = OwnRules::ALL.map(instructions);
        let page = include_str!("../../../shared/mapping/spec/own-rules.md");
        let rule = page.lines().find(|line| line.starts_with("| OR-095 |"));
        let bounds = rule.unwrap_or_default().split("at most ").skip(1);
        let bounds = bounds.map(|bound| number(bound.split(['.', ' ']).next().unwrap_or_default()));
        let [most_unmet, most_more, most_first] = bounds.collect::<Vec<_>>()[..] else {
            panic!("{rule:?} has other bounds");
        };
        for (before, after, most) in [
            (none, unmet, most_unmet),
            (unmet, two_unmet, most_unmet),
            (none, met, most_first),
            (met, two_met, most_more),
        ] {
            assert!(
                before < after && after - before <= most,
                "{before} to {after}: {most}"
            );
        }
        for count in [none, unmet, met] {
            let written = format!("{},{:03}", count / 1000, count % 1000);
            assert!(
                page.contains(&written),
                "the page has other figures than the table: {written}"
            );
        }
    }

    #[test]
    fn the_rows_do_what_they_are_called_for() {
        event::rules!["OR-095"];
        for event in OwnRules::events() {
            assert!((1_000..1_200).contains(&event.len()), "{}", event.len());
            for rows in OwnRules::ALL {
                let line = print(Route::SegmentToBraze, &event, &rows.settings(), true).line;
                let is_changed = matches!(rows, OwnRules::Met | OwnRules::TwoMet);
                assert!(line.contains(r#""outcome":"deliver""#), "{line}");
                assert_eq!(line.contains(r#""changed":{"#), is_changed, "{line}");
            }
        }
    }
}
