//! How much of a file is believed before anything is allocated for it. Source: `currents-files.md`, CF-056 to CF-059.

/// Bytes of the header.
pub const HEADER_BYTES: usize = 1 << 20;
/// Bytes of the schema's text.
pub const SCHEMA_BYTES: usize = 1 << 20;
/// Fields of all records of the schema together.
pub const FIELDS: usize = 2_000;
/// Types in the schema, symbols of enums among them.
pub const NODES: usize = 20_000;
/// Bytes of a type's full name: one namespace becomes part of the names of all types in it.
pub const NAME_BYTES: usize = 1 << 10;
/// Bytes of a block, as stored and as inflated.
pub const BLOCK_BYTES: usize = 128 << 20;
/// Levels of nesting, in the schema and in the data.
pub const LEVELS: usize = 16;
/// Bytes of text that one byte of a block may become: names of fields are written out again for each record, and a file
/// with names of a megabyte must not keep a function busy for hours.
pub const TEXT_A_BYTE: u64 = 100;
/// Bytes of text that every block may become, however small it is.
pub const TEXT_A_BLOCK: u64 = 1 << 20;
