//! Every form at its edges.

mod appendix;
mod contacts;
mod days;
mod places;
mod words;

use super::*;

/// What a form made of a value, as text: the JSON that is sent, a warning after `!`, or what else it says.
fn read_by(form: Form, json: &str, settings: &SegmentToBraze) -> String {
    match form.read(Json::parse(json).unwrap(), settings) {
        Reading::Sent(sent) => {
            assert!(Json::parse(&sent).is_ok(), "{json} gives no JSON");
            sent
        }
        Reading::SentDespite(sent, warning) => format!("{sent} !{}", warning.as_str()),
        Reading::Blank => "blank".to_owned(),
        Reading::Silent => "silent".to_owned(),
        Reading::Invalid(warning) => format!("!{}", warning.as_str()),
    }
}

fn read(form: Form, json: &str) -> String {
    read_by(form, json, &SegmentToBraze::default())
}

/// Reads each value and compares.
fn holds(form: Form, table: &[(&str, &str)]) {
    for (given, wanted) in table {
        assert_eq!(read(form, given), *wanted, "{given}");
    }
}

/// Reads strings that are sent as one and the same.
fn each_gives(form: Form, words: &[&str], wanted: &str) {
    for word in words {
        for given in [
            format!("\"{word}\""),
            format!("\" \\t{}\\u00a0\"", word.to_uppercase()),
        ] {
            assert_eq!(read(form, &given), wanted, "{given}");
        }
    }
}

/// Every form, and the warning of what it does not accept.
const FORMS: [(Form, &str); 12] = [
    (Form::Name, "!invalid_value"),
    (Form::Email, "!invalid_email"),
    (Form::Phone, "!invalid_phone"),
    (Form::Gender, "!invalid_gender"),
    (Form::Date, "!invalid_dob"),
    (Form::Country, "!invalid_country"),
    (Form::Language, "!invalid_language"),
    (Form::Url, "!invalid_url"),
    (Form::State, "!subscription_lost"),
    (Form::Flag, "!invalid_value"),
    (Form::Time, "!invalid_value"),
    (Form::Location, "!invalid_value"),
];

#[test]
fn a_value_of_a_foreign_kind_raises_the_warning_of_its_form() {
    event::rules!["SB-082", "SB-090"];
    for (form, warning) in FORMS {
        assert_eq!(read(form, "[\"x\"]"), warning);
        assert_eq!(read(form, "{\"x\":1}"), warning);
        assert_eq!(read(form, "{}"), warning);
    }
}

#[test]
fn the_settings_decide_on_an_empty_value() {
    event::rules!["SB-091"];
    for (form, _) in FORMS {
        assert_eq!(read(form, "\"\""), "blank");
        let spaces = "\" \\n\\u00a0\\u3000\"";
        let wanted = if matches!(form, Form::Name) {
            spaces
        } else {
            "blank"
        };
        assert_eq!(read(form, spaces), wanted);
    }
}
