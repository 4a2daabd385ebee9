//! Writing: straight into the text of a request.

use super::index::special_bytes;
use super::read::Json;

/// Writes a string as JSON, with its quotes.
pub fn write_string(out: &mut String, text: &str) {
    if needs_escapes(text.as_bytes()) {
        // A string always serialises.
        out.push_str(&serde_json::to_string(text).unwrap_or_default());
    } else {
        out.reserve(text.len() + 2);
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}

/// Whether a string has a character that JSON must escape.
fn needs_escapes(text: &[u8]) -> bool {
    let is_special = |word: [u8; 8]| special_bytes(u64::from_le_bytes(word)) != 0;
    if let Some(last) = text.last_chunk() {
        // The last eight bytes may be looked at twice.
        return text.as_chunks().0.iter().any(|word| is_special(*word)) || is_special(*last);
    }
    if let (Some([a, b, c, d]), Some([e, f, g, h])) = (text.first_chunk(), text.last_chunk()) {
        return is_special([*a, *b, *c, *d, *e, *f, *g, *h]);
    }
    text.iter()
        .any(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\'))
}

/// Writes one object; it is closed when the writer is dropped.
pub struct ObjectWriter<'w> {
    out: &'w mut String,
    begun: bool,
}

/// Writes one array; it is closed when the writer is dropped.
pub struct ArrayWriter<'w> {
    out: &'w mut String,
    begun: bool,
}

impl<'w> ObjectWriter<'w> {
    /// Begins an object at the end of `out`.
    pub fn new(out: &'w mut String) -> Self {
        out.push('{');
        Self { out, begun: false }
    }

    /// The place of a value; write exactly one JSON value there.
    pub fn place(&mut self, key: &str) -> &mut String {
        if self.begun {
            self.out.push(',');
        }
        self.begun = true;
        write_string(self.out, key);
        self.out.push(':');
        self.out
    }

    /// A value as it was received.
    pub fn json(&mut self, key: &str, value: Json<'_>) {
        self.raw(key, value.raw());
    }

    /// A value whose JSON text is at hand, such as a number or an item made before.
    pub fn raw(&mut self, key: &str, json: &str) {
        self.place(key).push_str(json);
    }

    /// Writes a text, escaped.
    pub fn string(&mut self, key: &str, text: &str) {
        write_string(self.place(key), text);
    }

    /// Writes `true` or `false`.
    pub fn bool(&mut self, key: &str, value: bool) {
        self.raw(key, if value { "true" } else { "false" });
    }

    /// Writes `null`.
    pub fn null(&mut self, key: &str) {
        self.raw(key, "null");
    }

    /// An object below this one; finish it before you go on here.
    pub fn object(&mut self, key: &str) -> ObjectWriter<'_> {
        ObjectWriter::new(self.place(key))
    }

    /// An array below this object; finish it before you go on here.
    pub fn array(&mut self, key: &str) -> ArrayWriter<'_> {
        ArrayWriter::new(self.place(key))
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        !self.begun
    }
}

impl Drop for ObjectWriter<'_> {
    fn drop(&mut self) {
        self.out.push('}');
    }
}

impl<'w> ArrayWriter<'w> {
    /// Begins an array at the end of `out`.
    pub fn new(out: &'w mut String) -> Self {
        out.push('[');
        Self { out, begun: false }
    }

    /// The place of the next element; write exactly one JSON value there.
    pub fn place(&mut self) -> &mut String {
        if self.begun {
            self.out.push(',');
        }
        self.begun = true;
        self.out
    }

    /// A value as it was received.
    pub fn json(&mut self, value: Json<'_>) {
        self.raw(value.raw());
    }

    /// A value whose JSON text is at hand.
    pub fn raw(&mut self, json: &str) {
        self.place().push_str(json);
    }

    /// Writes a text, escaped.
    pub fn string(&mut self, text: &str) {
        write_string(self.place(), text);
    }

    /// An object as the next element; finish it before you go on here.
    pub fn object(&mut self) -> ObjectWriter<'_> {
        ObjectWriter::new(self.place())
    }

    /// An array as the next element; finish it before you go on here.
    pub fn array(&mut self) -> ArrayWriter<'_> {
        ArrayWriter::new(self.place())
    }
}

impl Drop for ArrayWriter<'_> {
    fn drop(&mut self) {
        self.out.push(']');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_writers_close_themselves_in_order() {
        let mut out = String::new();
        {
            let mut object = ObjectWriter::new(&mut out);
            object.string("a\"b", "c\nd");
            object.raw("n", "1.50");
            {
                let mut list = object.array("l");
                list.string("x");
                list.object().bool("t", true);
                list.array();
            }
            object.object("o");
            object.null("z");
        }
        assert_eq!(
            out,
            r#"{"a\"b":"c\nd","n":1.50,"l":["x",{"t":true},[]],"o":{},"z":null}"#
        );
    }
}
