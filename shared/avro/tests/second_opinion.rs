//! What the Apache project's own library wrote is read to the same values as it reads.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic: that is how it fails"
)]
#![allow(clippy::disallowed_types, reason = "tests may look at JSON in any way")]

use apache_avro::types::Value;
use apache_avro::{Codec, DeflateSettings, Schema, Writer};
use avro::{Frame, Header, Records, frame};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestRunner};
use serde_json::json;

/// A type, and a value of it as the library has it and as JSON.
#[derive(Debug, Clone)]
struct Sample {
    schema: serde_json::Value,
    value: Value,
    /// `None` for null.
    json: Option<serde_json::Value>,
}

fn sample(schema: serde_json::Value, value: Value, json: serde_json::Value) -> Sample {
    Sample {
        schema,
        value,
        json: Some(json),
    }
}

fn primitives() -> impl Strategy<Value = Sample> {
    prop_oneof![
        Just(Sample {
            schema: json!("null"),
            value: Value::Null,
            json: None
        }),
        any::<bool>().prop_map(|value| sample(json!("boolean"), Value::Boolean(value), json!(value))),
        any::<i32>().prop_map(|value| sample(json!("int"), Value::Int(value), json!(value))),
        any::<i64>().prop_map(|value| sample(json!("long"), Value::Long(value), json!(value))),
        any::<i32>().prop_map(|value| sample(
            json!({"type": "int", "logicalType": "date"}),
            Value::Date(value),
            json!(value)
        )),
        // Of those that serde_json reads to the last bit; tests/values.rs has the others.
        any::<i32>()
            .prop_map(|value| f64::from(value) / 4.0)
            .prop_map(|value| sample(json!("double"), Value::Double(value), json!(value))),
        any::<i16>()
            .prop_map(|value| f32::from(value) / 8.0)
            .prop_map(|value| sample(json!("float"), Value::Float(value), json!(f64::from(value)))),
        any::<String>().prop_map(|value| sample(json!("string"), Value::String(value.clone()), json!(value))),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(|value| {
            use base64::Engine;
            let text = base64::engine::general_purpose::STANDARD.encode(&value);
            sample(json!("bytes"), Value::Bytes(value), json!(text))
        }),
        (0_usize..3).prop_map(|place| {
            let schema = json!({"type": "enum", "name": "Enum", "symbols": ["A", "B", "C"]});
            let symbol = ["A", "B", "C"][place];
            sample(
                schema,
                Value::Enum(place as u32, symbol.to_owned()),
                json!(symbol),
            )
        }),
        any::<[u8; 5]>().prop_map(|value| {
            use base64::Engine;
            let text = base64::engine::general_purpose::STANDARD.encode(value);
            let schema = json!({"type": "fixed", "name": "Fixed", "size": 5});
            sample(schema, Value::Fixed(5, value.to_vec()), json!(text))
        }),
    ]
}

/// A field's name tells its place, so that the same name is never a type of two.
fn record(fields: Vec<Sample>, name: &str) -> Sample {
    let mut schemas = Vec::new();
    let (mut values, mut members) = (Vec::new(), serde_json::Map::new());
    for (place, field) in fields.into_iter().enumerate() {
        let key = format!("f{place}");
        schemas.push(json!({"name": key, "type": renamed(field.schema, &format!("{name}_{place}"))}));
        values.push((key.clone(), field.value));
        members.extend(field.json.map(|json| (key, json)));
    }
    Sample {
        schema: json!({"type": "record", "name": name, "fields": schemas}),
        value: Value::Record(values),
        json: Some(members.into()),
    }
}

/// The schema with every type in it under a name that nothing else has.
fn renamed(mut schema: serde_json::Value, name: &str) -> serde_json::Value {
    match &mut schema {
        serde_json::Value::Object(members) => {
            if members.contains_key("name") && members.contains_key("type") {
                members.insert("name".to_owned(), json!(name));
            }
            for (key, value) in members.iter_mut() {
                if ["items", "values", "fields", "type"].contains(&key.as_str()) {
                    *value = renamed(value.take(), &format!("{name}_{key}"));
                }
            }
        }
        serde_json::Value::Array(list) => {
            for (place, value) in list.iter_mut().enumerate() {
                let is_field = value.get("type").is_some()
                    && value.get("symbols").is_none()
                    && value.get("size").is_none()
                    && value.get("fields").is_none();
                if is_field {
                    let inner = renamed(value["type"].take(), &format!("{name}_{place}"));
                    value["type"] = inner;
                } else {
                    *value = renamed(value.take(), &format!("{name}_{place}"));
                }
            }
        }
        _ => {}
    }
    schema
}

fn samples() -> impl Strategy<Value = Sample> {
    primitives().prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            // Of one type each: the elements are copies of one value.
            (inner.clone(), 0_usize..4).prop_map(|(item, count)| sample(
                json!({"type": "array", "items": item.schema}),
                Value::Array(vec![item.value; count]),
                json!(vec![item.json; count]),
            )),
            (
                inner.clone(),
                proptest::collection::btree_set("[a-z\"é]{0,4}", 0..4)
            )
                .prop_map(|(item, keys)| {
                    let values = keys.iter().map(|key| (key.clone(), item.value.clone())).collect();
                    let json = keys.iter().map(|key| (key.clone(), json!(item.json))).collect();
                    sample(
                        json!({"type": "map", "values": item.schema}),
                        Value::Map(values),
                        serde_json::Value::Object(json),
                    )
                }),
            (inner.clone(), any::<bool>())
                .prop_filter("a union has no null twice and no union", |(item, _)| {
                    item.schema != json!("null") && !item.schema.is_array()
                })
                .prop_map(|(item, is_null)| Sample {
                    schema: json!(["null", item.schema]),
                    value: if is_null {
                        Value::Union(0, Box::new(Value::Null))
                    } else {
                        Value::Union(1, Box::new(item.value))
                    },
                    json: item.json.filter(|_| !is_null),
                }),
            proptest::collection::vec(inner, 1..4).prop_map(|fields| record(fields, "Inner")),
        ]
    })
}

fn read(bytes: &[u8]) -> Vec<serde_json::Value> {
    let header = Header::read(bytes, true).unwrap().unwrap();
    let (mut at, mut space, mut records) = (header.length, Vec::new(), Vec::new());
    while at < bytes.len() {
        let Frame::Whole { count, data, length } = frame(&bytes[at..], &header.sync).unwrap() else {
            panic!("the file is whole");
        };
        let data = header.codec.inflate(data, &mut space).unwrap();
        let mut block = Records::new(&header.schema, data, count, 1 << 20).unwrap();
        while let Some(record) = block.next_record().unwrap() {
            let fields = header.schema.fields().iter().enumerate();
            let members = fields.filter_map(|(place, field)| {
                let value = serde_json::from_str(record.value(place)?).unwrap();
                Some((field.name.clone(), value))
            });
            records.push(serde_json::Value::Object(members.collect()));
        }
        at += length;
    }
    records
}

#[test]
fn what_the_apache_library_writes_is_read_to_its_values() {
    event::rules!["CF-140"];
    const CASES: u32 = 10_000;
    const COUNTEREXAMPLES: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/proptest-regressions/second_opinion.txt"
    );
    let mut runner = TestRunner::new(ProptestConfig {
        // A runner of one's own knows no source file: counterexamples are kept beside those of the other tests.
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(COUNTEREXAMPLES))),
        ..ProptestConfig::with_cases(CASES)
    });
    let codecs = prop_oneof![
        Just(Codec::Null),
        Just(Codec::Deflate(DeflateSettings::default())),
        Just(Codec::Snappy)
    ];
    let files = (proptest::collection::vec(samples(), 1..5), codecs, 1_usize..4);
    runner
        .run(&files, |(fields, codec, count)| {
            // Nulls have no bytes: behind them lies enough for their count to be believed (CF-056).
            let tail = sample(
                json!("string"),
                Value::String("t".repeat(64)),
                json!("t".repeat(64)),
            );
            let root = record([fields, vec![tail]].concat(), "Root");
            let schema = Schema::parse(root.schema.clone()).unwrap();
            // Two types of one name are nothing to write by.
            let Ok(mut writer) = Writer::with_codec(&schema, Vec::new(), codec) else {
                return Ok(());
            };
            for _ in 0..count {
                writer.append_value(root.value.clone()).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            prop_assert_eq!(read(&bytes), vec![root.json.unwrap(); count]);
            Ok(())
        })
        .unwrap();
}
