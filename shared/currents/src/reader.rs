//! One message about a file, from its receipt to what SQS does with it.

mod run;

pub(crate) use run::{End, Halt, Run};

use crate::event_text::{EventText, NotCurrents};
use crate::event_type::of_key_alone;
use crate::message::{Opened, Work, open};
use crate::object::Objects;
use crate::settle::Settled;
use crate::{key, report};
use avro::{Codec, Schema, Unreadable};
use delivery::backoff::{NEWER_VERSION_MS, ahead};
use delivery::{Record, settings_unusable};
use event::ports::Visibility;
use event::reasons::{IgnoreReason, ParkReason};
use event::settings::{Problem, Settings};
use event::{Clock, Route, Timestamp, currents};
use mapping::braze_to_segment::closed_to_type;
use std::cell::Cell;
use surroundings::Surroundings;

/// The surroundings of a reader: it reads files of a bucket, and lets messages wait.
pub trait ReaderSurroundings: Surroundings<Queue: Visibility, Store: Objects> {}

impl<S: Surroundings<Queue: Visibility, Store: Objects>> ReaderSurroundings for S {}

/// Which objects are read.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// The bucket's name.
    pub name: String,
    /// What their keys begin with.
    pub prefix: String,
}

/// Reads the files that messages name.
pub struct FileReader<S: ReaderSurroundings> {
    function: &'static str,
    settings: Settings,
    /// Whether a mistake in the settings keeps every file where it is.
    is_held: bool,
    bucket: Bucket,
    surroundings: S,
    steps: Steps,
    warm: Cell<bool>,
}

/// Undoes the compression of a block, into a buffer that is kept from block to block.
pub type Inflate = for<'b> fn(Codec, &'b [u8], &'b mut Vec<u8>) -> Result<&'b [u8], Unreadable>;

/// The steps that meet what others wrote: tests use some that panic.
#[derive(Clone, Copy)]
pub struct Steps {
    /// Finds the form of a file's events, by its schema and their type.
    pub begin: fn(&Schema, &str) -> Result<EventText, NotCurrents>,
    /// Inflates a block.
    pub inflate: Inflate,
    /// Writes the event of a record at the end of a text.
    pub write: fn(&EventText, &avro::Record<'_>, &mut String),
}

impl Steps {
    /// Those of this crate.
    pub const OWN: Self = Self {
        begin: EventText::new,
        inflate: Codec::inflate,
        write: EventText::write,
    };
}

/// What is to be done with a message before its file is looked at.
pub(crate) enum Task {
    Read(Work),
    Ignore(Option<Work>, IgnoreReason),
    /// It waits until its time comes.
    Wait(Work),
    /// It waits until a person has changed the settings.
    Hold(Work),
    Newer,
    /// Its body is parked.
    Seal(ParkReason),
}

impl<S: ReaderSurroundings> FileReader<S> {
    /// A reader; `function` is its name in lines. It starts with any settings: where what is `unusable` concerns its route, it
    /// holds the files (RI-048).
    pub fn new(
        function: &'static str,
        settings: Settings,
        mut unusable: Vec<Problem>,
        bucket: Bucket,
        surroundings: S,
    ) -> Self {
        unusable.retain(|problem| problem.concerns(Route::BrazeToSegment));
        settings_unusable(&unusable, surroundings.sink());
        Self {
            function,
            settings,
            is_held: !unusable.is_empty(),
            bucket,
            surroundings,
            steps: Steps::OWN,
            warm: Cell::new(false),
        }
    }

    /// The same reader with other steps.
    #[must_use]
    pub const fn by(mut self, steps: Steps) -> Self {
        self.steps = steps;
        self
    }

    /// Works on the messages of an invocation, and gives the ids of those that SQS must keep.
    pub async fn handle(&self, records: &[Record], deadline: Timestamp) -> Vec<String> {
        let mut kept = Vec::new();
        for record in records {
            // Boxed: the layers of a whole file in one future are more than the compiler lays out at once.
            if !Box::pin(self.is_finished(record, deadline)).await {
                kept.push(record.message_id.clone());
            }
        }
        kept
    }

    async fn is_finished(&self, record: &Record, deadline: Timestamp) -> bool {
        let now = self.surroundings.clock().now();
        let task = self.task(record, now);
        let mut run = Run::new(self, record, now, deadline);
        let end = match task {
            Task::Seal(reason) => {
                run.park_message(reason);
                match run.flush().await {
                    Ok(()) => End::Parked(reason),
                    Err(halt) => End::of(halt),
                }
            }
            Task::Newer => End::Newer,
            Task::Ignore(work, reason) => {
                run.is_about(work);
                End::Ignored(reason)
            }
            Task::Wait(work) => {
                run.is_about(Some(work));
                End::NotBefore
            }
            Task::Hold(work) => {
                run.is_about(Some(work));
                End::Hold
            }
            Task::Read(work) => {
                run.is_about(Some(work));
                run.read().await
            }
        };
        let settled: Settled = run.settle(end).await;
        report::emit(&run, &settled, !self.warm.replace(true));
        settled.is_finished
    }

    fn task(&self, record: &Record, now: Timestamp) -> Task {
        let mut work = match open(&record.body) {
            Opened::Work(work) => work,
            Opened::Other => return Task::Ignore(None, IgnoreReason::FileForeign),
            Opened::Unreadable => return Task::Seal(ParkReason::UnreadableMessage),
            Opened::Newer => {
                let since = record.sent_at.map_or(0, |sent| now.millis_since(sent));
                return if since > NEWER_VERSION_MS {
                    Task::Seal(ParkReason::UnknownVersion)
                } else {
                    Task::Newer
                };
            }
        };
        work.told_at = work.told_at.or(record.sent_at).or(Some(now));
        if work.bucket != self.bucket.name || !key::is_read(&work.key, &self.bucket.prefix) {
            return Task::Ignore(Some(work), IgnoreReason::FileForeign);
        }
        work.not_before = ahead(work.not_before, now);
        if work.not_before.is_none() && self.is_held {
            return Task::Hold(work);
        }
        if !self.settings.routes.is_on(Route::BrazeToSegment) {
            return Task::Ignore(Some(work), IgnoreReason::NoRoute);
        }
        if let Some((_, reason)) = key::event_type(&work.key).and_then(|named| {
            let named = currents::canonical(of_key_alone(named));
            closed_to_type(named, &self.settings.braze_to_segment)
        }) {
            return Task::Ignore(Some(work), reason);
        }
        match work.not_before {
            Some(_) => Task::Wait(work),
            None => Task::Read(work),
        }
    }
}
