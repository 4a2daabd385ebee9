//! What senders send: events of all three sources, each with a mark that it keeps wherever it goes.

use crate::chance::Chance;
use crate::faults::Fault;
use event::Source;
use std::fmt;

/// The request and the place of an event. It is written into the event, as its id and beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(pub usize, pub usize);

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mk-{}-{}", self.0, self.1)
    }
}

/// The marks in a text, each once, in order.
pub fn marks_in(text: &str) -> Vec<Mark> {
    let mut marks: Vec<Mark> = text.split("mk-").skip(1).filter_map(mark_at).collect();
    marks.sort_unstable();
    marks.dedup();
    marks
}

fn mark_at(text: &str) -> Option<Mark> {
    let (request, rest) = text.split_once('-')?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some(Mark(request.parse().ok()?, rest[..digits].parse().ok()?))
}

/// One event of a good request.
pub struct Event {
    pub source: Source,
    pub request: usize,
    pub text: String,
}

/// How many people the events are of: few, so that their calls meet.
const PEOPLE: usize = 4;

/// Draws an event; it happened `at`, in milliseconds since 1970.
pub fn draw(chance: &Chance, source: Source, mark: Mark, is_in_batch: bool, at: i64) -> String {
    let at = if chance.strikes(Fault::F15) {
        at + chance.pick(&[-400 * 86_400_000, -86_400_000, 3_600_000, 86_400_000])
    } else {
        at
    };
    if is_in_batch && chance.strikes(Fault::F25) {
        // No object: it is nobody's event, and its neighbours go on.
        return format!("\"{mark}\"");
    }
    let person = format!("person-{}", chance.place(PEOPLE));
    let more = members(chance);
    match source {
        Source::Segment => of_segment(chance, mark, at, &person, &more),
        Source::Braze => format!(
            r#"{{"event_type":"users.messages.email.Open","id":"{mark}","time":{},"user":{{"user_id":"{person}","external_user_id":"{person}"}},"properties":{{"campaign_name":"{mark}"{more}}}}}"#,
            at / 1000
        ),
        Source::Branch => format!(
            r#"{{"name":"{}","id":"{mark}","origin":"BRANCH","timestamp":{at},"user_data":{{"os":"IOS","developer_identity":"{person}"}},"custom_data":{{"mark":"{mark}"{more}}}}}"#,
            chance.pick(&["OPEN", "PURCHASE", "custom thing"])
        ),
    }
}

fn of_segment(chance: &Chance, mark: Mark, at: i64, person: &str, more: &str) -> String {
    let timestamp = event::Timestamp::from_millis(at);
    let head = |kind| {
        format!(r#""type":"{kind}","messageId":"{mark}","userId":"{person}","timestamp":"{timestamp}""#)
    };
    match chance.place(8) {
        0 | 1 => format!(
            r#"{{{},"traits":{{"mark":"{mark}","email":"{person}@example.com"{more}}}}}"#,
            head("identify")
        ),
        2 => {
            let products = (0..=chance.place(3))
                .map(|n| format!(r#"{{"product_id":"{mark}.{n}","name":"Pot","price":12.5,"quantity":1}}"#));
            let products: Vec<String> = products.collect();
            format!(
                r#"{{{},"event":"Order Completed","properties":{{"order_id":"{mark}","currency":"EUR","total":25,"products":[{}]{more}}}}}"#,
                head("track"),
                products.join(",")
            )
        }
        3 => format!(
            r#"{{{},"name":"Home","properties":{{"mark":"{mark}"{more}}}}}"#,
            head("page")
        ),
        _ => format!(
            r#"{{{},"event":"Kettle Boiled","properties":{{"mark":"{mark}","litres":1.5{more}}}}}"#,
            head("track")
        ),
    }
}

/// Members that make an event odd, or harmful.
fn members(chance: &Chance) -> String {
    let mut more = String::new();
    if chance.strikes(Fault::F24) {
        more.push_str(
            r#","odd":"\ud83d","huge":1e+21,"long":0.1000000000000000055511151231257827,"twice":1,"twice":2"#,
        );
    }
    if chance.strikes(Fault::F41) {
        more.push_str(",\"refused\":\"\u{fffe}\u{ffff}\"");
    }
    if chance.strikes(Fault::F22) {
        more.push_str(&format!(",\"deep\":{}{}", "[".repeat(70), "]".repeat(70)));
    }
    if chance.strikes(Fault::F73) {
        more.push_str(r#","poison":true"#);
    }
    if chance.strikes(Fault::F79) {
        more.push_str(r#","panics":true"#);
    }
    if chance.one_in(40) && chance.strikes(Fault::F40) {
        more.push_str(&format!(r#","large":"{}""#, "x".repeat(1_045_000)));
    }
    more
}
