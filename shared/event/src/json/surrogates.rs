//! Escapes that are valid JSON and no text.

use std::borrow::Cow;

/// Replaces every unpaired surrogate escape (`\ud83d` alone) by `\ufffd`. JSON allows them, and a strict parser would
/// lose the whole event for one. All other text is borrowed unchanged.
pub fn well_formed(text: &str) -> Cow<'_, str> {
    if !text
        .as_bytes()
        .windows(3)
        .any(|w| matches!(w, [b'\\', b'u', b'd' | b'D']))
    {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (plain, escape) = rest.split_at(at);
        out.push_str(plain);
        let (taken, written) = match surrogate(escape) {
            None => {
                let end = escape.char_indices().nth(2).map_or(escape.len(), |(end, _)| end);
                (end, escape.get(..end).unwrap_or(escape))
            }
            Some(high)
                if high < 0xDC00
                    && escape
                        .get(6..)
                        .and_then(surrogate)
                        .is_some_and(|low| low >= 0xDC00) =>
            {
                (12, escape.get(..12).unwrap_or(escape))
            }
            Some(_) => (6, "\\ufffd"),
        };
        out.push_str(written);
        rest = escape.get(taken..).unwrap_or("");
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The surrogate that the text begins with as an escape.
fn surrogate(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let unit = u16::from_str_radix(digits, 16).ok()?;
    (0xD800..0xE000).contains(&unit).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unpaired_surrogate_becomes_the_replacement_character() {
        crate::rules!["SB-004"];
        for (given, wanted) in [
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""\ud83d\ude00""#, "\u{1f600}"),
            (r#""\ude00\ud83d!""#, "\u{fffd}\u{fffd}!"),
            (r#""\\ud83d""#, "\\ud83d"),
            (r#""\ud83d\n\uD83Dé\\""#, "\u{fffd}\n\u{fffd}é\\"),
        ] {
            let text = well_formed(given);
            assert_eq!(
                crate::json::Json::parse(&text).unwrap().as_str().unwrap(),
                wanted,
                "{given}"
            );
        }
        assert!(matches!(well_formed(r#""plain \u00e9""#), Cow::Borrowed(_)));
    }
}
