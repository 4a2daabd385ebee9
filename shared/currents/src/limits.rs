//! Numbers of reading. Source: `currents-files.md`, sections 4 to 9.

/// Bytes of one range of an object (CF-040).
pub const RANGE_BYTES: u64 = 8 << 20;
/// Bytes read for the header where reading begins further on (CF-044).
pub const HEADER_RANGE_BYTES: u64 = 1 << 20;
/// Milliseconds in which S3 has to answer (CF-045).
pub const ANSWER_MS: u64 = 10_000;
/// How often a file is read from its beginning again in one invocation because it was overwritten (CF-042).
pub const RESTARTS: u32 = 3;
/// How many blocks of a file may be unreadable before all of it counts as damaged (CF-084).
pub const UNREADABLE_BLOCKS: u32 = 10;
/// Bytes of events that are sent together: eight calls of ten envelopes of 64 KiB (CF-090).
pub const CHUNK_BYTES: usize = 8 * 10 * (64 << 10);
/// Events that are sent together, however small they are.
pub const CHUNK_EVENTS: usize = 20_000;
/// Milliseconds before the deadline from which on nothing more is read (CF-093).
pub const STOP_MS: i64 = 15_000;
/// Milliseconds before the deadline at which the last send of events ends.
pub const SENT_MS: i64 = 6_000;
/// Milliseconds before the deadline at which the last park or work message is sent.
pub const SETTLED_MS: i64 = 2_000;
