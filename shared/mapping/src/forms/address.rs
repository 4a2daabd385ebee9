//! E-mail addresses without what cannot be seen (FM-010).

use std::borrow::Cow;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

const SCHEME: &str = "mailto:";

/// The address without format characters wherever they stand, without white space at its ends and without one leading
/// `mailto:`.
pub fn clean_address(text: &str) -> Cow<'_, str> {
    // Most addresses are ASCII, which has no format characters.
    if text.is_ascii() || !text.chars().any(is_format) {
        return Cow::Borrowed(bare(text));
    }
    let visible: String = text.chars().filter(|letter| !is_format(*letter)).collect();
    Cow::Owned(bare(&visible).to_owned())
}

fn bare(text: &str) -> &str {
    let text = text.trim();
    match text.split_at_checked(SCHEME.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => rest.trim_start(),
        _ => text,
    }
}

/// Whether a character is of the Unicode category Cf.
fn is_format(letter: char) -> bool {
    letter.general_category() == GeneralCategory::Format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_loses_what_cannot_be_seen() {
        event::rules!["FM-010"];
        for (given, wanted) in [
            ("ada@gardenia.example", "ada@gardenia.example"),
            (" Ada@Gardenia.example\u{a0}\n", "Ada@Gardenia.example"),
            ("mailto:ada@gardenia.example", "ada@gardenia.example"),
            (" MailTo: ada@gardenia.example", "ada@gardenia.example"),
            ("mailto:mailto:ada@b.example", "mailto:ada@b.example"),
            ("\u{200b}mail\u{ad}to:ada@b.example\u{feff}", "ada@b.example"),
            ("\u{202a} ada@b.example \u{202c}", "ada@b.example"),
            ("j\u{f6}rg\u{2060}@b.example", "j\u{f6}rg@b.example"),
            ("adamailto:@b.example", "adamailto:@b.example"),
            ("mailto:", ""),
            ("\u{feff}", ""),
            ("", ""),
        ] {
            assert_eq!(clean_address(given), wanted, "{given:?}");
        }
    }

    #[test]
    fn every_format_character_that_the_page_names_is_removed() {
        event::rules!["FM-010"];
        let ranges = [
            ('\u{ad}', '\u{ad}'),
            ('\u{200b}', '\u{200f}'),
            ('\u{202a}', '\u{202e}'),
            ('\u{2060}', '\u{2064}'),
            ('\u{2066}', '\u{206f}'),
            ('\u{feff}', '\u{feff}'),
            ('\u{61c}', '\u{61c}'),
            ('\u{e0020}', '\u{e007f}'),
        ];
        for (first, last) in ranges {
            for letter in first..=last {
                let given = format!("a{letter}da@b.{letter}example{letter}");
                assert_eq!(clean_address(&given), "ada@b.example", "{letter:?}");
            }
        }
        for letter in ['\u{2010}', '\u{2065}', '\u{e9}', '\u{4e2d}'] {
            let given = format!("a{letter}da@b.example");
            assert_eq!(clean_address(&given), given);
        }
    }
}
