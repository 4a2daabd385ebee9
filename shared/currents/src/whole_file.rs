//! A file that is at hand as a whole, read for the command line into the events that the function would send.

use crate::event_text::{EventText, NotCurrents};
use crate::event_type::{TypeFault, event_type};
use crate::key;
use avro::{Damaged, Frame, Header, HeaderFault, Records, Schema, Unreadable, frame};
use event::reasons::ParkReason;
use std::ops::Range;

pub(crate) struct Beginning {
    pub(crate) header: Header,
    pub(crate) event_type: String,
    pub(crate) text: EventText,
}

/// Reads the beginning of a file from its first bytes; `is_all` says that there are no more of them. `begin` finds the form of its
/// events.
///
/// # Errors
/// Why the file is parked whole.
pub(crate) fn beginning(
    bytes: &[u8],
    is_all: bool,
    key: &str,
    begin: fn(&Schema, &str) -> Result<EventText, NotCurrents>,
) -> Result<Beginning, ParkReason> {
    let header = match Header::read(bytes, is_all) {
        Ok(Some(header)) => header,
        Ok(None) | Err(HeaderFault::Schema(_)) => return Err(ParkReason::FileSchema),
        Err(HeaderFault::NotAvro) => return Err(ParkReason::FileNotAvro),
        Err(HeaderFault::Codec) => return Err(ParkReason::FileCodec),
    };
    let event_type = match event_type(key::event_type(key), &header.schema.name) {
        Ok(event_type) => event_type.to_owned(),
        Err(TypeFault::Conflict) => return Err(ParkReason::FileTypeConflict),
        Err(TypeFault::Unknown) => return Err(ParkReason::FileTypeUnknown),
    };
    let text = begin(&header.schema, &event_type).map_err(|_| ParkReason::FileSchema)?;
    Ok(Beginning {
        header,
        event_type,
        text,
    })
}

/// What a file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct WholeFile {
    /// Its events in order, each as Custom HTTP would send it.
    pub events: Vec<String>,
    /// What cannot be read: why, and between which bytes.
    pub set_aside: Vec<(ParkReason, Range<usize>)>,
}

/// Reads a file; its type follows from its key, or by a path that ends like it, and by its schema.
///
/// # Errors
/// Why nothing of it can be read.
pub fn read_whole_file(key: &str, bytes: &[u8]) -> Result<WholeFile, ParkReason> {
    let Beginning { header, text, .. } = beginning(bytes, true, key, EventText::new)?;
    let (mut file, mut at, mut space) = (WholeFile::default(), header.length, Vec::new());
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let (length, outcome) = match frame(rest, &header.sync) {
            Ok(Frame::Whole { count, data, length }) => {
                let records = header
                    .codec
                    .inflate(data, &mut space)
                    .and_then(|data| text.records(&header.schema, data, count));
                let read = records.and_then(|records| events(records, &text, &mut file.events));
                (length, read.map_err(|_| ParkReason::FileBlockUnreadable))
            }
            Ok(Frame::More(_) | Frame::TooLarge { .. }) | Err(Damaged) => {
                (rest.len(), Err(ParkReason::FileDamaged))
            }
        };
        match outcome {
            Ok(0) => {}
            Ok(_) => file.set_aside.push((ParkReason::EventTooLarge, at..at + length)),
            Err(reason) => file.set_aside.push((reason, at..at + length)),
        }
        at += length;
    }
    Ok(file)
}

/// Writes the events of a block, and gives how many are too large.
fn events(mut records: Records<'_>, text: &EventText, into: &mut Vec<String>) -> Result<usize, Unreadable> {
    let mut too_large = 0;
    while let Some(record) = records.next_record()? {
        if record.is_over() {
            too_large += 1;
            continue;
        }
        let mut event = String::new();
        text.write(&record, &mut event);
        into.push(event);
    }
    Ok(too_large)
}
