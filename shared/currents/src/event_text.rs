//! A record becomes an event, in the form in which Custom HTTP sends it (`currents-files.md`, section 7).

use avro::{Record, Records, Schema, Unreadable};
use event::currents::canonical;
use event::json::{Json, Kind, write_string};
use receipt::limits::EVENT_BYTES;

/// The fields that Custom HTTP sends in `user` (CF-070).
const OF_USER: [&str; 4] = ["user_id", "external_user_id", "device_id", "timezone"];
/// Types whose `properties` are JSON text, and the name that Custom HTTP has for them (CF-072).
const JSON_TEXTS: [(&str, &str); 2] = [
    ("users.behaviors.CustomEvent", "custom_properties"),
    ("users.behaviors.Purchase", "purchase_properties"),
];
/// What the names of the types for banners begin with, and their field of two names (CF-074).
const BANNER: &str = "users.messages.banner.";
const BANNER_VARIATION: &str = "canvas_step_message_variation_id";
const BANNER_VARIATION_SENT: &str = "canvas_step_message_variation_api_id";

/// What opens the two objects of an event.
const USER: &str = r#","user":{"#;
const PROPERTIES: &str = r#","properties":{"#;

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Id,
    Time,
    User,
    Properties,
}

/// A field that Custom HTTP sends under another name.
struct Renamed {
    /// `"name":`
    key: String,
    /// The place of a field that has that name already: where it is not null, nothing is renamed.
    taken_by: Option<usize>,
    /// Whether its text is JSON.
    is_json_text: bool,
}

struct Member {
    place: Place,
    /// `"name":`
    key: String,
    renamed: Option<Renamed>,
}

/// Writes the records of one file as events.
pub struct EventText {
    /// `{"event_type":"..."`
    start: String,
    members: Vec<Member>,
}

/// The schema has no field `id` that may be a string: Avro, but not of Currents (CF-081).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotCurrents;

impl EventText {
    /// For the records of a schema, all of them of this type.
    ///
    /// # Errors
    /// If they are no events.
    pub fn new(schema: &Schema, event_type: &str) -> Result<Self, NotCurrents> {
        let id = schema.fields().iter().find(|field| field.name == "id");
        id.filter(|id| schema.may_be_string(id)).ok_or(NotCurrents)?;
        let type_of_today = canonical(event_type);
        let place_of = |name: &str| schema.fields().iter().position(|field| field.name == name);
        let members = schema.fields().iter().map(|field| Member {
            place: match field.name.as_str() {
                "id" => Place::Id,
                "time" => Place::Time,
                name if OF_USER.contains(&name) => Place::User,
                _ => Place::Properties,
            },
            key: key(&field.name),
            renamed: sent_as(&field.name, type_of_today).map(|(name, is_json_text)| Renamed {
                key: key(name),
                taken_by: place_of(name),
                is_json_text,
            }),
        });
        let mut start = r#"{"event_type":"#.to_owned();
        write_string(&mut start, event_type);
        Ok(Self {
            start,
            members: members.collect(),
        })
    }

    /// The records of a block, whose events may have so much text as CF-047 lets them.
    pub(crate) fn records<'b>(
        &self,
        schema: &'b Schema,
        data: &'b [u8],
        count: u64,
    ) -> Result<Records<'b>, Unreadable> {
        let around = self.start.len() + USER.len() + PROPERTIES.len() + "}}".len();
        Ok(Records::new(schema, data, count, EVENT_BYTES)?.written_with(around))
    }

    /// Writes the event of a record at the end of `out`.
    pub fn write(&self, record: &Record<'_>, out: &mut String) {
        out.push_str(&self.start);
        for place in [Place::Id, Place::Time] {
            let mut own = self
                .members
                .iter()
                .enumerate()
                .filter(|(_, member)| member.place == place);
            if let Some((value, member)) = own.find_map(|(at, member)| Some((record.value(at)?, member))) {
                out.push(',');
                out.push_str(&member.key);
                out.push_str(value);
            }
        }
        for (place, opening) in [(Place::User, USER), (Place::Properties, PROPERTIES)] {
            out.push_str(opening);
            let begun = out.len();
            let own = self
                .members
                .iter()
                .enumerate()
                .filter(|(_, member)| member.place == place);
            for (value, member) in own.filter_map(|(at, member)| Some((record.value(at)?, member))) {
                let separator = if out.len() == begun { "" } else { "," };
                member.write(value, record, separator, out);
            }
            out.push('}');
        }
        out.push('}');
    }
}

impl Member {
    fn write(&self, value: &str, record: &Record<'_>, separator: &str, out: &mut String) {
        let renamed = self
            .renamed
            .as_ref()
            .filter(|renamed| renamed.taken_by.is_none_or(|other| record.value(other).is_none()));
        let text = renamed.filter(|renamed| renamed.is_json_text);
        let text = text.and_then(|_| Json::parse(value).ok()?.as_str());
        let value = match &text {
            Some(text) if text.trim().is_empty() => return,
            Some(text) => object(text).unwrap_or(value),
            None => value,
        };
        out.push_str(separator);
        out.push_str(renamed.map_or(&self.key, |renamed| &renamed.key));
        out.push_str(value);
    }
}

/// The name under which Custom HTTP sends a field of a type, if it is another, and whether its text is JSON.
fn sent_as(field: &str, event_type: &str) -> Option<(&'static str, bool)> {
    let of_json = |name: &str| JSON_TEXTS.iter().find(|(own, _)| *own == name);
    match field {
        "properties" => of_json(event_type).map(|(_, name)| (*name, true)),
        BANNER_VARIATION if event_type.starts_with(BANNER) => Some((BANNER_VARIATION_SENT, false)),
        _ => None,
    }
}

/// The text, if it is that of a JSON object. How deep it is counts for the whole event (CF-078).
fn object(text: &str) -> Option<&str> {
    let json = Json::from_shallow(serde_json::from_str(text).ok()?);
    (json.kind() == Kind::Object).then(|| json.raw())
}

fn key(name: &str) -> String {
    let mut key = String::new();
    write_string(&mut key, name);
    key + ":"
}
