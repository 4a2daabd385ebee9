//! How long a JSON text is in its most compact form.

use super::well_formed;

/// The bytes of a valid JSON text without white space between its tokens and with no escape but those that JSON demands,
/// each in its shortest form. It is never more than the text has.
pub fn compact_size(json: &str) -> usize {
    let json = well_formed(json);
    let mut bytes = json.bytes();
    let mut size = 0;
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {}
            b'"' => size += 1 + rest_of_string(&mut bytes),
            _ => size += 1,
        }
    }
    size
}

/// The bytes of a string as JSON, with its quotes and the escapes that JSON demands.
pub fn string_size(text: &str) -> usize {
    2 + text.bytes().map(|byte| unit_size(u32::from(byte))).sum::<usize>()
}

/// Counts to the closing quote, inclusive.
fn rest_of_string(bytes: &mut std::str::Bytes<'_>) -> usize {
    let mut size = 0;
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return size + 1,
            b'\\' => {
                size += match bytes.next() {
                    Some(b'u') => escaped_unit(bytes),
                    Some(b'/') => 1,
                    _ => 2,
                }
            }
            _ => size += 1,
        }
    }
    size
}

/// What the four digits of `\uXXXX` come to. Of a surrogate pair each half counts for two bytes: together a character of
/// four.
fn escaped_unit(bytes: &mut std::str::Bytes<'_>) -> usize {
    let unit = bytes.by_ref().take(4).fold(0, |unit, digit| {
        unit * 16 + char::from(digit).to_digit(16).unwrap_or_default()
    });
    match unit {
        0..0x80 => unit_size(unit),
        0x80..0x800 | 0xD800..0xE000 => 2,
        _ => 3,
    }
}

/// The bytes of one ASCII character, or of one byte of a longer character, in a JSON string.
const fn unit_size(unit: u32) -> usize {
    match unit {
        0x22 | 0x5C | 0x08 | 0x09 | 0x0A | 0x0C | 0x0D => 2,
        0..0x20 => 6,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_that_of_the_shortest_text_of_the_same_value() {
        crate::rules!["BS-150", "BZ-250"];
        for (text, shortest) in [
            (r#" { "a" : [ 1 , "x y" ] } "#, r#"{"a":[1,"x y"]}"#),
            (
                r#""\/\u0041\u00e9\u20ac\ud83d\ude00""#,
                "\"/A\u{e9}\u{20ac}\u{1f600}\"",
            ),
            (r#""\u000a\u0022\u005c\u0001\n\b\f""#, r#""\n\"\\\u0001\n\b\f""#),
            (r#""\ud83d""#, "\"\u{fffd}\""),
            (r#"{"a\"b":"{ }"}"#, r#"{"a\"b":"{ }"}"#),
            ("17.60", "17.60"),
        ] {
            assert_eq!(compact_size(text), shortest.len(), "{text}");
            assert_eq!(compact_size(shortest), shortest.len(), "{shortest}");
        }
    }

    #[test]
    fn a_string_has_the_size_of_its_json_text() {
        for text in [
            "",
            "plain",
            "\"quoted\\\"",
            "line\n\u{1}\u{7f}",
            "\u{1f600}\u{e9}",
        ] {
            let json = serde_json::to_string(text).unwrap();
            assert_eq!(string_size(text), json.len(), "{json}");
        }
    }
}
