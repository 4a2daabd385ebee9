//! What is sent together: events, and what is set aside between them, each with its place in the file.

use crate::limits::{CHUNK_BYTES, CHUNK_EVENTS};
use event::reasons::ParkReason;
use std::ops::Range;

/// A place in a file: a block, and events of it that are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Position {
    /// The first byte of the block; 0 before the header.
    pub offset: u64,
    /// Events of that block that come before it.
    pub skip: u64,
}

/// A part of a file that is set aside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub reason: ParkReason,
    /// The first byte behind it, if others follow.
    pub to: Option<u64>,
    /// How many events are meant, if not all of them.
    pub count: Option<u64>,
}

impl Part {
    /// One event, of the block that ends there.
    pub(crate) const fn event(reason: ParkReason, end: u64) -> Self {
        Self {
            reason,
            to: Some(end),
            count: Some(1),
        }
    }
}

/// One thing that goes into a queue.
pub(crate) enum Item {
    /// An event: its text in the chunk, and the first byte behind its block.
    Event { text: Range<usize>, end: u64 },
    /// An event that was read and is parked.
    ParkedEvent(Part),
    /// A part that is parked; nobody has counted its events.
    ParkedPart(Part),
}

impl Item {
    /// Whether it was read as one event.
    pub(crate) const fn is_event(&self) -> bool {
        matches!(self, Self::Event { .. } | Self::ParkedEvent(_))
    }

    pub(crate) const fn parked(&self) -> Option<&Part> {
        match self {
            Self::Event { .. } => None,
            Self::ParkedEvent(part) | Self::ParkedPart(part) => Some(part),
        }
    }
}

/// What is sent together.
#[derive(Default)]
pub(crate) struct Chunk {
    pub text: String,
    pub items: Vec<(Position, Item)>,
}

impl Chunk {
    /// Whether it is time to send it.
    pub(crate) fn is_full(&self) -> bool {
        self.text.len() >= CHUNK_BYTES || self.items.len() >= CHUNK_EVENTS
    }

    /// The text of an event.
    pub(crate) fn event(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.items.clear();
    }
}
