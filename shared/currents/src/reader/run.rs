//! What one message about a file has come to.

use super::{FileReader, ReaderSurroundings, Steps};
use crate::answer::Classification;
use crate::chunk::{Chunk, Item, Part, Position};
use crate::limits::{ANSWER_MS, SENT_MS, STOP_MS};
use crate::message::Work;
use crate::object::Object;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use delivery::Record;
use event::envelope::{Auth, Content, FilePart, Head, KeyAge, Parked};
use event::ports::QueueName;
use event::reasons::{IgnoreReason, ParkReason};
use event::settings::Settings;
use event::{Clock, Destination, Source, Timestamp, currents, hex};
use receipt::pack::pack;
use receipt::send::{Outgoing, Sending, send};
use sha2::{Digest, Sha256};

/// How reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Every event is queued or parked.
    Done,
    /// It was not read.
    Ignored(IgnoreReason),
    /// It, or its rest, is parked.
    Parked(ParkReason),
    /// The rest is for another invocation.
    FollowUp,
    /// The rest is tried again later.
    Retry,
    /// A person has to act first.
    Hold,
    /// What is to be parked was not: nothing is deleted on the strength of that.
    ParkFailed,
    /// The message says when.
    NotBefore,
    /// The message is newer than this code.
    Newer,
}

impl End {
    /// Where reading halted.
    pub(crate) fn of(halt: Halt) -> Self {
        match halt {
            Halt::End(end) => end,
            Halt::Answer(_) => Self::Retry,
        }
    }
}

/// Why reading does not go on.
pub(crate) enum Halt {
    /// It has ended so.
    End(End),
    /// S3 says so.
    Answer(Classification),
}

impl From<Classification> for Halt {
    fn from(classification: Classification) -> Self {
        Self::Answer(classification)
    }
}

/// What one message about a file has come to.
pub(crate) struct Run<'r, S: ReaderSurroundings> {
    pub function: &'static str,
    pub settings: &'r Settings,
    pub surroundings: &'r S,
    pub steps: Steps,
    pub record: &'r Record,
    pub work: Work,
    /// 32 hexadecimal digits that stand for bucket and key.
    pub file_id: String,
    pub at: Timestamp,
    pub deadline: Timestamp,
    /// Everything before it is finished.
    pub position: Position,
    /// The position at the beginning.
    pub begun: Position,
    /// Where reading would go on.
    pub next: Position,
    pub chunk: Chunk,
    /// Events that are still to be read.
    pub left: u64,
    /// Blocks that could not be read.
    pub unreadable: u32,
    pub events: u64,
    pub queued: u64,
    /// Parked events, and parked parts of the file, by their reasons.
    pub parked_events: Vec<ParkReason>,
    pub parked_parts: Vec<ParkReason>,
    /// Events that were read and are left to another invocation.
    pub handed_on: u64,
    pub bytes: u64,
    pub size: Option<u64>,
    pub event_type: Option<&'static str>,
    pub faults: Vec<String>,
    pub panics: u64,
    pub has_progressed: bool,
    /// Whether the message itself is parked, since it names no file.
    pub is_unreadable: bool,
}

impl<'r, S: ReaderSurroundings> Run<'r, S> {
    pub(crate) fn new(
        reader: &'r FileReader<S>,
        record: &'r Record,
        at: Timestamp,
        deadline: Timestamp,
    ) -> Self {
        let mut run = Self {
            function: reader.function,
            settings: &reader.settings,
            surroundings: &reader.surroundings,
            steps: reader.steps,
            record,
            work: Work::whole(String::new(), String::new()),
            file_id: String::new(),
            at,
            deadline,
            position: Position::default(),
            begun: Position::default(),
            next: Position::default(),
            chunk: Chunk::default(),
            left: u64::MAX,
            unreadable: 0,
            events: 0,
            queued: 0,
            parked_events: Vec::new(),
            parked_parts: Vec::new(),
            handed_on: 0,
            bytes: 0,
            size: None,
            event_type: None,
            faults: Vec::new(),
            panics: 0,
            has_progressed: false,
            is_unreadable: false,
        };
        run.is_about(None);
        run
    }

    /// Says which file it is about.
    pub(crate) fn is_about(&mut self, work: Option<Work>) {
        if let Some(work) = work {
            self.position = Position {
                offset: work.offset,
                skip: work.skip,
            };
            self.left = work.count.unwrap_or(u64::MAX);
            self.work = work;
        }
        (self.begun, self.next) = (self.position, self.position);
        let name = format!("{}/{}", self.work.bucket, self.work.key);
        self.file_id = hex(Sha256::digest(name)).take(32).collect();
    }

    /// Says which type its events have.
    pub(crate) fn is_of(&mut self, event_type: &str) {
        self.event_type = currents::event_type(event_type).map(|known| known.name);
    }

    /// Remembers what S3 says of the object.
    fn see(&mut self, object: &Object<'_, S::Store>) {
        self.size = Some(object.size()).filter(|size| *size != u64::MAX);
        self.work.etag = object.etag().map(str::to_owned);
    }

    /// Another object lies under the key: what was known of the old one is nothing worth.
    pub(crate) fn restart(&mut self) {
        self.work.etag = None;
        self.work.to = None;
        self.work.count = None;
        (self.left, self.unreadable) = (u64::MAX, 0);
        (self.position, self.next) = (Position::default(), Position::default());
    }

    /// How a file ends whose last event was read.
    pub(crate) fn ended(&self) -> End {
        match self.parked_parts.last() {
            Some(reason) => End::Parked(*reason),
            None => End::Done,
        }
    }

    /// Parks the message itself.
    pub(crate) fn park_message(&mut self, reason: ParkReason) {
        self.is_unreadable = true;
        let part = Part {
            reason,
            to: None,
            count: None,
        };
        self.chunk.items.push((self.next, Item::ParkedPart(part)));
    }

    /// How many events from the position on are meant, if not all.
    pub(crate) fn count_left(&self) -> Option<u64> {
        self.work.count.map(|_| self.left.saturating_add(self.handed_on))
    }

    /// Parks the file from the next event on.
    pub(crate) async fn set_aside_rest(&mut self, reason: ParkReason) -> Result<End, Halt> {
        let part = Part {
            reason,
            to: self.work.to,
            count: self.count_left(),
        };
        self.chunk.items.push((self.next, Item::ParkedPart(part)));
        self.flush().await?;
        Ok(End::Parked(reason))
    }

    /// Halts when what is left of the time is for sending and settling alone (CF-093).
    pub(crate) async fn stop_if_late(&mut self) -> Result<(), Halt> {
        if self.surroundings.clock().now() < self.deadline.plus_millis(-STOP_MS) {
            return Ok(());
        }
        self.flush().await?;
        Err(Halt::End(self.unfinished()))
    }

    /// Gets more bytes until so many are at hand or the object ends. Before a range for which the time may not suffice, what was
    /// read is sent.
    pub(crate) async fn need(
        &mut self,
        object: &mut Object<'_, S::Store>,
        needed: u64,
        range: u64,
    ) -> Result<(), Halt> {
        while object.lacks(needed) {
            let begins_by = self.deadline.plus_millis(-STOP_MS - ANSWER_MS.cast_signed());
            if self.surroundings.clock().now() >= begins_by {
                self.flush().await?;
            }
            self.stop_if_late().await?;
            object.more(needed, range).await?;
        }
        self.see(object);
        Ok(())
    }

    /// An invocation without any progress is no step towards the end of the file (CF-094).
    const fn unfinished(&self) -> End {
        if self.has_progressed {
            End::FollowUp
        } else {
            End::Retry
        }
    }

    /// Sends what the chunk holds. The position moves up to the first thing that no queue acknowledged.
    pub(crate) async fn flush(&mut self) -> Result<(), Halt> {
        let count = self.chunk.items.len();
        let mut sending = self.sent(self.messages()).await;
        let mut open = sending.open.iter().cloned().flatten();
        let has_open_events =
            open.any(|at| matches!(self.chunk.items.get(at), Some((_, Item::Event { .. }))));
        let refused = self.refused(&mut sending).await;
        let first_open = sending.open.iter().map(|items| items.start).min();
        let done = first_open.unwrap_or(count);
        for (at, (_, item)) in self.chunk.items.iter().enumerate() {
            match item {
                _ if at >= done => self.handed_on += u64::from(item.is_event()),
                Item::Event { .. } if refused.contains(&at) => {
                    self.parked_events.push(ParkReason::QueueRefused);
                }
                Item::Event { .. } => self.queued += 1,
                Item::ParkedEvent(part) => self.parked_events.push(part.reason),
                Item::ParkedPart(part) => self.parked_parts.push(part.reason),
            }
        }
        let stopped_at = self.chunk.items.get(done).map(|(position, _)| *position);
        self.position = stopped_at.unwrap_or(self.next);
        self.has_progressed |= done > 0;
        self.chunk.clear();
        match first_open {
            None => Ok(()),
            Some(_) => {
                self.next = self.position;
                Err(Halt::End(if has_open_events {
                    self.unfinished()
                } else {
                    End::ParkFailed
                }))
            }
        }
    }

    /// The messages of the chunk.
    fn messages(&self) -> Vec<Outgoing> {
        let head = Head {
            source: Source::Braze,
            destination: Destination::Segment,
            request_id: format!("file-{}", self.file_id).into(),
            first_received_at: self.at,
            attempt: 0,
            auth: Auth::Bucket,
            key: KeyAge::Current,
            not_before: None,
            replayed_at: None,
            held_at: None,
        };
        let items = self.chunk.items.iter().enumerate();
        let events = items.filter_map(|(place, (_, item))| match item {
            Item::Event { text, .. } => Some((place, self.chunk.event(text))),
            Item::ParkedEvent(_) | Item::ParkedPart(_) => None,
        });
        let group = self.settings.routes.group(Source::Braze, Destination::Segment);
        let of_events = pack(&head, events).into_iter().map(|packed| Outgoing {
            queue: QueueName::Destination(Destination::Segment),
            body: packed.body,
            delay_s: 0,
            group,
            events: packed.events,
            parks: None,
        });
        let parks = self.chunk.items.iter().enumerate();
        let parks = parks.filter_map(|(at, (position, item))| Some(self.park(*position, item.parked()?, at)));
        of_events.chain(parks).collect()
    }

    /// Parks the events of messages that SQS refuses for themselves. Those whose parks are refused too, or not acknowledged,
    /// are open. Gives the items that are parked.
    async fn refused(&mut self, sending: &mut Sending) -> Vec<usize> {
        let mut parked = Vec::new();
        for Outgoing { events: items, .. } in std::mem::take(&mut sending.refused) {
            let held = items
                .clone()
                .filter_map(|at| Some((at, self.chunk.items.get(at)?)));
            let parks = held.filter_map(|(at, (position, item))| match item {
                Item::Event { end, .. } => {
                    let part = Part::event(ParkReason::QueueRefused, *end);
                    Some(self.park(*position, &part, at))
                }
                Item::ParkedEvent(_) | Item::ParkedPart(_) => None,
            });
            let parks: Vec<Outgoing> = parks.collect();
            if self.sent(parks).await.acknowledged.len() == items.len() {
                parked.extend(items);
            } else {
                sending.open.push(items);
            }
        }
        parked
    }

    async fn sent(&mut self, messages: Vec<Outgoing>) -> Sending {
        let end = self.deadline.plus_millis(-SENT_MS);
        self.sent_until(messages, end).await
    }

    /// Sends messages; the client of SQS ends a call that lasts too long.
    pub(crate) async fn sent_until(&mut self, messages: Vec<Outgoing>, end: Timestamp) -> Sending {
        let (queue, clock, random) = (
            self.surroundings.queue(),
            self.surroundings.clock(),
            self.surroundings.random(),
        );
        let sending = send(queue, clock, random, |_| u64::MAX, messages, end).await;
        let faults = sending.errors.iter().map(ToString::to_string);
        self.faults.extend(faults);
        sending
    }

    fn park(&self, position: Position, part: &Part, at: usize) -> Outgoing {
        let content = if self.is_unreadable {
            Content::BodyBase64(STANDARD.encode(&self.record.body))
        } else {
            Content::File(FilePart {
                bucket: self.work.bucket.as_str().into(),
                key: self.work.key.as_str().into(),
                etag: self.work.etag.as_deref().map(Into::into),
                size: self.size,
                offset: position.offset,
                skip: position.skip,
                to: part.to,
                count: part.count,
            })
        };
        let parked = Parked {
            source: Some(Source::Braze),
            destination: Some(Destination::Segment),
            attempt: self.work.attempt,
            auth: Some(Auth::Bucket),
            key: Some(KeyAge::Current),
            ..Parked::new(
                part.reason,
                self.function,
                self.surroundings.clock().now(),
                content,
            )
        };
        Outgoing::parking(part.reason, parked.to_body(), at..at + 1)
    }
}
