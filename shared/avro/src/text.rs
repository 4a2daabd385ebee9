//! The JSON text of one record, within bounds.

use crate::cursor::Unreadable;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

/// The text of one record's values.
pub(crate) struct Text {
    text: String,
    /// Bytes that one record may have.
    most: usize,
    /// Whether this one would have more; its text is not complete then.
    is_over: bool,
    /// Bytes that the records of the block may still become.
    left: u64,
}

impl Text {
    pub(crate) const fn new(most: usize, left: u64) -> Self {
        Self {
            text: String::new(),
            most,
            is_over: false,
            left,
        }
    }

    /// For the next record.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.is_over = false;
    }

    pub(crate) const fn is_over(&self) -> bool {
        self.is_over
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) const fn len(&self) -> usize {
        self.text.len()
    }

    /// Takes back what was written since.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.text.truncate(length);
    }

    /// Counts bytes that are to be written, here or by whoever reads the record.
    pub(crate) fn charge(&mut self, bytes: usize) -> Result<(), Unreadable> {
        self.left = self.left.checked_sub(bytes as u64).ok_or(Unreadable::Verbose)?;
        Ok(())
    }

    /// Whether so many bytes more are still written. Nothing is allocated for those that are not.
    fn takes(&mut self, bytes: usize) -> Result<bool, Unreadable> {
        self.charge(bytes)?;
        self.is_over |= self.text.len().saturating_add(bytes) > self.most;
        Ok(!self.is_over)
    }

    /// Writes text that is JSON already.
    pub(crate) fn put(&mut self, json: &str) -> Result<(), Unreadable> {
        if self.takes(json.len())? {
            self.text.push_str(json);
        }
        Ok(())
    }

    pub(crate) fn integer(&mut self, value: i64) -> Result<(), Unreadable> {
        self.put(itoa::Buffer::new().format(value))
    }

    /// A number of 32 or 64 bits: the shortest decimal that reads back to it. What is no number is a string.
    pub(crate) fn float(&mut self, value: impl std::fmt::Debug + Into<f64> + Copy) -> Result<(), Unreadable> {
        let double: f64 = value.into();
        if double.is_nan() {
            self.put("\"NaN\"")
        } else if double.is_infinite() {
            self.put(if double > 0.0 {
                "\"Infinity\""
            } else {
                "\"-Infinity\""
            })
        } else if self.takes(SHORTEST_FLOAT_BYTES)? {
            // Writing to a String cannot fail.
            let _ = write!(self.text, "{value:?}");
            Ok(())
        } else {
            Ok(())
        }
    }

    pub(crate) fn base64(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        if self.takes(bytes.len() / 3 * 4 + 6)? {
            self.text.push('"');
            STANDARD.encode_string(bytes, &mut self.text);
            self.text.push('"');
        }
        Ok(())
    }

    /// A string, each part that is not UTF-8 replaced by U+FFFD.
    pub(crate) fn string(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        if !self.takes(bytes.len() + 2)? {
            return Ok(());
        }
        let begun = self.text.len();
        match std::str::from_utf8(bytes) {
            Ok(text) => event::json::write_string(&mut self.text, text),
            Err(_) => event::json::write_string(&mut self.text, &String::from_utf8_lossy(bytes)),
        }
        // Escapes are known only now; a string has at most six times its bytes.
        let escapes = (self.text.len() - begun).saturating_sub(bytes.len() + 2);
        self.charge(escapes)?;
        self.is_over |= self.text.len() > self.most;
        Ok(())
    }
}

/// The longest decimal that is ever the shortest of a 64-bit number, such as `-2.2250738585072014e-308`.
const SHORTEST_FLOAT_BYTES: usize = 24;
