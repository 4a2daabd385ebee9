//! What a text is: blank or a word, an id or a placeholder (FM-003, FM-004), an e-mail address (FM-010).

use event::json::{Json, Kind};
use event::placeholder::WORDS;
use std::borrow::Cow;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// A string that says something, as it is, or the text of a number.
pub fn text(json: Json<'_>) -> Option<Cow<'_, str>> {
    match json.as_number() {
        Some(number) => Some(Cow::Borrowed(number)),
        None => json.as_str().filter(|text| !trim(text).is_empty()),
    }
}

/// A string for comparison: trimmed, ASCII letters in lower case.
pub fn word(json: Json<'_>) -> Option<String> {
    Some(trim(&json.as_str()?).to_ascii_lowercase())
}

/// Whether a value is a string without a character that can be seen.
pub fn is_blank(json: Json<'_>) -> bool {
    json.kind() == Kind::String && json.as_str().is_none_or(|text| trim(&text).is_empty())
}

/// Whether a text is digits and nothing else.
pub fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The value of the first `count` bytes, if these are digits, and what follows them.
pub fn leading_digits(text: &str, count: usize) -> Option<(i32, &str)> {
    let (digits, rest) = text.split_at_checked(count)?;
    let value = is_digits(digits).then(|| digits.parse().ok())??;
    Some((value, rest))
}

/// The digits of an integer, or a string that says something as it is; `None` for all else.
pub fn identity_text(json: Json<'_>) -> Option<Cow<'_, str>> {
    match json.as_number() {
        Some(number) => is_integer(number).then_some(Cow::Borrowed(number)),
        None => json.as_str().filter(|text| !trim(text).is_empty()),
    }
}

/// Whether the text of a JSON number has neither fraction nor exponent.
pub fn is_integer(number: &str) -> bool {
    !number.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

/// The words of one route's settings.
#[derive(Clone, Copy)]
pub struct Placeholders<'s> {
    /// `reject_placeholder_ids`
    rejects: bool,
    /// `placeholder_ids`
    words: &'s [String],
}

impl<'s> Placeholders<'s> {
    /// Those of the settings `reject_placeholder_ids` and `placeholder_ids`.
    pub const fn new(rejects: bool, words: &'s [String]) -> Self {
        Self { rejects, words }
    }

    /// Whether a text is nobody's id: that of a user, an anonymous user or an alias.
    pub fn is_nobody(self, text: &str) -> bool {
        let text = trim(text);
        self.rejects && (is_zeros(text) || self.lists(text))
    }

    /// Whether a text is no id of an event or a device. The table of words counts here whatever the settings say: events
    /// of one shared id would be dropped as repeats, and a device without an id is none.
    pub fn is_no_id(self, text: &str) -> bool {
        let text = trim(text);
        is_zeros(text) || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word)) || self.lists(text)
    }

    /// The id of a user, an anonymous user or an alias, unless it is nobody's.
    pub fn user<'a>(self, json: Json<'a>) -> Option<Cow<'a, str>> {
        identity_text(json).filter(|id| !self.is_nobody(id))
    }

    /// The id of an event or a device, unless it is none.
    pub fn thing<'a>(self, json: Json<'a>) -> Option<Cow<'a, str>> {
        identity_text(json).filter(|id| !self.is_no_id(id))
    }

    /// Whether a user's id is refused because it is nobody's.
    pub fn refuses(self, json: Option<Json<'_>>) -> bool {
        json.and_then(identity_text).is_some_and(|id| self.is_nobody(&id))
    }

    fn lists(self, text: &str) -> bool {
        // Most ids are longer than the words.
        let may_be = |word: &&String| word.len() >= text.len();
        let mut words = self.words.iter().filter(may_be);
        words.any(|word| text.eq_ignore_ascii_case(word.trim()))
    }
}

/// A text without white space at its ends. Most texts have none, which two bytes tell.
pub fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// Whether a text consists of `0` and `-` only. An empty one is blank, which is another thing.
fn is_zeros(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0' | b'-'))
}

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
    let text = trim(text);
    match text.split_at_checked(SCHEME.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => rest.trim_start(),
        _ => text,
    }
}

/// Whether a character is of the Unicode category Cf.
fn is_format(letter: char) -> bool {
    letter.general_category() == GeneralCategory::Format
}

/// Characters of an address, of its local part, and of one label of its domain.
const LONGEST_EMAIL: usize = 254;
const LONGEST_LOCAL_PART: usize = 64;
const LONGEST_LABEL: usize = 63;

/// What an address may hold only in quotes, which Braze does not take.
const QUOTED_ONLY: &str = "\"(),:;<>[\\]";

/// The clean address, if it has the form that RFC 5321 gives it. A domain of other than ASCII letters is encoded.
pub fn email(text: &str) -> Option<String> {
    let text = clean_address(text);
    let (local, domain) = text.split_once('@')?;
    let domain = if domain.is_ascii() {
        Cow::Borrowed(domain)
    } else {
        Cow::Owned(idna::domain_to_ascii(domain).ok()?)
    };
    let is_refused = |c: char| c.is_whitespace() || c.is_control() || QUOTED_ONLY.contains(c);
    let is_email = is_short(local, LONGEST_LOCAL_PART)
        && local.split('.').all(|piece| !piece.is_empty())
        && !local.contains(is_refused)
        && domain.contains('.')
        && domain.split('.').all(is_label);
    let address = format!("{local}@{domain}");
    (is_email && is_short(&address, LONGEST_EMAIL)).then_some(address)
}

fn is_short(part: &str, longest: usize) -> bool {
    (1..=longest).contains(&part.chars().count())
}

fn is_label(label: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    is_short(label, LONGEST_LABEL)
        && label.bytes().all(is_allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::page::{quoted, table};

    fn json(text: &str) -> Json<'_> {
        Json::parse(text).unwrap()
    }

    #[test]
    fn text_is_a_string_that_is_not_blank_or_the_text_of_a_number() {
        event::rules!["SB-044", "SB-173"];
        for (given, wanted) in [
            ("\"sku-1\"", Some("sku-1")),
            ("\" sku \"", Some(" sku ")),
            ("\"\\u00e9\"", Some("\u{e9}")),
            ("41.50", Some("41.50")),
            ("0", Some("0")),
            ("\"\"", None),
            ("\" \\n\\u00a0\\u3000\"", None),
            ("true", None),
            ("null", None),
            ("[\"a\"]", None),
            ("{\"a\":1}", None),
        ] {
            assert_eq!(text(json(given)).as_deref(), wanted, "{given}");
        }
    }

    #[test]
    fn a_word_is_trimmed_and_in_lower_case_of_ascii() {
        event::rules!["SB-011", "SB-050"];
        for (given, wanted) in [
            ("\" Identify\\n\"", Some("identify")),
            ("\"\u{c9}T\u{c9}\"", Some("\u{c9}t\u{c9}")),
            ("\"\"", Some("")),
            ("1", None),
            ("true", None),
            ("null", None),
        ] {
            assert_eq!(word(json(given)).as_deref(), wanted, "{given}");
        }
    }

    #[test]
    fn an_id_is_digits_or_a_string_that_says_something() {
        event::rules!["BS-010", "SR-006"];
        for (given, id) in [
            ("\"u-1\"", Some("u-1")),
            ("\" u-1 \"", Some(" u-1 ")),
            ("9007199254740993", Some("9007199254740993")),
            ("-5", Some("-5")),
            ("0", Some("0")),
            ("7.0", None),
            ("1e3", None),
            ("\" \"", None),
            ("\"\"", None),
            ("true", None),
            ("null", None),
            ("[1]", None),
            ("{}", None),
        ] {
            assert_eq!(
                identity_text(Json::parse(given).unwrap()).as_deref(),
                id,
                "{given}"
            );
        }
    }

    const ZEROS: [&str; 5] = ["0", "-", "000", "00000000-0000-0000-0000-000000000000", " 0-0 "];

    fn defaults() -> Vec<String> {
        WORDS.map(String::from).to_vec()
    }

    #[test]
    fn every_word_of_the_page_is_a_placeholder_in_any_case() {
        event::rules!["FM-003"];
        let rows = table("Words of FM-003");
        let page: Vec<&str> = rows.iter().flat_map(|row| quoted(row[1])).collect();
        assert_eq!(page, WORDS);
        let words = defaults();
        let placeholders = Placeholders::new(true, &words);
        for word in page.into_iter().chain(ZEROS) {
            for text in [word.to_owned(), word.to_uppercase(), format!("\t {word}\u{a0}")] {
                assert!(placeholders.is_nobody(&text), "{text}");
                assert!(placeholders.is_no_id(&text), "{text}");
            }
        }
        for id in [
            "nullable",
            "-2",
            "1",
            "0x0",
            "0.0",
            "00a",
            "null null",
            "nil.",
            "u-1",
            "—",
            "",
            " ",
            "none@a.example",
        ] {
            assert!(!placeholders.is_nobody(id), "{id}");
            assert!(!placeholders.is_no_id(id), "{id}");
        }
    }

    #[test]
    fn the_settings_choose_the_words_and_whether_they_count() {
        event::rules!["FM-004"];
        let own = ["Guest ".to_owned(), "test-user".to_owned()];
        let placeholders = Placeholders::new(true, &own);
        for word in ["guest", " GUEST", "Test-User", "0", "--"] {
            assert!(placeholders.is_nobody(word), "{word}");
            assert!(placeholders.is_no_id(word), "{word}");
        }
        for word in WORDS {
            assert!(!placeholders.is_nobody(word), "{word} is not in the list");
            assert!(placeholders.is_no_id(word), "{word}");
        }
        let none = Placeholders::new(true, &[]);
        assert!(none.is_nobody("0") && !none.is_nobody("null"));
        let off = Placeholders::new(false, &own);
        for word in WORDS.into_iter().chain(ZEROS) {
            assert!(!off.is_nobody(word), "{word}");
            assert!(off.is_no_id(word), "{word}");
        }
        assert!(!off.is_nobody("guest") && off.is_no_id("guest"));
    }

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
