//! Which parked messages or dead letters a command is about.

use clap::Args;
use clap::builder::PossibleValuesParser;
use event::reasons::ParkReason;
use event::settings::Span;
use event::{Route, Timestamp};
use serde::Deserialize as _;
use serde::de::value::{Error as SpanError, StrDeserializer};

use super::Waiting;
use crate::map::route;
use crate::wall_clock::now;

/// The options that select messages; all of them must fit.
#[derive(Debug, Clone, Default, Args)]
pub struct Selection {
    /// Only what was parked for this reason, such as `rejected`; may be repeated
    #[arg(long = "reason", value_name = "REASON", hide_possible_values = true, conflicts_with = "dead_letters",
        value_parser = PossibleValuesParser::new(ParkReason::ALL.iter().map(|reason| reason.as_str())))]
    pub reasons: Vec<String>,
    /// Only this route, such as segment-to-braze
    #[arg(long, value_parser = route)]
    pub route: Option<Route>,
    /// Only what was parked at this time or later: 2026-03-01T12:00:00Z, or an age such as 2h or 3d
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<Timestamp>,
    /// Only what was parked before this time, or longer ago than this age
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub until: Option<Timestamp>,
    /// Only the event of this id, as the vendor gave it or as a log line has it; may be repeated
    #[arg(long = "id", value_name = "ID")]
    pub ids: Vec<String>,
    /// The dead-letter queues instead of the parked queue
    #[arg(long)]
    pub dead_letters: bool,
}

impl Selection {
    /// Whether a message is selected.
    pub(crate) fn has(&self, waiting: &Waiting<'_>) -> bool {
        let since = waiting.since;
        (self.reasons.is_empty() || self.reasons.iter().any(|reason| reason == waiting.reason))
            && self.route.is_none_or(|route| is_of(route, waiting))
            && self
                .since
                .is_none_or(|from| since.is_some_and(|since| since >= from))
            && self.until.is_none_or(|to| since.is_some_and(|since| since < to))
            && (self.ids.is_empty()
                || self
                    .ids
                    .iter()
                    .any(|asked| waiting.ids.iter().any(|id| id.is(asked))))
    }
}

/// What was parked at receipt is of all routes of its source.
fn is_of(route: Route, waiting: &Waiting<'_>) -> bool {
    waiting.source == Some(route.source())
        && waiting
            .destination
            .is_none_or(|destination| destination == route.destination())
}

/// A time, or an age counted back from now.
fn time(text: &str) -> Result<Timestamp, String> {
    let age = Span::deserialize(StrDeserializer::<SpanError>::new(text));
    match age {
        Ok(age) => {
            let millis = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
            Ok(now().plus_millis(-millis))
        }
        Err(_) => Timestamp::parse(text).ok_or_else(|| {
            "write a time such as 2026-03-01T12:00:00Z, or an age such as 2h or 3d".to_owned()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Received;
    use event::settings::Settings;

    fn parked(destination: &str) -> Received {
        let body = format!(
            r#"{{"v":1,"reason":"rejected","by":"deliver-braze","at":"2026-03-01T12:00:00.000Z","source":"segment","destination":{destination},"request_id":"r-1","first_received_at":"2026-03-01T11:00:00.000Z","attempt":1,"auth":"token","key":"current","event":{{"type":"identify","messageId":"m-1","userId":"u"}}}}"#
        );
        Received::test(&body)
    }

    fn has(message: &Received, selection: Selection) -> bool {
        selection.has(&Waiting::open(
            message,
            selection.dead_letters,
            &Settings::default(),
        ))
    }

    #[test]
    fn replay_selects_by_reason_route_time_and_id() {
        event::rules!["RD-192"];
        let message = parked("\"braze\"");
        let at = |text| Timestamp::parse(text);
        let all = Selection::default;
        for (fits, selection) in [
            (true, all()),
            (
                true,
                Selection {
                    reasons: vec!["exhausted".to_owned(), "rejected".to_owned()],
                    ..all()
                },
            ),
            (
                false,
                Selection {
                    reasons: vec!["exhausted".to_owned()],
                    ..all()
                },
            ),
            (
                true,
                Selection {
                    route: Some(Route::SegmentToBraze),
                    ..all()
                },
            ),
            (
                false,
                Selection {
                    route: Some(Route::SegmentToBranch),
                    ..all()
                },
            ),
            (
                true,
                Selection {
                    since: at("2026-03-01T12:00:00Z"),
                    ..all()
                },
            ),
            (
                false,
                Selection {
                    since: at("2026-03-01T12:00:01Z"),
                    ..all()
                },
            ),
            (
                true,
                Selection {
                    until: at("2026-03-01T12:00:01Z"),
                    ..all()
                },
            ),
            (
                false,
                Selection {
                    until: at("2026-03-01T12:00:00Z"),
                    ..all()
                },
            ),
            (
                true,
                Selection {
                    ids: vec!["m-0".to_owned(), "m-1".to_owned()],
                    ..all()
                },
            ),
            (
                false,
                Selection {
                    ids: vec!["m-0".to_owned()],
                    ..all()
                },
            ),
        ] {
            assert_eq!(has(&message, selection.clone()), fits, "{selection:?}");
        }
        let at_receipt = parked("null");
        assert!(has(
            &at_receipt,
            Selection {
                route: Some(Route::SegmentToBranch),
                ..all()
            }
        ));
        assert!(!has(
            &at_receipt,
            Selection {
                route: Some(Route::BrazeToSegment),
                ..all()
            }
        ));
    }

    #[test]
    fn an_id_that_may_be_an_address_is_found_by_its_hash_too() {
        let body = parked("\"braze\"").body.replace("m-1", "ada@example.com");
        let message = Received::test(&body);
        let id = Waiting::open(&message, false, &Settings::default()).ids.remove(0);
        assert!(id.logged.as_str().starts_with("sha256:"));
        for asked in ["ada@example.com", id.logged.as_str()] {
            assert!(has(
                &message,
                Selection {
                    ids: vec![asked.to_owned()],
                    ..Selection::default()
                }
            ));
        }
    }

    #[test]
    fn a_time_is_given_as_such_or_as_an_age() {
        assert_eq!(
            time("2026-03-01T12:00:00Z").ok(),
            Timestamp::parse("2026-03-01T12:00:00Z")
        );
        let two_hours = now().millis_since(time("2h").unwrap());
        assert!((7_200_000..7_260_000).contains(&two_hours), "{two_hours}");
        assert!(time("yesterday").unwrap_err().contains("such as 2h"));
    }
}
