//! Texts that stand where an id is missing (FM-003, FM-004).

use super::identity_text::identity_text;
use event::json::Json;
use event::placeholder::WORDS;
use std::borrow::Cow;

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
        self.rejects && (is_zeros(text.trim()) || self.lists(text.trim()))
    }

    /// Whether a text is no id of an event or a device. The table of words counts here whatever the settings say: events
    /// of one shared id would be dropped as repeats, and a device without an id is none.
    pub fn is_no_id(self, text: &str) -> bool {
        let text = text.trim();
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
        self.words
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word.trim()))
    }
}

/// Whether a text consists of `0` and `-` only. An empty one is blank, which is another thing.
fn is_zeros(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::page::{quoted, table};

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
}
