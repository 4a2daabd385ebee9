//! From the first byte of a file to its last event.

use crate::answer::Classification;
use crate::chunk::{Item, Part, Position};
use crate::event_text::EventText;
use crate::limits::{HEADER_RANGE_BYTES, RANGE_BYTES, RESTARTS, UNREADABLE_BLOCKS};
use crate::object::Object;
use crate::reader::{End, Halt, ReaderSurroundings, Run};
use crate::whole_file::{Beginning, beginning};
use avro::{Damaged, Frame, Header, Record, Records, Unreadable, frame};
use event::reasons::ParkReason;
use mapping::braze_to_segment::closed_to_type;
use receipt::pack::{Unfit, fit};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One block, found.
struct Block<'b> {
    at: u64,
    end: u64,
    count: u64,
    data: &'b [u8],
    skip: u64,
}

/// What was read of a block: a record, or its end.
enum Step {
    Skipped,
    Event,
    Parked(ParkReason),
    End,
}

impl<S: ReaderSurroundings> Run<'_, S> {
    /// Reads the file, from the position of the message on.
    pub(crate) async fn read(&mut self) -> End {
        for _ in 0..=RESTARTS {
            let halt = match self.pass().await {
                Ok(end) => return end,
                Err(halt) => halt,
            };
            let classification = match halt {
                Halt::End(end) => return end,
                Halt::Answer(classification) => classification,
            };
            // What was read before S3 failed is sent nevertheless.
            if let Err(Halt::End(end)) = self.flush().await {
                return end;
            }
            match classification {
                Classification::Overwritten => self.restart(),
                Classification::Hold => return End::Hold,
                Classification::Park(reason) => {
                    return self.set_aside_rest(reason).await.unwrap_or_else(End::of);
                }
                Classification::ReadOn | Classification::Behind | Classification::Retry => return End::Retry,
            }
        }
        End::Retry
    }

    async fn pass(&mut self) -> Result<End, Halt> {
        let (work, surroundings) = (self.work.clone(), self.surroundings);
        let mut object = Object::new(surroundings.store(), &work.bucket, &work.key, work.etag.clone());
        let ended = self.object(&mut object).await;
        self.bytes += object.received;
        self.size = Some(object.size()).filter(|size| *size != u64::MAX);
        self.work.etag = object.etag().map(str::to_owned).or(work.etag);
        match ended? {
            Some(reason) => self.set_aside_rest(reason).await,
            None => Ok(self.ended()),
        }
    }

    /// Reads an object, and says why the rest of it is to be set aside, if so.
    async fn object(&mut self, object: &mut Object<'_, S::Store>) -> Result<Option<ParkReason>, Halt> {
        let begun = self.position;
        let first = if begun.offset == 0 {
            RANGE_BYTES
        } else {
            HEADER_RANGE_BYTES
        };
        self.need(object, first, first).await?;
        let begun_with = self.caught(|run| {
            let (bytes, is_all) = (object.bytes(), object.is_at_end());
            beginning(bytes, is_all, &run.work.key, run.steps.begin)
        });
        let Beginning {
            header,
            event_type,
            text,
        } = match begun_with {
            Ok(Ok(beginning)) => beginning,
            Ok(Err(reason)) | Err(reason) => return Ok(Some(reason)),
        };
        self.is_of(&event_type);
        if let Some(reason) = closed_to_type(
            event::currents::canonical(&event_type),
            &self.settings.braze_to_segment,
        ) {
            return Err(Halt::End(End::Ignored(reason.1)));
        }
        let first_block = header.length as u64;
        object.jump(begun.offset.max(first_block));
        let skip = if begun.offset < first_block { 0 } else { begun.skip };
        self.blocks(object, &header, &text, skip).await
    }

    async fn blocks(
        &mut self,
        object: &mut Object<'_, S::Store>,
        header: &Header,
        text: &EventText,
        mut skip: u64,
    ) -> Result<Option<ParkReason>, Halt> {
        let mut space = Vec::new();
        loop {
            let (at, size) = (object.place(), object.size());
            self.next = Position { offset: at, skip };
            if at > size {
                // The message speaks of a longer object.
                return Err(Classification::Overwritten.into());
            }
            if self.left == 0 || self.work.to.is_some_and(|to| at >= to) {
                break;
            }
            self.stop_if_late().await?;
            let (count, data, length) = match frame(object.bytes(), &header.sync) {
                Ok(Frame::More(_)) if object.bytes().is_empty() && object.is_at_end() => break,
                Ok(Frame::More(needed)) if at.saturating_add(needed as u64) > size => {
                    return Ok(Some(ParkReason::FileDamaged));
                }
                Ok(Frame::More(needed)) => {
                    self.need(object, needed as u64, RANGE_BYTES).await?;
                    continue;
                }
                Ok(Frame::TooLarge { length }) => {
                    let end = at.saturating_add(length);
                    let marker = end.saturating_sub(header.sync.len() as u64);
                    if end <= size {
                        object.jump(marker);
                        self.need(object, header.sync.len() as u64, RANGE_BYTES).await?;
                    }
                    if end > size || !object.bytes().starts_with(&header.sync) {
                        return Ok(Some(ParkReason::FileDamaged));
                    }
                    if let Some(reason) = self.set_block_aside(ParkReason::FileBlockUnreadable, end) {
                        return Ok(Some(reason));
                    }
                    object.jump(end);
                    skip = 0;
                    continue;
                }
                Ok(Frame::Whole { count, data, length }) => (count, data, length),
                Err(Damaged) => return Ok(Some(ParkReason::FileDamaged)),
            };
            let end = at + length as u64;
            let block = Block {
                at,
                end,
                count,
                data,
                skip,
            };
            if let Some(reason) = self.block(&block, header, text, &mut space).await?
                && let Some(reason) = self.set_block_aside(reason, end)
            {
                return Ok(Some(reason));
            }
            object.advance(length);
            skip = 0;
        }
        self.flush().await?;
        Ok(None)
    }

    /// Reads one block, and says why its rest cannot be, if so.
    async fn block(
        &mut self,
        block: &Block<'_>,
        header: &Header,
        text: &EventText,
        space: &mut Vec<u8>,
    ) -> Result<Option<ParkReason>, Halt> {
        let records = self.caught(move |run| {
            let data = (run.steps.inflate)(header.codec, block.data, space)?;
            text.records(&header.schema, data, block.count)
        });
        let mut at = Position {
            offset: block.at,
            skip: 0,
        };
        let fault = match records {
            Err(panic) => Some(panic),
            Ok(Err(_)) => Some(ParkReason::FileBlockUnreadable),
            Ok(Ok(mut records)) => loop {
                if self.left == 0 {
                    break None;
                }
                let begun = self.chunk.text.len();
                let is_skipped = at.skip < block.skip;
                match self.caught(|run| run.step(&mut records, text, is_skipped)) {
                    Ok(Ok(Step::End)) => break None,
                    Ok(Ok(Step::Skipped)) => {}
                    Ok(Ok(Step::Event)) => {
                        let (text, end) = (begun..self.chunk.text.len(), block.end);
                        self.take(at, Item::Event { text, end });
                    }
                    Ok(Ok(Step::Parked(reason))) => {
                        self.chunk.text.truncate(begun);
                        self.take(at, Item::ParkedEvent(Part::event(reason, block.end)));
                    }
                    Ok(Err(_)) => break Some(ParkReason::FileBlockUnreadable),
                    Err(panic) => {
                        self.chunk.text.truncate(begun);
                        break Some(panic);
                    }
                }
                at.skip += 1;
                self.next = Position {
                    skip: at.skip.max(block.skip),
                    ..at
                };
                if self.chunk.is_full() {
                    self.flush().await?;
                    self.stop_if_late().await?;
                }
            },
        };
        self.next = Position {
            skip: at.skip.max(block.skip),
            ..at
        };
        Ok(fault)
    }

    /// Does what meets bytes from outside: a panic of ours in it harms one block, or one file.
    fn caught<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Result<T, ParkReason> {
        let done = catch_unwind(AssertUnwindSafe(|| work(self)));
        done.map_err(|_| {
            self.panics += 1;
            ParkReason::InternalPanic
        })
    }

    /// Reads one record, and writes its event at the end of the chunk's text.
    fn step(
        &mut self,
        records: &mut Records<'_>,
        text: &EventText,
        is_skipped: bool,
    ) -> Result<Step, Unreadable> {
        let Some(record) = records.next_record()? else {
            return Ok(Step::End);
        };
        if is_skipped {
            return Ok(Step::Skipped);
        }
        Ok(match self.written(&record, text) {
            Ok(()) => Step::Event,
            Err(Unfit::TooDeep) => Step::Parked(ParkReason::TooDeep),
            Err(Unfit::TooLarge) => Step::Parked(ParkReason::EventTooLarge),
        })
    }

    fn written(&mut self, record: &Record<'_>, text: &EventText) -> Result<(), Unfit> {
        if record.is_over() {
            return Err(Unfit::TooLarge);
        }
        let begun = self.chunk.text.len();
        (self.steps.write)(text, record, &mut self.chunk.text);
        let event = self.chunk.text.get(begun..).unwrap_or_default();
        fit(event, self.settings.receipt.max_depth)
    }

    /// Takes one event, sent or parked.
    fn take(&mut self, at: Position, item: Item) {
        self.events += 1;
        self.left = self.left.saturating_sub(1);
        self.chunk.items.push((at, item));
    }

    /// Sets aside what is left of the block that ends there. Says why all that is left of the file goes with it, if it does.
    fn set_block_aside(&mut self, reason: ParkReason, end: u64) -> Option<ParkReason> {
        self.unreadable += 1;
        // How many of the events that are meant lie in it, nobody knows.
        if self.work.count.is_some() {
            return Some(reason);
        }
        if self.unreadable > UNREADABLE_BLOCKS {
            return Some(match reason {
                ParkReason::FileBlockUnreadable => ParkReason::FileDamaged,
                other => other,
            });
        }
        let part = Part {
            reason,
            to: Some(end),
            count: None,
        };
        self.chunk.items.push((self.next, Item::ParkedPart(part)));
        None
    }
}
