use super::*;

#[test]
fn every_word_for_a_gender() {
    event::rules!["SB-093", "SB-701"];
    for (letter, words) in [
        ("\"M\"", &["m", "male", "man"][..]),
        ("\"F\"", &["f", "female", "w", "woman"]),
        (
            "\"O\"",
            &[
                "o",
                "other",
                "non-binary",
                "non_binary",
                "non - binary",
                "nonbinary",
                "non binary",
                "nb",
                "enby",
                "diverse",
                "divers",
                "x",
            ],
        ),
        ("\"N\"", &["n", "not applicable", "not_applicable", "n/a"]),
        (
            "\"P\"",
            &[
                "p",
                "prefer not to say",
                "prefer_not_to_say",
                "prefer-not-to-disclose",
                "prefer not to answer",
            ],
        ),
        (
            "silent",
            &["u", "unknown", "not specified", "not_specified", "not  specified"],
        ),
    ] {
        each_gives(Form::Gender, words, letter);
    }
    each_gives(
        Form::Gender,
        &["robot", "mm", "males", "mr", "girl", "boy", "na", "null"],
        "!invalid_gender",
    );
    holds(
        Form::Gender,
        &[("1", "!invalid_gender"), ("true", "!invalid_gender")],
    );
}

#[test]
fn every_word_for_a_state_of_subscription() {
    event::rules!["SB-090", "SB-701"];
    let opted_in = ["opted_in", "opted-in", "opted in", "optedin", "opt_in", "opt-in"];
    each_gives(Form::State, &opted_in, "\"opted_in\"");
    let subscribed = ["subscribed", "subscribe", "sub scribed", "true", "1", "yes"];
    each_gives(Form::State, &subscribed, "\"subscribed\"");
    let unsubscribed = [
        "unsubscribed",
        "unsubscribe",
        "un-subscribed",
        "opted_out",
        "opt-out",
        "optout",
        "false",
        "0",
        "no",
    ];
    each_gives(Form::State, &unsubscribed, "\"unsubscribed\"");
    each_gives(
        Form::State,
        &["maybe", "on", "off", "none", "-1", "0-", "2", "paused"],
        "!subscription_lost",
    );
    holds(
        Form::State,
        &[
            ("true", "\"subscribed\""),
            ("false", "\"unsubscribed\""),
            ("1", "\"subscribed\""),
            ("0.0", "\"unsubscribed\""),
            ("2", "!subscription_lost"),
            ("-1", "!subscription_lost"),
        ],
    );
}

#[test]
fn a_flag_is_a_boolean_or_its_word() {
    event::rules!["SB-090", "SB-701"];
    each_gives(Form::Flag, &["true", "1"], "true");
    each_gives(Form::Flag, &["false", "0"], "false");
    each_gives(Form::Flag, &["yes", "no", "on", "t"], "!invalid_value");
    holds(
        Form::Flag,
        &[
            ("true", "true"),
            ("false", "false"),
            ("1", "true"),
            ("0", "false"),
            ("2", "!invalid_value"),
        ],
    );
}

#[test]
fn a_name_is_a_string_as_it_is_or_a_number_as_a_string() {
    event::rules!["SB-003", "SB-090"];
    holds(
        Form::Name,
        &[
            ("\"Mara\"", "\"Mara\""),
            ("\" Mara \"", "\" Mara \""),
            ("\"\\u00e9\\/\\\"\"", "\"\\u00e9\\/\\\"\""),
            ("7", "\"7\""),
            ("9007199254740993.10", "\"9007199254740993.10\""),
            ("1e400", "\"1e400\""),
            ("true", "!invalid_value"),
        ],
    );
}

#[test]
fn a_time_is_sent_in_utc_with_milliseconds() {
    event::rules!["SB-063", "SB-090"];
    holds(
        Form::Time,
        &[
            (
                "\"2026-02-03T10:15:30.25009+01:00\"",
                "\"2026-02-03T09:15:30.250Z\"",
            ),
            ("1700000000", "\"2023-11-14T22:13:20.000Z\""),
            ("\"soon\"", "!invalid_value"),
            ("-1", "!invalid_value"),
            ("true", "!invalid_value"),
        ],
    );
}
