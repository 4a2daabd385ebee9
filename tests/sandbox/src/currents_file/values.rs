//! Values that are hard to carry, and the JSON that each has.

/// Texts: of every length, escapes, other scripts, the two characters that SQS refuses.
pub(super) const TEXTS: &[&str] = &[
    "",
    "a",
    "Kettle",
    "a \"quoted\" \\ text",
    "line\nline\ttab\u{1}",
    "żółć 漢字 🫖",
    "\u{fffe}\u{ffff}",
    "[REDACTED]",
    "69cadaaed2d51b7c75b1a3e5",
    "https://shop.example/a?b=c&d=e",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "{\"not\":\"opened\"}",
    "null",
];

/// Numbers of 32 bits, and the shortest decimal that reads back to each.
pub(super) const FLOATS: &[(f32, &str)] = &[
    (0.0, "0.0"),
    (-0.0, "-0.0"),
    (9.99, "9.99"),
    (2.75, "2.75"),
    (0.1, "0.1"),
    (-12.5, "-12.5"),
    (100.0, "100.0"),
    (16_777_216.0, "16777216.0"),
    (48.858_37, "48.85837"),
    (f32::NAN, "\"NaN\""),
    (f32::INFINITY, "\"Infinity\""),
    (f32::NEG_INFINITY, "\"-Infinity\""),
];

/// Texts of `properties`, and what becomes of each: nothing of a blank one, a string of what is no object.
pub(super) const JSON_TEXTS: &[(&str, Option<&str>)] = &[
    ("{}", Some("{}")),
    (r#"{"size":"L"}"#, Some(r#"{"size":"L"}"#)),
    (
        "{ \"n\": 1.50,\n \"n\": 12345678901234567890, \"d\": {\"a\": [1, null]} }",
        Some("{ \"n\": 1.50,\n \"n\": 12345678901234567890, \"d\": {\"a\": [1, null]} }"),
    ),
    (r#"{"emoji":"\ud83e\uded6"}"#, Some(r#"{"emoji":"\ud83e\uded6"}"#)),
    ("", None),
    ("  ", None),
    ("[1,2]", Some("\"[1,2]\"")),
    ("{broken", Some("\"{broken\"")),
];
