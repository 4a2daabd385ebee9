//! Records become JSON text, field by field.

use crate::cursor::{Cursor, Unreadable};
use crate::limits::{LEVELS, TEXT_A_BLOCK, TEXT_A_BYTE};
use crate::schema::{Field, Node, Schema};
use crate::text::Text;
use std::ops::Range;

/// The records of one block.
pub struct Records<'b> {
    schema: &'b Schema,
    bytes: Cursor<'b>,
    /// Records that have not been read.
    left: u64,
    /// Bytes that are written around the values of every record.
    around: usize,
    text: Text,
    values: Vec<Option<Range<usize>>>,
}

/// One record: the text of its fields' values.
///
/// It holds a payload, so it cannot be printed:
/// ```compile_fail,E0277
/// fn print(record: avro::Record<'_>) -> String {
///     format!("{record:?}")
/// }
/// ```
pub struct Record<'r> {
    text: &'r Text,
    values: &'r [Option<Range<usize>>],
}

impl<'b> Records<'b> {
    /// The `count` records in the inflated bytes of a block. The text of a record's values has at most `most_text` bytes;
    /// one with more is read over ([`Record::is_over`]).
    ///
    /// # Errors
    /// If there are more records than bytes.
    pub fn new(
        schema: &'b Schema,
        bytes: &'b [u8],
        count: u64,
        most_text: usize,
    ) -> Result<Self, Unreadable> {
        if count > bytes.len() as u64 {
            return Err(Unreadable::Count);
        }
        let most = (bytes.len() as u64).saturating_mul(TEXT_A_BYTE);
        Ok(Self {
            schema,
            bytes: Cursor::new(bytes),
            left: count,
            around: 0,
            text: Text::new(most_text, most.saturating_add(TEXT_A_BLOCK)),
            values: Vec::with_capacity(schema.fields().len()),
        })
    }

    /// For a reader that writes so many bytes of its own for every record: they count as text of the block too.
    #[must_use]
    pub const fn written_with(mut self, around: usize) -> Self {
        self.around = around;
        self
    }

    /// The next record; `None` behind the last one.
    ///
    /// # Errors
    /// Why the rest of the block cannot be read. What came before stands.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, Unreadable> {
        if self.left == 0 {
            return match self.bytes.left() {
                0 => Ok(None),
                _ => Err(Unreadable::BytesLeft),
            };
        }
        self.left -= 1;
        self.text.clear();
        self.values.clear();
        self.text.charge(self.around)?;
        for field in self.schema.fields() {
            let begun = self.text.len();
            let is_null = self
                .schema
                .value(field.node, &mut self.bytes, &mut self.text, 1)?;
            if is_null {
                self.text.truncate(begun);
                self.values.push(None);
            } else {
                // Whoever reads the record writes the key.
                self.text.charge(field.key.len())?;
                self.values.push(Some(begun..self.text.len()));
            }
        }
        Ok(Some(Record {
            text: &self.text,
            values: &self.values,
        }))
    }
}

impl Record<'_> {
    /// The JSON text of the value of the field at this place of [`Schema::fields`]; `None` if it is null.
    pub fn value(&self, place: usize) -> Option<&str> {
        let range = self.values.get(place)?.clone()?;
        self.text.as_str().get(range)
    }

    /// Whether the text of its values is longer than was allowed; its values are not complete then.
    pub const fn is_over(&self) -> bool {
        self.text.is_over()
    }
}

impl Schema {
    /// Writes one value, and says whether it is null. `level` is that of the container around it.
    fn value(
        &self,
        node: usize,
        bytes: &mut Cursor<'_>,
        text: &mut Text,
        level: usize,
    ) -> Result<bool, Unreadable> {
        match self.nodes.get(node).unwrap_or(&Node::Null) {
            Node::Null => {
                text.put("null")?;
                return Ok(true);
            }
            Node::Boolean => match bytes.array()? {
                [0] => text.put("false")?,
                [1] => text.put("true")?,
                _ => return Err(Unreadable::Boolean),
            },
            Node::Int => {
                let value = i32::try_from(bytes.long()?).map_err(|_| Unreadable::Number)?;
                text.integer(value.into())?;
            }
            Node::Long => text.integer(bytes.long()?)?,
            Node::Float => text.float(f32::from_le_bytes(bytes.array()?))?,
            Node::Double => text.float(f64::from_le_bytes(bytes.array()?))?,
            Node::Bytes => text.base64(bytes.bytes()?)?,
            Node::String => text.string(bytes.bytes()?)?,
            Node::Fixed(size) => text.base64(bytes.take(*size)?)?,
            Node::Enum(symbols) => text.put(branch(symbols, bytes)?)?,
            Node::Union(branches) => {
                let node = *branch(branches, bytes)?;
                return self.value(node, bytes, text, level);
            }
            Node::Array(items) => self.array(*items, bytes, text, deeper(level)?)?,
            Node::Map(values) => self.map(*values, bytes, text, deeper(level)?)?,
            Node::Record(fields) => self.record(fields, bytes, text, deeper(level)?)?,
        }
        Ok(false)
    }

    fn array(
        &self,
        items: usize,
        bytes: &mut Cursor<'_>,
        text: &mut Text,
        level: usize,
    ) -> Result<(), Unreadable> {
        text.put("[")?;
        let mut is_first = true;
        loop {
            let count = bytes.count()?;
            if count == 0 {
                return text.put("]");
            }
            for _ in 0..count {
                text.put(if is_first { "" } else { "," })?;
                is_first = false;
                self.value(items, bytes, text, level)?;
            }
        }
    }

    fn map(
        &self,
        values: usize,
        bytes: &mut Cursor<'_>,
        text: &mut Text,
        level: usize,
    ) -> Result<(), Unreadable> {
        text.put("{")?;
        let mut is_first = true;
        loop {
            let count = bytes.count()?;
            if count == 0 {
                return text.put("}");
            }
            for _ in 0..count {
                text.put(if is_first { "" } else { "," })?;
                is_first = false;
                text.string(bytes.bytes()?)?;
                text.put(":")?;
                self.value(values, bytes, text, level)?;
            }
        }
    }

    fn record(
        &self,
        fields: &[Field],
        bytes: &mut Cursor<'_>,
        text: &mut Text,
        level: usize,
    ) -> Result<(), Unreadable> {
        text.put("{")?;
        let mut is_first = true;
        for field in fields {
            let begun = text.len();
            text.put(if is_first { "" } else { "," })?;
            text.put(&field.key)?;
            if self.value(field.node, bytes, text, level)? {
                text.truncate(begun);
            } else {
                is_first = false;
            }
        }
        text.put("}")
    }
}

/// The level below, if there may be one: asked before anything there is read.
fn deeper(level: usize) -> Result<usize, Unreadable> {
    if level < LEVELS {
        Ok(level + 1)
    } else {
        Err(Unreadable::Deep)
    }
}

/// The branch of a union, or the symbol of an enum, whose number comes next.
fn branch<'n, T>(branches: &'n [T], bytes: &mut Cursor<'_>) -> Result<&'n T, Unreadable> {
    let place = usize::try_from(bytes.long()?).ok();
    place
        .and_then(|place| branches.get(place))
        .ok_or(Unreadable::Branch)
}
