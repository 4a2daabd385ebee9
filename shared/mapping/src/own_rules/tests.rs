use super::*;
use crate::Warned;
use event::calls::{BrazeCall, Verdict};
use event::json::{Index, Json};
use event::reasons::Warning;
use event::settings::Settings;
use event::{Route, Source};

fn rows(text: &str) -> Vec<Row> {
    let settings = Settings::load(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    settings.segment_to_braze.rules
}

fn row(line: &str) -> Vec<Row> {
    rows(&format!("[[segment_to_braze.rules]]\n{line}\n"))
}

/// The event's text after the rows, and the warnings.
fn run(rows: &[Row], event: &str, trace: &mut Trace) -> String {
    let mut index = Index::default();
    let mut written = Index::default();
    let json = index.read(event).unwrap();
    match changed(met(rows, json), json, &mut written, trace) {
        Changed::Nothing => event.to_owned(),
        Changed::Event => {
            let text = written.written().raw();
            assert!(Json::parse(text).is_ok(), "{text}");
            text.to_owned()
        }
        Changed::Dropped(row) => format!("dropped by {row}"),
    }
}

/// Each line of a table: an event, and what a row makes of it.
fn gives(line: &str, events: &[(&str, &str)]) {
    let rows = row(line);
    for (event, wanted) in events {
        assert_eq!(run(&rows, event, &mut Trace::brief()), *wanted, "{line}\n{event}");
    }
}

fn meets(condition: &str, event: &str) -> bool {
    let rows = row(&format!("when = {condition}\ndrop = true"));
    run(&rows, event, &mut Trace::brief()).starts_with("dropped")
}

#[test]
fn values_that_no_row_touches_keep_every_digit() {
    event::rules!["OR-008"];
    gives(
        r#"remove = ["gone"]
set = { "o.new" = 1.50 }"#,
        &[(
            r#"{"a":97.50, "b" : [ 1.0E+2,9007199254740993 ],"o":{"x":1e400,"y":"\u00e9\/"},"gone":1,"d":{"k":1,"k":2}}"#,
            r#"{"a":97.50, "b" : [ 1.0E+2,9007199254740993 ],"o":{"x":1e400,"y":"\u00e9\/","new":1.50},"d":{"k":1,"k":2}}"#,
        )],
    );
}

#[test]
fn a_star_in_quotes_removes_the_key_of_that_name_alone() {
    event::rules!["OR-020", "OR-037"];
    gives(
        r#"remove = ['properties."*"', 'traits.a*']"#,
        &[(
            r#"{"properties":{"a":1,"*":2,"b*":3},"traits":{"a":1,"ab":2,"b":3}}"#,
            r#"{"properties":{"a":1,"b*":3},"traits":{"b":3}}"#,
        )],
    );
}

#[test]
fn a_copy_of_a_changed_object_takes_the_room_of_its_text() {
    event::rules!["OR-038"];
    // Each object on the way down to the change holds the long text, and is written once.
    let long = "x".repeat(400 * 1024);
    for event in [
        format!(r#"{{"a":{{"b":{{"c":{{"d":{{"text":"{long}"}}}}}}}}}}"#),
        format!(r#"{{"a":{{"b":{{"c":{{"d":{{"text":"{long}"}}}},"c\u0301":1}}}}}}"#),
    ] {
        let rows = rows(
            "[[segment_to_braze.rules]]\nset = { \"a.b.c.d.n\" = 1 }\n\
            [[segment_to_braze.rules]]\ncopy = { a = \"z\" }\n\
            [[segment_to_braze.rules]]\ncopy = { z = \"y\", a = \"x\" }\n",
        );
        let text = run(&rows, &event, &mut Trace::brief());
        assert!(
            text.contains(r#""z":{"b":"#) && text.contains(r#""y":{"b":"#),
            "{}",
            text.len()
        );
        // Two copies of 400 KiB have room in 1 MiB, a third has none.
        assert!(!text.contains(r#""x":{"b":"#), "{}", text.len());
    }
}

#[test]
fn a_condition_holds_as_the_table_says() {
    event::rules!["OR-020", "OR-022", "OR-025", "OR-026", "OR-027"];
    for (condition, event, wanted) in [
        (r#"{ a = "x" }"#, r#"{"a":"x"}"#, true),
        (r#"{ a = "x" }"#, r#"{"A":"x"}"#, false),
        (r#"{ a = "x" }"#, r#"{"a":"X"}"#, false),
        (r#"{ a = "x*" }"#, r#"{"a":"xyz"}"#, true),
        (r#"{ a = "4?" }"#, r#"{"a":"42"}"#, false),
        (r#"{ a = "4*" }"#, r#"{"a":42}"#, true),
        (r#"{ a = "1.0" }"#, r#"{"a":1.00}"#, false),
        (r#"{ a = "true" }"#, r#"{"a":true}"#, true),
        (r#"{ a = "*" }"#, r#"{"a":" "}"#, false),
        (r#"{ a = "*" }"#, r#"{"a":null}"#, false),
        (r#"{ a = "*" }"#, r#"{"a":["x"]}"#, false),
        (r#"{ a = 1.50 }"#, r#"{"a":1.5}"#, true),
        (r#"{ a = 1.50 }"#, r#"{"a":" +1.5 "}"#, true),
        (r#"{ a = 150 }"#, r#"{"a":"1.5e2"}"#, true),
        (r#"{ a = 150 }"#, r#"{"a":"1.5e0002"}"#, true),
        (r#"{ a = { above = 1e400 } }"#, r#"{"a":"1.1e400"}"#, true),
        (r#"{ a = { above = 1e400 } }"#, r#"{"a":1e400}"#, false),
        (r#"{ a = { above = 5 } }"#, r#"{"a":1e5000}"#, false),
        (r#"{ a = 1 }"#, r#"{"a":true}"#, false),
        (
            r#"{ a = 0.1 }"#,
            r#"{"a":0.1000000000000000055511151231257827}"#,
            false,
        ),
        (r#"{ a = 9007199254740993 }"#, r#"{"a":9007199254740992}"#, false),
        (r#"{ a = true }"#, r#"{"a":true}"#, true),
        (r#"{ a = true }"#, r#"{"a":"true"}"#, false),
        (r#"{ a = false }"#, r#"{"a":0}"#, false),
        (r#"{ a = ["x", 2, true] }"#, r#"{"a":"2"}"#, true),
        (r#"{ a = ["x", 2, true] }"#, r#"{"a":true}"#, true),
        (r#"{ a = ["x", 2, true] }"#, r#"{"a":"y"}"#, false),
        (r#"{ a = { exists = true } }"#, r#"{"a":""}"#, true),
        (r#"{ a = { exists = true } }"#, r#"{"a":null}"#, false),
        (r#"{ a = { exists = false } }"#, r#"{"a":null}"#, true),
        (r#"{ "a.b" = { exists = false } }"#, r#"{"a":7}"#, true),
        (r#"{ a = { not = "x" } }"#, r#"{"a":"y"}"#, true),
        (r#"{ a = { not = "x" } }"#, r#"{"a":"x"}"#, false),
        (r#"{ a = { not = "x" } }"#, r#"{}"#, true),
        (r#"{ a = { not = { above = 5 } } }"#, r#"{"a":"x"}"#, true),
        (r#"{ a = { exists = true, not = ["x", "y"] } }"#, r#"{}"#, false),
        (
            r#"{ a = { exists = true, not = ["x", "y"] } }"#,
            r#"{"a":"z"}"#,
            true,
        ),
        (r#"{ a = { above = 5 } }"#, r#"{"a":5}"#, false),
        (
            r#"{ a = { above = 5 } }"#,
            r#"{"a":"5.0000000000000000001"}"#,
            true,
        ),
        (r#"{ a = { at_least = 5 } }"#, r#"{"a":5.0}"#, true),
        (r#"{ a = { below = 5, at_least = 1 } }"#, r#"{"a":5}"#, false),
        (r#"{ a = { below = 5, at_least = 1 } }"#, r#"{"a":1}"#, true),
        (r#"{ a = { at_most = 5 } }"#, r#"{"a":"five"}"#, false),
        (r#"{ a = { contains = "x*" } }"#, r#"{"a":["y","xz"]}"#, true),
        (r#"{ a = { contains = "x*" } }"#, r#"{"a":"axz"}"#, false),
        (r#"{ a = { contains = "x" } }"#, r#"{"a":"axz"}"#, true),
        (r#"{ a = { contains = 2 } }"#, r#"{"a":[1,"2.0"]}"#, true),
        (r#"{ a = { contains = 2 } }"#, r#"{"a":"12"}"#, false),
        (r#"{ a = { contains = true } }"#, r#"{"a":["true",true]}"#, true),
        (r#"{ a = { contains = "x" } }"#, r#"{"a":{"x":1}}"#, false),
        (r#"{ a = { percent = 0 } }"#, r#"{"a":"u-17"}"#, false),
        (r#"{ a = { percent = 100 } }"#, r#"{"a":"u-11"}"#, true),
        (r#"{ a = { percent = 100 } }"#, r#"{"a":""}"#, false),
        (r#"{ a = { percent = 10 } }"#, r#"{"a":"u-11"}"#, false),
        (r#"{ a = { percent = 10 } }"#, r#"{"a":"u-12"}"#, true),
        (r#"{ a = { percent = 10 } }"#, r#"{"a":"u-17"}"#, true),
        (r#"{ "a[*].b" = "x" }"#, r#"{"a":[{"b":"y"},7,{"b":"x"}]}"#, true),
        (r#"{ "a[*].b" = "x" }"#, r#"{"a":{"b":"x"}}"#, false),
        (r#"{ "a[*]" = { not = "x" } }"#, r#"{"a":["y","x"]}"#, false),
        (r#"{ 'a."b.c"' = 1 }"#, r#"{"a":{"b.c":1}}"#, true),
        (r#"{}"#, r#"{"a":1}"#, true),
        (r#"{ a = 1, b = 2 }"#, r#"{"a":1}"#, false),
        (r#"[{ a = 1 }, { b = 2 }]"#, r#"{"b":2}"#, true),
        (r#"[{ a = 1 }, { b = 2 }]"#, r#"{"c":3}"#, false),
    ] {
        assert_eq!(meets(condition, event), wanted, "{condition} {event}");
    }
}

#[test]
fn a_share_of_ids_has_its_size_and_grows_with_the_percentage() {
    event::rules!["OR-025"];
    let of = |percent: &str| -> Vec<u32> {
        let rows = row(&format!(
            "when = {{ userId = {{ percent = {percent} }} }}\ndrop = true"
        ));
        let is_in =
            |id: &u32| run(&rows, &format!(r#"{{"userId":"u-{id}"}}"#), &mut Trace::brief()).starts_with('d');
        (0..10_000).filter(is_in).collect()
    };
    let (half, tenth) = (of("0.5"), of("10"));
    assert!((30..=70).contains(&half.len()), "{}", half.len());
    assert!((900..=1_100).contains(&tenth.len()), "{}", tenth.len());
    assert!(half.iter().all(|id| tenth.contains(id)));
}

#[test]
fn rename_and_copy_move_a_value_onto_nothing_but_null() {
    event::rules!["OR-022", "OR-023", "OR-031"];
    gives(
        r#"rename = { "traits.a" = "traits.b.c" }"#,
        &[
            (
                r#"{"traits":{"a":1.50,"z":0}}"#,
                r#"{"traits":{"z":0,"b":{"c":1.50}}}"#,
            ),
            (r#"{"traits":{"a":null}}"#, r#"{"traits":{"b":{"c":null}}}"#),
            (r#"{"traits":{"a":1,"b":null}}"#, r#"{"traits":{"b":{"c":1}}}"#),
            (
                r#"{"traits":{"a":1,"b":{"c":null,"d":2}}}"#,
                r#"{"traits":{"b":{"c":1,"d":2}}}"#,
            ),
            (
                r#"{"traits":{"a":1,"b":{"c":0}}}"#,
                r#"{"traits":{"a":1,"b":{"c":0}}}"#,
            ),
            (r#"{"traits":{"a":1,"b":"x"}}"#, r#"{"traits":{"a":1,"b":"x"}}"#),
            (r#"{"traits":{"a":1,"b":[]}}"#, r#"{"traits":{"a":1,"b":[]}}"#),
            (r#"{"traits":[{"a":1}]}"#, r#"{"traits":[{"a":1}]}"#),
            (r#"{"traits":{}}"#, r#"{"traits":{}}"#),
        ],
    );
    gives(
        r#"copy = { "traits" = "context.traits" }"#,
        &[
            (
                r#"{"traits":{"a":[1]}}"#,
                r#"{"traits":{"a":[1]},"context":{"traits":{"a":[1]}}}"#,
            ),
            (
                r#"{"traits":1,"context":null}"#,
                r#"{"traits":1,"context":{"traits":1}}"#,
            ),
        ],
    );
    gives(
        r#"rename = { a = "a.b" }"#,
        &[
            (r#"{"a":{"x":1}}"#, r#"{"a":{"b":{"x":1}}}"#),
            (r#"{"a":1}"#, r#"{"a":1}"#),
        ],
    );
    gives(
        r#"rename = { a = "b", b = "c" }"#,
        &[
            (r#"{"a":1}"#, r#"{"c":1}"#),
            (r#"{"a":1,"b":2}"#, r#"{"a":1,"c":2}"#),
        ],
    );
    gives(
        r#"rename = { b = "c", a = "b" }"#,
        &[(r#"{"a":1,"b":2}"#, r#"{"c":2,"b":1}"#)],
    );
}

#[test]
fn what_was_taken_out_may_come_again_and_go_again() {
    event::rules!["OR-008", "OR-030", "OR-031", "OR-037"];
    let next = "\n[[segment_to_braze.rules]]\n";
    for (lines, wanted) in [
        (
            r#"remove = ["a"]|set = { a = 2 }"#,
            r#"{"b":{"x":1,"y":[ 2 ]},"c":3,"a":2}"#,
        ),
        (
            r#"remove = ["b"]|set = { "b.x" = 2 }"#,
            r#"{"a":1,"c":3,"b":{"x":2}}"#,
        ),
        (
            r#"set = { d = 1 }|remove = ["d"]|set = { d = 2 }"#,
            r#"{"a":1,"b":{"x":1,"y":[ 2 ]},"c":3,"d":2}"#,
        ),
        (
            r#"rename = { a = "b.z", "b.x" = "a" }"#,
            r#"{"b":{"y":[ 2 ],"z":1},"c":3,"a":1}"#,
        ),
        (r#"remove = ["*"]"#, "{}"),
        (
            r#"remove = ["b.*"]|default = { "b.k" = 1 }"#,
            r#"{"a":1,"b":{"k":1},"c":3}"#,
        ),
        (r#"remove = ["a", "c"]|remove = ["*"]|copy = { a = "z" }"#, "{}"),
        (
            r#"set = { "b.x" = 1 }|rename = { b = "n" }|convert = { "n.x" = "text" }"#,
            r#"{"a":1,"c":3,"n":{"x":"1","y":[ 2 ]}}"#,
        ),
        (
            r#"copy = { b = "n" }|set = { "b.x" = 9 }"#,
            r#"{"a":1,"b":{"x":9,"y":[ 2 ]},"c":3,"n":{"x":1,"y":[ 2 ]}}"#,
        ),
    ] {
        let lines = lines.replace('|', next);
        gives(&lines, &[(r#"{"a":1,"b":{"x":1,"y":[ 2 ]},"c":3}"#, wanted)]);
    }
    // The same of an object whose keys cannot be taken as they are written.
    gives(
        r#"remove = ["a"]
set = { "b" = 2 }"#,
        &[(r#"{"\u0061":1,"b":1,"c":3,"b":4}"#, r#"{"b":2,"c":3}"#)],
    );
}

#[test]
fn each_element_is_changed_for_itself() {
    event::rules!["OR-032", "OR-037"];
    gives(
        r#"rename = { "p[*].x" = "p[*].y.z" }
convert = { "p[*].y.z" = "number" }
set = { "p[*].s" = true }
remove = ["p[*].q*", "t[*]"]"#,
        &[
            (
                r#"{"p":[{"x":"1","q1":0,"q2":0},7,{"x":"n","y":2},{"r":0}],"t":[1,2],"u":3}"#,
                r#"{"p":[{"y":{"z":1},"s":true},7,{"x":"n","y":2,"s":true},{"r":0,"s":true}],"t":[],"u":3}"#,
            ),
            (r#"{"p":{"x":"1"}}"#, r#"{"p":{"x":"1"}}"#),
        ],
    );
    gives(
        r#"remove = ["a[*][*].b"]"#,
        &[(
            r#"{"a":[[{"b":1}],[{"b":2,"c":3},4]]}"#,
            r#"{"a":[[{}],[{"c":3},4]]}"#,
        )],
    );
}

#[test]
fn values_replace_by_the_exact_text() {
    event::rules!["OR-033"];
    gives(
        r#"values = { a = { "101" = "Basic", "1.0" = 2.50, "true" = { n = [1] }, x = false } }"#,
        &[
            (r#"{"a":101}"#, r#"{"a":"Basic"}"#),
            (r#"{"a":"101"}"#, r#"{"a":"Basic"}"#),
            (r#"{"a":1.0}"#, r#"{"a":2.50}"#),
            (r#"{"a":1}"#, r#"{"a":1}"#),
            (r#"{"a":true}"#, r#"{"a":{"n":[1]}}"#),
            (r#"{"a":"X"}"#, r#"{"a":"X"}"#),
            (r#"{"a":"\u0078"}"#, r#"{"a":false}"#),
            (r#"{"a":null}"#, r#"{"a":null}"#),
            (r#"{}"#, r#"{}"#),
        ],
    );
    gives(
        r#"values = { "a[*]" = { "1" = "one", "*" = "other" } }"#,
        &[(
            r#"{"a":[1,2,"",null,[1],{"b":1}]}"#,
            r#"{"a":["one","other","other",null,[1],{"b":1}]}"#,
        )],
    );
}

#[test]
fn convert_does_what_the_table_of_forms_says() {
    event::rules!["OR-034"];
    for (form, given, wanted) in [
        ("text", "1.50", Some("\"1.50\"")),
        ("text", "true", Some("\"true\"")),
        ("text", "\"x\"", Some("\"x\"")),
        ("text", "null", Some("null")),
        ("text", "[1]", None),
        ("number", "\" +019.90 \"", Some("19.90")),
        ("number", "\".5\"", Some("0.5")),
        ("number", "\"-5.\"", Some("-5")),
        ("number", "\"1E+05\"", Some("1e+05")),
        ("number", "\"5.e3\"", Some("5e3")),
        ("number", "\"1e400\"", Some("1e400")),
        ("number", "\"+1.5E+0005\"", Some("1.5e+0005")),
        ("number", "\"-.5e-1000000\"", Some("-0.5e-1000000")),
        ("number", "1e400", Some("1e400")),
        ("number", "\"9007199254740993\"", Some("9007199254740993")),
        ("number", "\"007\"", Some("7")),
        ("number", "7.0", Some("7.0")),
        ("number", "\"n/a\"", None),
        ("number", "\"\"", None),
        ("number", "\".\"", None),
        ("number", "\"1e\"", None),
        ("number", "\"e1\"", None),
        ("number", "\"1,5\"", None),
        ("number", "\"0x10\"", None),
        ("number", "true", None),
        ("number", "{}", None),
        ("boolean", "\" YES \"", Some("true")),
        ("boolean", "\"off\"", Some("false")),
        ("boolean", "1", Some("true")),
        ("boolean", "0.0", Some("false")),
        ("boolean", "2", None),
        ("boolean", "\"y\"", None),
        ("boolean", "false", Some("false")),
        ("lower", "\"ADA@EXAMPLE.com\"", Some("\"ada@example.com\"")),
        ("lower", "\"\u{c4}\u{130}\"", Some("\"\u{e4}i\u{307}\"")),
        ("lower", "1", None),
        ("upper", "\"stra\u{df}e\"", Some("\"STRASSE\"")),
        ("trim", "\" \u{a0}x y\\n\"", Some("\"x y\"")),
        ("trim", "true", None),
        ("date_dmy", "\" 3/4/1988 \"", Some("\"1988-04-03\"")),
        ("date_mdy", "\"3/4/1988\"", Some("\"1988-03-04\"")),
        ("date_dmy", "\"03.04.1988\"", Some("\"1988-04-03\"")),
        ("date_dmy", "\"3-4-1988\"", Some("\"1988-04-03\"")),
        ("date_dmy", "\"29/2/2000\"", Some("\"2000-02-29\"")),
        ("date_dmy", "\"29/2/2001\"", None),
        ("date_dmy", "\"3/4.1988\"", None),
        ("date_dmy", "\"3/4/88\"", None),
        ("date_dmy", "\"3/4/1899\"", None),
        ("date_dmy", "\"31/12/2100\"", Some("\"2100-12-31\"")),
        ("date_dmy", "\"003/4/1988\"", None),
        ("date_dmy", "\"3/4/1988/\"", None),
        ("date_dmy", "\"1988-04-03\"", Some("\"1988-04-03\"")),
        ("date_dmy", "\"1988-13-03\"", None),
        ("date_mdy", "\"13/4/1988\"", None),
        ("date_dmy", "19880403", None),
        ("mask_ip", "\" 203.0.113.42\"", Some("\"203.0.113.0\"")),
        (
            "mask_ip",
            "\"2001:db8:85a3:8d3:1319:8a2e:370:7348\"",
            Some("\"2001:db8:85a3::\""),
        ),
        ("mask_ip", "\"2001:DB8:0:0:1::1\"", Some("\"2001:db8::\"")),
        ("mask_ip", "\"203.0.113\"", None),
        ("mask_ip", "\"203.0.113.42:80\"", None),
        ("mask_ip", "\"[2001:db8::1]\"", None),
        ("mask_ip", "\"fe80::1%en0\"", None),
        ("mask_ip", "\"::ffff:203.0.113.42\"", Some("\"::\"")),
        ("mask_ip", "7", None),
        (
            "sha256",
            "\"abc\"",
            Some("\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""),
        ),
        ("sha256", "1", None),
        ("json", "\" {\\\"a\\\": [1.50]} \"", Some("{\"a\": [1.50]}")),
        ("json", "\"[]\"", Some("[]")),
        ("json", "{\"a\":1}", Some("{\"a\":1}")),
        ("json", "\"7\"", None),
        ("json", "\"{\"", None),
        ("json", "1", None),
    ] {
        let rows = row(&format!("convert = {{ \"o.v\" = \"{form}\" }}"));
        let event = format!("{{\"o\":{{\"v\":{given}}}}}");
        let mut trace = Trace::brief();
        let text = run(&rows, &event, &mut trace);
        let wanted_event = format!("{{\"o\":{{\"v\":{}}}}}", wanted.unwrap_or(given));
        assert_eq!(text, wanted_event, "{form} {given}");
        let warns = !trace.warnings(&[Warning::NotConverted]).is_empty();
        assert_eq!(warns, wanted.is_none(), "{form} {given}");
    }
}

#[test]
fn default_and_set_write_what_the_file_says() {
    event::rules!["OR-023", "OR-036"];
    gives(
        r#"default = { "t.a" = 1_000.50, "t.b.c" = +7, x = "y" }"#,
        &[
            (
                r#"{"t":{"a":0,"b":null}}"#,
                r#"{"t":{"a":0,"b":{"c":7}},"x":"y"}"#,
            ),
            (
                r#"{"t":{"a":null},"x":""}"#,
                r#"{"t":{"a":1000.50,"b":{"c":7}},"x":""}"#,
            ),
            (r#"{"t":"no object","x":1}"#, r#"{"t":"no object","x":1}"#),
        ],
    );
    gives(
        r#"set = { t = { z = 1e5, a = [0x1F, -0.0, true] }, "p[*].q" = "r" }"#,
        &[
            (r#"{"t":1}"#, r#"{"t":{"z":1e5,"a":[31,-0.0,true]}}"#),
            (
                r#"{"p":[{"q":1},{}]}"#,
                r#"{"p":[{"q":"r"},{"q":"r"}],"t":{"z":1e5,"a":[31,-0.0,true]}}"#,
            ),
        ],
    );
}

#[test]
fn rows_work_in_the_order_of_the_page_and_of_the_file() {
    event::rules!["OR-030", "OR-035"];
    gives(
        r#"remove = ["c"]
set = { d = "set" }
default = { c = "default", d = "default" }
convert = { b = "number" }
values = { b = { x = "7" } }
rename = { a = "b" }
copy = { b = "c" }"#,
        &[
            (r#"{"a":"x"}"#, r#"{"b":7,"d":"set"}"#),
            (r#"{}"#, r#"{"d":"set"}"#),
        ],
    );
    let rows = rows(
        r#"[[segment_to_braze.rules]]
rename = { a = "b" }
[[segment_to_braze.rules]]
name = "second"
when = { b = "x" }
drop = true
[[segment_to_braze.rules]]
drop = true"#,
    );
    let of = |event| run(&rows, event, &mut Trace::brief());
    assert_eq!(of(r#"{"a":"x"}"#), "dropped by second");
    assert_eq!(of(r#"{"a":"y"}"#), "dropped by rules.2");
}

/// What the rows did with an event, an entry a line.
fn told(rows: &[Row], event: &str) -> (Vec<String>, Trace) {
    let mut trace = Trace::explaining();
    run(rows, event, &mut trace);
    let entries = trace.entries().iter();
    let told = entries.map(|entry| format!("{} {}: {}", entry.rule, entry.path, entry.result));
    (told.collect(), trace)
}

#[test]
fn a_row_that_could_not_act_tells_why() {
    event::rules!["OR-082"];
    let full = "x".repeat(700 * 1024);
    for (line, event, wanted) in [
        (
            r#"rename = { 't."a.b"' = 't."c*"' }"#,
            r#"{"t":{"a.b":1,"c*":2}}"#,
            r#"OR-031 t."a.b": stays: t."c*" has a value"#,
        ),
        (
            r#"remove = ['t."a.b"']"#,
            r#"{"t":{"a.b":1}}"#,
            r#"OR-037 t."a.b": removed"#,
        ),
        (
            r#"set = { 't."say \"x\""[*].n' = 1 }"#,
            r#"{"t":{"say \"x\"":[{"n":2}]}}"#,
            r#"OR-036 t."say \"x\""[0].n: 1"#,
        ),
        (
            r#"copy = { a = "b.c" }"#,
            r#"{"a":1,"b":7}"#,
            "OR-031 a: stays: b.c has no object on its way",
        ),
        (
            r#"rename = { "a.x" = "b" }"#,
            r#"{"a":7}"#,
            "OR-031 a.x: nothing there",
        ),
        (
            r#"values = { a = { x = "y" } }"#,
            r#"{"a":"y"}"#,
            "OR-033 a: stays: no entry for it",
        ),
        (
            r#"values = { a = { x = "x" } }"#,
            r#"{"a":"x"}"#,
            "OR-033 a: stays: the same value",
        ),
        (
            r#"convert = { a = "lower" }"#,
            r#"{"a":"x"}"#,
            "OR-034 a: stays: the same value",
        ),
        (
            r#"convert = { "a.b" = "lower" }"#,
            r#"{"a":["x"]}"#,
            "OR-034 a.b: nothing there",
        ),
        (
            r#"set = { a = 1.50 }"#,
            r#"{"a":1.50}"#,
            "OR-036 a: stays: the same value",
        ),
        (
            r#"set = { "a.b.c" = 1 }"#,
            r#"{"a":{"b":"x"}}"#,
            "OR-036 a.b.c: not set: has no object on its way",
        ),
        (
            r#"default = { "a[*].b.c" = 1 }"#,
            r#"{"a":[{"b":[]}]}"#,
            "OR-036 a[0].b.c: not set: has no object on its way",
        ),
        (
            r#"default = { "a.b[*].c" = 1 }"#,
            r#"{"a":{}}"#,
            "OR-036 a.b[*].c: nothing there",
        ),
        (
            r#"default = { a = 1 }"#,
            r#"{"a":0}"#,
            "OR-036 a: stays: there is a value",
        ),
        (r#"remove = ["a.*"]"#, r#"{"a":[1]}"#, "OR-037 a.*: nothing there"),
    ] {
        let (told, _) = told(&row(line), event);
        assert_eq!(told, [format!("{wanted} (rules.0)")], "{line} {event}");
    }
    for (line, wanted) in [
        (
            format!("set = {{ a = \"{full}\", b = \"{full}\" }}"),
            "OR-036 b: not set: has no room: the event would be too large (rules.0)",
        ),
        (
            format!("set = {{ a = \"{full}\", c = \"{full}\" }}"),
            "OR-036 c: stays: has no room: the event would be too large (rules.0)",
        ),
        (
            format!("set = {{ a = \"{full}\" }}\n[[segment_to_braze.rules]]\ncopy = {{ a = \"b\" }}"),
            "OR-031 a: stays: b has no room: the event would be too large (rules.1)",
        ),
    ] {
        let (told, _) = told(&row(&line), r#"{"c":1}"#);
        assert_eq!(told.last().map(String::as_str), Some(wanted));
    }
}

#[test]
fn every_row_that_changes_a_path_is_told_in_its_order() {
    event::rules!["OR-081"];
    let rows = rows(
        r#"[[segment_to_braze.rules]]
set = { a = 2 }
[[segment_to_braze.rules]]
name = "back"
set = { a = 1 }
rename = { b = "c" }
[[segment_to_braze.rules]]
rename = { c = "b" }"#,
    );
    let (told, _) = told(&rows, r#"{"a":1,"b":3}"#);
    assert_eq!(
        told,
        [
            "OR-036 a: 2 (rules.0)",
            "OR-031 b: c (back)",
            "OR-036 a: 1 (back)",
            "OR-031 c: b (rules.2)",
        ]
    );
}

#[test]
fn what_rows_did_is_told_with_the_paths_of_the_event() {
    event::rules!["OR-082"];
    let rows = rows(
        r#"[[segment_to_braze.rules]]
rename = { "traits.phoneNumber" = "traits.phone", "traits.x" = "traits.y" }
[[segment_to_braze.rules]]
name = "plans"
values = { "p[*].plan" = { "1" = "Team" } }
convert = { "p[*].n" = "number" }
[[segment_to_braze.rules]]
set = { "new.deep" = 1 }
remove = ["p[*].card_*", "nowhere"]"#,
    );
    let event =
        r#"{"traits":{"phoneNumber":"1","x":1,"y":2},"p":[{"plan":2},{"plan":1,"n":"x","card_no":4}]}"#;
    let (told, trace) = told(&rows, event);
    assert_eq!(
        told,
        [
            "OR-031 traits.phoneNumber: traits.phone (rules.0)",
            "OR-031 traits.x: stays: traits.y has a value (rules.0)",
            "OR-033 p[0].plan: stays: no entry for it (plans)",
            "OR-033 p[1].plan: \"Team\" (plans)",
            "OR-034 p[1].n: stays: not convertible to number (plans)",
            "OR-036 new.deep: 1 (rules.2)",
            "OR-037 p[1].card_no: removed (rules.2)",
            "OR-037 nowhere: nothing there (rules.2)",
        ]
    );
    assert_eq!(
        trace.occurrences(),
        [Warned {
            rule: "OR-034",
            warning: Warning::NotConverted,
            path: "p[1].n".to_owned()
        }]
    );
}

#[test]
fn rows_cannot_make_an_event_too_deep_or_too_large_to_read() {
    event::rules!["OR-038"];
    let copies = "[[segment_to_braze.rules]]\ncopy = { \"a\" = \"b.a\" }\n[[segment_to_braze.rules]]\nrename = { b = \"c\" }\n\
        [[segment_to_braze.rules]]\nremove = [\"a\"]\n[[segment_to_braze.rules]]\nrename = { c = \"a\" }\n";
    let deep = rows(&copies.repeat(25));
    let nested = format!("{{\"a\":{}1{}}}", "[".repeat(120), "]".repeat(120));
    run(&deep, &nested, &mut Trace::brief());
    let large = rows(&"[[segment_to_braze.rules]]\ncopy = { \"a\" = \"a.b\" }\n[[segment_to_braze.rules]]\ncopy = { \"a\" = \"a.c\" }\n[[segment_to_braze.rules]]\nrename = { \"a.b\" = \"x.b\", \"a.c\" = \"x.c\", \"x\" = \"a.d\" }\n".repeat(33));
    let text = run(&large, r#"{"a":{"text":"0123456789"}}"#, &mut Trace::brief());
    assert!(text.len() < 3 * 1024 * 1024, "{}", text.len());
    let held = rows("[[segment_to_braze.rules]]\nconvert = { \"o.v\" = \"json\" }\n");
    let value = format!("\"{}{}\"", "[".repeat(127), "]".repeat(127));
    let event = format!("{{\"o\":{{\"v\":{value}}}}}");
    assert_eq!(run(&held, &event, &mut Trace::brief()), event);
}

const TRACK: &str = r#"{"type":"track","messageId":"m-1","userId":"u-1","timestamp":"2026-03-01T12:00:00Z","event":"E","properties":{"a":"1.50"}}"#;

fn line(settings: &str, event: &str, explain: bool) -> String {
    let settings = Settings::load(settings).unwrap();
    crate::printed::print(Route::SegmentToBraze, event, &settings, explain).line
}

#[test]
fn a_dropped_event_names_its_row() {
    event::rules!["OR-080"];
    let settings = "[[segment_to_braze.rules]]\nname = \"test-accounts\"\ndrop = true\n";
    assert_eq!(
        line(settings, TRACK, false),
        r#"{"id":"m-1","outcome":"ignore","reason":"own_rule","own_rule":"test-accounts"}"#
    );
    assert_eq!(
        line("[[segment_to_braze.rules]]\ndrop = true", TRACK, false),
        r#"{"id":"m-1","outcome":"ignore","reason":"own_rule","own_rule":"rules.0"}"#
    );
    assert!(!line(settings, "7", false).contains("own_rule"));
}

#[test]
fn an_explanation_shows_what_rows_made_of_the_event() {
    event::rules!["OR-081"];
    let settings = "[[segment_to_braze.rules]]\nconvert = { \"properties.a\" = \"number\" }\n";
    let explained = line(settings, TRACK, true);
    let changed = TRACK.replace(r#""1.50""#, "1.50");
    assert!(
        explained.contains(&format!(r#""received":{TRACK},"changed":{changed},"explain":["#)),
        "{explained}"
    );
    let first = r#""explain":[{"rule":"OR-034","path":"properties.a","result":"1.50 (rules.0)"},"#;
    assert!(explained.contains(first), "{explained}");
    assert!(!line(settings, TRACK, false).contains("received"));
    let unchanged = line(settings, &changed, true);
    assert!(!unchanged.contains(r#""received""#), "{unchanged}");
}

#[test]
fn an_event_is_mapped_by_the_settings_of_the_moment() {
    event::rules!["OR-015"];
    let body = |settings: &str| {
        let settings = Settings::load(settings).unwrap();
        let mapped = crate::to_braze(Source::Segment, TRACK, None, &settings);
        match mapped.verdict {
            Verdict::Deliver { calls, .. } => calls.iter().map(BrazeCall::body).collect::<String>(),
            Verdict::Ignore(_) | Verdict::Park(_) => "dropped".to_owned(),
        }
    };
    assert!(body("").contains(r#""a":"1.50""#));
    assert!(
        body("[[segment_to_braze.rules]]\nconvert = { \"properties.a\" = \"number\" }")
            .contains(r#""a":1.50"#)
    );
    assert_eq!(body("[[segment_to_braze.rules]]\ndrop = true"), "dropped");
}
