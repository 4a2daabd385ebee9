//! Braze writing Currents into a bucket: files of any type of the table, and beside each the events that it holds, as the
//! connector *Custom HTTP* would send them.
//!
//! The container and the values are written from the Avro specification, not by the reader that is judged with them. Names and
//! types of fields come from the table of Currents types; no file or text of Braze's examples is used.

mod container;
mod values;

pub use container::{Codec, Container, long, string};

use serde::Deserialize;
use std::sync::OnceLock;
use values::{FLOATS, TEXTS};

const TABLE: &str = include_str!("../../../shared/event/src/currents/currents-events.json");

#[derive(Deserialize)]
struct EventType {
    event_type: String,
    fields: Vec<TableField>,
}

#[derive(Deserialize)]
struct TableField {
    name: String,
    #[serde(rename = "in")]
    level: String,
    r#type: String,
    nullable: bool,
}

fn table() -> &'static [EventType] {
    static READ: OnceLock<Vec<EventType>> = OnceLock::new();
    READ.get_or_init(|| serde_json::from_str(TABLE).unwrap_or_default())
}

/// The names of all types that Braze documents.
pub fn event_types() -> impl Iterator<Item = &'static str> {
    table().iter().map(|known| known.event_type.as_str())
}

/// What a file is to be like. The same plan gives the same file.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Such as `users.messages.email.Click`; one that the table lacks has a few fields of its own.
    pub event_type: String,
    /// Chooses all values.
    pub seed: u64,
    /// Events in the file.
    pub events: usize,
    /// Events in one block.
    pub events_a_block: usize,
    /// How blocks are compressed.
    pub codec: Codec,
    /// Whether the schema has fields that the table lacks, and another order.
    pub is_evolved: bool,
}

impl Plan {
    /// A file of this type: a hundred events, ten a block, as Braze writes it.
    pub fn of(event_type: &str) -> Self {
        Self {
            event_type: event_type.to_owned(),
            seed: 1,
            events: 100,
            events_a_block: 10,
            codec: Codec::Null,
            is_evolved: false,
        }
    }
}

/// A file, and what it holds.
pub struct CurrentsFile {
    /// The bytes, with the places of their parts.
    pub container: Container,
    /// Its events in order, each as one JSON object in the form of Custom HTTP.
    pub events: Vec<String>,
}

/// The key under which Braze would store a file of this type, below the folder `prefix`.
pub fn key(prefix: &str, event_type: &str, hour: &str, number: u64) -> String {
    let connector = "dataexport.prod-01.S3.integration.69cadaaed2d51b7c75b1a3e5";
    format!(
        "{prefix}{connector}/event_type={event_type}/date={hour}/version=10/us-01/{connector}+0+{number:010}.avro"
    )
}

struct Column {
    name: String,
    /// The name that Custom HTTP gives it.
    sent_as: String,
    is_of_user: bool,
    kind: Kind,
    is_nullable: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Id,
    Time,
    String,
    Boolean,
    Int,
    Long,
    Float,
    Strings,
    JsonText,
}

impl Kind {
    const fn schema(self) -> &'static str {
        match self {
            Self::Id | Self::String | Self::JsonText => r#""string""#,
            Self::Time | Self::Int => r#""int""#,
            Self::Long => r#""long""#,
            Self::Boolean => r#""boolean""#,
            Self::Float => r#""float""#,
            Self::Strings => r#"{"type":"array","items":["null","string"]}"#,
        }
    }
}

fn column(name: &str, kind: Kind, is_nullable: bool) -> Column {
    Column {
        name: name.to_owned(),
        sent_as: name.to_owned(),
        is_of_user: false,
        kind,
        is_nullable,
    }
}

fn columns(plan: &Plan, random: &mut fastrand::Rng) -> Vec<Column> {
    let mut columns = vec![column("id", Kind::Id, false), column("time", Kind::Time, false)];
    let known = table().iter().find(|known| known.event_type == plan.event_type);
    for field in known.iter().flat_map(|known| &known.fields) {
        let kind = match field.r#type.as_str() {
            "boolean" => Kind::Boolean,
            "integer" if field.name.len() % 2 == 0 => Kind::Long,
            "integer" => Kind::Int,
            "number" => Kind::Float,
            "array" => Kind::Strings,
            "object" => Kind::JsonText,
            _ => Kind::String,
        };
        // Files have other names for these (`currents-files.md`, section 1).
        let name = match (field.name.as_str(), kind) {
            (_, Kind::JsonText) => "properties",
            ("canvas_step_message_variation_api_id", _) if plan.event_type.contains(".banner.") => {
                "canvas_step_message_variation_id"
            }
            (name, _) => name,
        };
        columns.push(Column {
            sent_as: field.name.clone(),
            is_of_user: field.level == "user",
            ..column(name, kind, field.nullable)
        });
    }
    if known.is_none() {
        columns.push(Column {
            is_of_user: true,
            ..column("external_user_id", Kind::String, true)
        });
    }
    if plan.is_evolved {
        columns.push(column("loyalty_tier", Kind::String, true));
        columns.push(column("score", Kind::Float, true));
        columns.push(column("retries", Kind::Long, true));
        columns.push(column("labels", Kind::Strings, true));
        random.shuffle(&mut columns);
    }
    columns
}

fn schema(plan: &Plan, columns: &[Column]) -> String {
    let fields: Vec<String> = columns
        .iter()
        .map(|column| {
            let (name, kind) = (&column.name, column.kind.schema());
            if column.is_nullable {
                format!(r#"{{"name":"{name}","type":["null",{kind}],"default":null}}"#)
            } else {
                format!(r#"{{"name":"{name}","type":{kind}}}"#)
            }
        })
        .collect();
    let (namespace, name) = plan.event_type.rsplit_once('.').unwrap_or(("", &plan.event_type));
    format!(
        r#"{{"type":"record","name":"{name}","namespace":"dataexport.S3.inner.{namespace}","fields":[{}]}}"#,
        fields.join(",")
    )
}

impl CurrentsFile {
    /// Writes the file of a plan.
    pub fn write(plan: &Plan) -> Self {
        let mut random = fastrand::Rng::with_seed(plan.seed);
        let columns = columns(plan, &mut random);
        let sync = std::array::from_fn(|_| random.u8(..));
        let mut container = Container::begin(&schema(plan, &columns), plan.codec, sync);
        let mut events = Vec::with_capacity(plan.events);
        let (mut block, mut count) = (Vec::new(), 0);
        for number in 0..plan.events {
            events.push(event(plan, &columns, number, &mut block, &mut random));
            count += 1;
            if count == plan.events_a_block || number + 1 == plan.events {
                container.block(i64::try_from(count).unwrap_or(i64::MAX), &block);
                block.clear();
                count = 0;
            }
        }
        Self { container, events }
    }
}

/// Writes one record, and gives the same event as Custom HTTP sends it.
fn event(
    plan: &Plan,
    columns: &[Column],
    number: usize,
    block: &mut Vec<u8>,
    random: &mut fastrand::Rng,
) -> String {
    let (mut id, mut time) = (String::new(), String::new());
    let (mut user, mut properties) = (Vec::new(), Vec::new());
    for column in columns {
        if column.is_nullable {
            let is_null = random.u8(..3) == 0;
            long(block, i64::from(!is_null));
            if is_null {
                continue;
            }
        }
        let Some(json) = value(plan, column.kind, number, block, random) else {
            continue;
        };
        let member = format!("{}:{json}", quoted(&column.sent_as));
        match column.kind {
            Kind::Id => id = member,
            Kind::Time => time = member,
            _ if column.is_of_user => user.push(member),
            _ => properties.push(member),
        }
    }
    format!(
        r#"{{"event_type":{},{id},{time},"user":{{{}}},"properties":{{{}}}}}"#,
        quoted(&plan.event_type),
        user.join(","),
        properties.join(",")
    )
}

/// Writes one value, and gives its JSON; `None` for a text of properties that says nothing.
fn value(
    plan: &Plan,
    kind: Kind,
    number: usize,
    block: &mut Vec<u8>,
    random: &mut fastrand::Rng,
) -> Option<String> {
    Some(match kind {
        Kind::Id => {
            let id = format!("{:016x}-{number}", plan.seed);
            string(block, &id);
            quoted(&id)
        }
        Kind::Time => {
            let time = random.i32(1_767_225_600..1_772_000_000);
            long(block, i64::from(time));
            time.to_string()
        }
        Kind::String => {
            let text = *random.choice(TEXTS)?;
            string(block, text);
            quoted(text)
        }
        Kind::Boolean => {
            let value = random.bool();
            block.push(u8::from(value));
            value.to_string()
        }
        Kind::Int => {
            let value = random.i32(..);
            long(block, i64::from(value));
            value.to_string()
        }
        Kind::Long => {
            let value = random.i64(..);
            long(block, value);
            value.to_string()
        }
        Kind::Float => {
            let (value, text) = random.choice(FLOATS)?;
            block.extend(value.to_le_bytes());
            (*text).to_owned()
        }
        Kind::Strings => {
            let items: Vec<Option<&str>> = (0..random.usize(..4))
                .map(|_| random.bool().then(|| random.choice(TEXTS).copied()).flatten())
                .collect();
            if !items.is_empty() {
                long(block, i64::try_from(items.len()).ok()?);
                for item in &items {
                    long(block, i64::from(item.is_some()));
                    item.iter().for_each(|text| string(block, text));
                }
            }
            long(block, 0);
            let items = items.iter().map(|item| item.map_or("null".to_owned(), quoted));
            format!("[{}]", items.collect::<Vec<_>>().join(","))
        }
        Kind::JsonText => {
            let (text, json) = random.choice(values::JSON_TEXTS)?;
            string(block, text);
            return json.map(str::to_owned);
        }
    })
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_plan_gives_the_same_file_and_another_seed_another() {
        let plan = Plan::of("users.messages.email.Click");
        let (one, two) = (CurrentsFile::write(&plan), CurrentsFile::write(&plan));
        assert!(one.container.bytes == two.container.bytes && one.events == two.events);
        assert_eq!((one.events.len(), one.container.blocks.len()), (100, 10));
        let other = CurrentsFile::write(&Plan { seed: 2, ..plan });
        assert!(one.container.bytes != other.container.bytes);
    }

    #[test]
    fn every_type_of_the_table_gives_events_that_are_json() {
        assert!(event_types().count() > 100);
        for event_type in event_types() {
            let file = CurrentsFile::write(&Plan {
                is_evolved: true,
                events: 5,
                ..Plan::of(event_type)
            });
            for event in &file.events {
                let event: serde_json::Value = serde_json::from_str(event).unwrap();
                assert_eq!(event["event_type"], event_type);
            }
        }
    }
}
