//! One value of each type, and what becomes of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic: that is how it fails"
)]

use avro::{Header, HeaderFault, Record, Records, Schema, SchemaFault, Unreadable};
use sandbox::currents_file::{Codec, Container, long, string};

/// A schema whose record has one field `v` of this type.
fn schema(kind: &str) -> Schema {
    Schema::parse(&schema_text(kind)).unwrap()
}

fn schema_text(kind: &str) -> String {
    format!(r#"{{"type":"record","name":"R","fields":[{{"name":"v","type":{kind}}}]}}"#)
}

fn owned(record: Option<Record<'_>>) -> Option<String> {
    record.unwrap().value(0).map(str::to_owned)
}

fn read(kind: &str, bytes: &[u8]) -> Result<Option<String>, Unreadable> {
    let schema = schema(kind);
    let mut records = Records::new(&schema, bytes, 1, 1_000_000)?;
    let value = owned(records.next_record()?);
    assert!(records.next_record()?.is_none());
    Ok(value)
}

fn value(kind: &str, bytes: &[u8]) -> String {
    read(kind, bytes).unwrap().unwrap()
}

fn number(value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    long(&mut bytes, value);
    bytes
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    string(&mut bytes, text);
    bytes
}

#[test]
fn null_is_left_out_of_a_record_and_stays_in_an_array() {
    event::rules!["CF-060"];
    let union = r#"["null","string"]"#;
    assert_eq!(read(union, &[0]).unwrap(), None);
    let array = format!(r#"{{"type":"array","items":{union}}}"#);
    assert_eq!(value(&array, &[4, 0, 2, 2, b'a', 0]), r#"[null,"a"]"#);
    let map = format!(r#"{{"type":"map","values":{union}}}"#);
    assert_eq!(value(&map, &[2, 2, b'k', 0, 0]), r#"{"k":null}"#);
    let inner = format!(
        r#"{{"type":"record","name":"I","fields":[{{"name":"a","type":{union}}},{{"name":"n","type":"null"}},{{"name":"b","type":"int"}}]}}"#
    );
    assert_eq!(value(&inner, &[0, 2]), r#"{"b":1}"#);
}

#[test]
fn a_branch_of_a_union_is_the_value_itself() {
    event::rules!["CF-061"];
    assert_eq!(value(r#"["null","string"]"#, &[2, 2, b'a']), r#""a""#);
    assert_eq!(value(r#"["int","boolean"]"#, &[2, 1]), "true");
    assert_eq!(value("\"boolean\"", &[0]), "false");
    assert_eq!(value("\"int\"", &number(i64::from(i32::MIN))), "-2147483648");
}

#[test]
fn a_long_keeps_every_digit() {
    event::rules!["CF-062"];
    for digits in [9_007_199_254_740_993, i64::MAX, i64::MIN, 0, -1] {
        assert_eq!(value("\"long\"", &number(digits)), digits.to_string());
    }
}

#[test]
fn a_float_is_the_shortest_decimal_of_its_width() {
    event::rules!["CF-063", "CF-064"];
    for (float, wanted) in [(9.99_f32, "9.99"), (100.0, "100.0"), (0.1, "0.1"), (-2.5, "-2.5")] {
        assert_eq!(value("\"float\"", &float.to_le_bytes()), wanted);
    }
    let wide = 9.989_999_771_118_164_f64;
    assert_eq!(value("\"double\"", &wide.to_le_bytes()), "9.989999771118164");
    for float in [f32::MAX, f32::MIN_POSITIVE, 1e-7, 1e20, 16_777_217.0] {
        let text = value("\"float\"", &float.to_le_bytes());
        assert_eq!(text.parse::<f32>().unwrap().to_bits(), float.to_bits(), "{text}");
        assert!(serde_json::from_str::<f64>(&text).is_ok(), "{text}");
    }
}

#[test]
fn what_is_no_number_in_json_is_a_string() {
    event::rules!["CF-065"];
    for (float, wanted) in [
        (f64::NAN, "\"NaN\""),
        (f64::INFINITY, "\"Infinity\""),
        (f64::NEG_INFINITY, "\"-Infinity\""),
    ] {
        assert_eq!(value("\"double\"", &float.to_le_bytes()), wanted);
        assert_eq!(value("\"float\"", &(float as f32).to_le_bytes()), wanted);
    }
}

#[test]
fn enums_arrays_maps_and_records_have_their_counterparts() {
    event::rules!["CF-066"];
    let symbols = r#"{"type":"enum","name":"E","symbols":["A","B"]}"#;
    assert_eq!(value(symbols, &[2]), "\"B\"");
    let array = r#"{"type":"array","items":"int"}"#;
    assert_eq!(value(array, &[0]), "[]");
    // The second part has a size before it, as a writer may.
    assert_eq!(value(array, &[2, 2, 1, 2, 4, 0]), "[1,2]");
    assert_eq!(
        value(r#"{"type":"map","values":"int"}"#, &[2, 2, b'"', 6, 0]),
        r#"{"\"":3}"#
    );
}

#[test]
fn bytes_are_base64_and_a_logical_type_is_what_lies_below() {
    event::rules!["CF-067"];
    assert_eq!(value("\"bytes\"", &[6, 1, 2, 3]), "\"AQID\"");
    assert_eq!(
        value(r#"{"type":"fixed","name":"F","size":2}"#, &[255, 0]),
        "\"/wA=\""
    );
    let time = r#"{"type":"long","logicalType":"timestamp-millis"}"#;
    assert_eq!(value(time, &number(1_772_362_800_000)), "1772362800000");
}

#[test]
fn a_string_that_is_no_utf_8_costs_its_bad_parts_only() {
    event::rules!["CF-068"];
    assert_eq!(value("\"string\"", &[6, b'a', 0xff, b'b']), "\"a\u{fffd}b\"");
    assert_eq!(
        value("\"string\"", &text("a\"\\\n\u{1}é")),
        "\"a\\\"\\\\\\n\\u0001é\""
    );
}

#[test]
fn a_count_larger_than_the_bytes_left_is_refused_at_once() {
    event::rules!["CF-056"];
    let nulls = r#"{"type":"array","items":"null"}"#;
    for lie in [1_000_000_000, i64::MAX, i64::MIN] {
        assert_eq!(
            read(nulls, &number(lie)).err(),
            Some(if lie < 0 {
                Unreadable::Short
            } else {
                Unreadable::Count
            })
        );
        assert!(read(nulls, &[number(-5), number(lie)].concat()).is_err());
    }
    let schema = schema("\"int\"");
    assert_eq!(Records::new(&schema, &[2], 2, 100).err(), Some(Unreadable::Count));
}

#[test]
fn little_data_that_becomes_much_text_ends_soon() {
    event::rules!["CF-047", "CF-056"];
    // Each array of a few bytes claims as many nulls as there are bytes behind it.
    let arrays = r#"{"type":"array","items":{"type":"array","items":"null"}}"#;
    let mut bytes = number(20_000);
    for left in (0..20_000_i64).rev() {
        bytes.extend(number(left * 3));
        bytes.push(0);
    }
    bytes.extend([0; 40_000]);
    assert_eq!(read(arrays, &bytes).err(), Some(Unreadable::Verbose));
    // A field with a name of half a megabyte.
    let name = "n".repeat(500_000);
    let text = format!(r#"{{"type":"record","name":"R","fields":[{{"name":"{name}","type":"int"}}]}}"#);
    let schema = Schema::parse(&text).unwrap();
    let mut records = Records::new(&schema, &[2; 1000], 1000, 1_000_000).unwrap();
    let fault = loop {
        match records.next_record() {
            Ok(record) => assert!(record.is_some()),
            Err(fault) => break fault,
        }
    };
    assert_eq!(fault, Unreadable::Verbose);
}

#[test]
fn nesting_is_measured_before_it_is_descended() {
    event::rules!["CF-058"];
    let list = r#"{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}"#;
    let text = format!(r#"{{"type":"record","name":"R","fields":[{{"name":"v","type":{list}}}]}}"#);
    let schema = Schema::parse(&text).unwrap();
    let depth = |levels: usize| {
        let mut bytes = vec![2; levels];
        bytes.push(0);
        let mut records = Records::new(&schema, &bytes, 1, 1000).unwrap();
        records.next_record().map(|record| record.is_some())
    };
    assert_eq!(depth(14), Ok(true));
    assert_eq!(depth(15), Err(Unreadable::Deep));
    assert_eq!(depth(1_000_000), Err(Unreadable::Deep));
    let nested = |levels: usize| {
        let (open, close) = (r#"{"type":"array","items":"#.repeat(levels), "}".repeat(levels));
        Schema::parse(&schema_text(&format!("{open}\"int\"{close}"))).map(|_| ())
    };
    assert_eq!(nested(14), Ok(()));
    assert_eq!(nested(15), Err(SchemaFault::Deep));
    assert_eq!(nested(100), Err(SchemaFault::Deep));
    assert!(nested(10_000).is_err());
}

#[test]
fn a_schema_over_a_limit_is_refused() {
    event::rules!["CF-059"];
    let fields = |count: usize| {
        let fields: Vec<String> = (0..count)
            .map(|n| format!(r#"{{"name":"f{n}","type":"int"}}"#))
            .collect();
        Schema::parse(&format!(
            r#"{{"type":"record","name":"R","fields":[{}]}}"#,
            fields.join(",")
        ))
        .map(|_| ())
    };
    assert_eq!(fields(2000), Ok(()));
    assert_eq!(fields(2001), Err(SchemaFault::TooLarge));
    let symbols = |count: usize| {
        let list: Vec<String> = (0..count).map(|n| format!("\"S{n}\"")).collect();
        let kind = format!(r#"{{"type":"enum","name":"E","symbols":[{}]}}"#, list.join(","));
        Schema::parse(&schema_text(&kind)).map(|_| ())
    };
    assert_eq!(symbols(19_998), Ok(()));
    assert_eq!(symbols(19_999), Err(SchemaFault::TooLarge));
    let large = schema_text("\"int\"") + &" ".repeat(avro::limits::SCHEMA_BYTES);
    for is_whole in [true, false] {
        let file = Container::begin(&large, Codec::Null, [7; 16]).bytes;
        let fault = Header::read(&file, is_whole).err();
        assert_eq!(fault, Some(HeaderFault::Schema(SchemaFault::TooLarge)));
    }
}

#[test]
fn a_schema_that_is_none_is_told_from_one_of_no_record() {
    for text in [
        "",
        "7",
        "{",
        "{}",
        "[]x",
        "\"R\"",
        r#"{"type":"record"}"#,
        r#"{"type":"record","name":"R"}"#,
        r#"{"type":"record","name":"R","fields":[{"name":"v","type":"Unknown"}]}"#,
        r#"{"type":"record","name":"R","fields":[{"name":"v","type":{"type":"fixed","name":"R","size":1}}]}"#,
        r#"{"type":"record","name":"R","fields":[{"name":"v","type":{"type":"fixed","name":"F","size":-1}}]}"#,
    ] {
        assert_eq!(Schema::parse(text).err(), Some(SchemaFault::NoSchema), "{text}");
    }
    for text in ["\"int\"", "[\"null\"]", r#"{"type":"array","items":"int"}"#] {
        assert_eq!(Schema::parse(text).err(), Some(SchemaFault::NoRecord), "{text}");
    }
}

#[test]
fn names_in_a_namespace_are_found_by_both_their_forms() {
    let text = r#"{"type":"record","name":"R","namespace":"a.b","fields":[
        {"name":"e","type":{"type":"enum","name":"E","symbols":["X"]}},
        {"name":"f","type":"E"},{"name":"g","type":"a.b.E"},{"name":"h","type":["null","R"]}]}"#;
    let schema = Schema::parse(text).unwrap();
    assert_eq!(schema.name, "a.b.R");
    let mut records = Records::new(&schema, &[0, 0, 0, 0], 1, 1000).unwrap();
    let record = records.next_record().unwrap().unwrap();
    let values: Vec<_> = (0..4).map(|place| record.value(place)).collect();
    assert_eq!(values, [Some("\"X\""), Some("\"X\""), Some("\"X\""), None]);
}

#[test]
fn a_record_with_too_much_text_is_read_over() {
    let schema = schema("\"string\"");
    let bytes = [text(&"x".repeat(5000)), text("a")].concat();
    let mut records = Records::new(&schema, &bytes, 2, 1000).unwrap();
    assert!(records.next_record().unwrap().unwrap().is_over());
    let next = records.next_record().unwrap().unwrap();
    assert!(!next.is_over());
    assert_eq!(next.value(0), Some("\"a\""));
}
