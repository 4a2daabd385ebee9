//! `switchyard replay`: parked events and dead letters go to their destinations again (RD-190 to RD-192).

mod options;
mod plan;
mod tally;

pub use options::{EXAMPLES, Options};

use std::collections::HashSet;
use std::io::{BufWriter, Write as _};
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::time::Duration;

use event::envelope::Envelope;
use event::ports::QueueName;
use event::settings::Settings;
use event::{Destination, Route};
use futures_util::future::join_all;
use mapping::printed::print;
use tokio::sync::Mutex;
use tokio::time::{Interval, MissedTickBehavior, interval};

use self::plan::{Message, Plan, Stay, plan};
use self::tally::Tally;
use crate::EXIT_CANNOT;
use crate::account::{self, DeployedStack, Queue, Received, Walk};
use crate::terminal::{self, Counter};
use crate::waiting::{Waiting, queues};
use crate::wall_clock::now;

/// What stops a replay. What was replayed before is deleted, and what was not is where it was.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The account or its stack cannot be reached.
    #[error(transparent)]
    Aws(#[from] account::Error),
    /// The settings file.
    #[error(transparent)]
    Settings(#[from] crate::map::Error),
    /// Ctrl-C.
    #[error("cannot listen for Ctrl-C")]
    Signal(#[source] std::io::Error),
}

/// Replays what the options select.
pub async fn run(options: &Options) -> ExitCode {
    let mut tally = Tally::default();
    let replayed = replay(options, &mut tally).await;
    // What was done before an error is told too.
    if replayed.is_ok() || tally.is_begun() {
        let lines = tally.lines(options.dry_run);
        // The results of a dry run are on standard output alone.
        if options.dry_run {
            lines.iter().for_each(terminal::note);
        } else {
            lines.iter().for_each(terminal::line);
        }
    }
    match replayed {
        Ok(()) if tally.is_clean() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(error) => {
            terminal::error(&error);
            ExitCode::from(EXIT_CANNOT)
        }
    }
}

async fn replay(options: &Options, tally: &mut Tally) -> Result<(), Error> {
    let settings = crate::map::settings(options.settings.as_deref())?;
    let stack = DeployedStack::find(&options.account).await?;
    replay_of(options, settings, &stack, tally).await
}

async fn replay_of(
    options: &Options,
    settings: Settings,
    stack: &DeployedStack,
    tally: &mut Tally,
) -> Result<(), Error> {
    let replay = Replay {
        options,
        settings,
        to: Targets::find(stack).await?,
        stack,
        pace: Mutex::new(pace(options.rate)),
        sent: Mutex::default(),
    };
    let waiting = queues(stack, &options.selection).await?;
    let mut expected = 0;
    for queue in &waiting {
        expected += queue.visible().await?;
    }
    let mut counter = Counter::new(expected);
    let mut stop = pin!(tokio::signal::ctrl_c());
    for queue in &waiting {
        let mut walk = queue.walk();
        let walked = replay
            .all(queue, &mut walk, stop.as_mut(), tally, &mut counter)
            .await;
        // What stays is visible again, also after an error.
        let ended = walk.end().await;
        walked?;
        ended?;
        if tally.is_stopped() {
            break;
        }
    }
    Ok(())
}

/// The queues that events and files go to.
struct Targets<'s>(Vec<(QueueName, Queue<'s>)>);

impl<'s> Targets<'s> {
    async fn find(stack: &'s DeployedStack) -> Result<Self, account::Error> {
        let mut queues = Vec::new();
        for destination in Destination::ALL {
            let queue = stack.destination_queue(destination).await?;
            queues.push((QueueName::Destination(destination), queue));
        }
        let files = stack.files_queue("BrazeFilesQueue").await?;
        queues.extend(files.map(|queue| (QueueName::BrazeFiles, queue)));
        Ok(Self(queues))
    }

    fn has(&self, name: QueueName) -> bool {
        self.0.iter().any(|(own, _)| *own == name)
    }

    async fn send(&self, message: &Message) -> Result<(), account::Error> {
        for (name, queue) in &self.0 {
            if *name == message.to {
                queue.send(&message.body, message.group).await?;
            }
        }
        Ok(())
    }
}

/// Ticks as often as a message may be sent. A tick that comes late is not made up for by two at once.
fn pace(rate: u32) -> Interval {
    let mut pace = interval(Duration::from_secs(1) / rate);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace
}

struct Replay<'r> {
    options: &'r Options,
    settings: Settings,
    to: Targets<'r>,
    stack: &'r DeployedStack,
    pace: Mutex<Interval>,
    /// The fingerprints of what this run has sent.
    sent: Mutex<HashSet<u64>>,
}

impl Replay<'_> {
    /// Replays what is selected of a queue, until its end, Ctrl-C, or an error of AWS.
    async fn all(
        &self,
        queue: &Queue<'_>,
        walk: &mut Walk<'_, '_>,
        mut stop: Pin<&mut impl Future<Output = std::io::Result<()>>>,
        tally: &mut Tally,
        counter: &mut Counter,
    ) -> Result<(), Error> {
        loop {
            let messages = tokio::select! {
                biased;
                stopped = stop.as_mut() => {
                    stopped.map_err(Error::Signal)?;
                    tally.stop();
                    Vec::new()
                }
                messages = walk.next() => messages?,
            };
            if messages.is_empty() {
                return Ok(());
            }
            // All of them, whatever comes of one: between sending and deleting none is given up.
            let handled = messages.iter().map(|message| self.message(queue, message));
            let handled = join_all(handled).await;
            let (count, mut failed) = (messages.len(), None);
            for (message, (replayed, part)) in messages.into_iter().zip(handled) {
                tally.add(part);
                let is_gone = replayed.unwrap_or_else(|error| {
                    failed = Some(error);
                    false
                });
                if !is_gone {
                    walk.keep(message);
                }
            }
            counter.advance(count, tally.replayed());
            if let Some(error) = failed {
                return Err(error.into());
            }
        }
    }

    /// Handles one message, and counts what was done. Gives whether it is replayed and gone; it stays otherwise.
    async fn message(&self, queue: &Queue<'_>, message: &Received) -> (Result<bool, account::Error>, Tally) {
        let mut tally = Tally::default();
        (self.counted(queue, message, &mut tally).await, tally)
    }

    async fn counted(
        &self,
        queue: &Queue<'_>,
        message: &Received,
        tally: &mut Tally,
    ) -> Result<bool, account::Error> {
        let selection = &self.options.selection;
        let waiting = Waiting::open(message, selection.dead_letters, &self.settings);
        if !selection.has(&waiting) {
            return Ok(false);
        }
        let object = match waiting.object() {
            Some(key) => self.stack.fallback_object(key).await?,
            None => None,
        };
        let planned = match plan(waiting, object.as_deref(), now(), &self.settings) {
            Plan::Send(messages) if messages.iter().any(|message| !self.to.has(message.to)) => {
                Plan::Stay(Stay::NoRoute)
            }
            planned => planned,
        };
        let messages = match planned {
            Plan::Stay(stay) => {
                tally.stays(stay);
                return Ok(false);
            }
            Plan::Send(messages) => messages,
        };
        if self.options.dry_run {
            messages.iter().for_each(|message| self.show(message, tally));
            tally.replays(&messages);
            return Ok(false);
        }
        if !messages.is_empty() && self.has_sent(&messages).await {
            tally.stays(Stay::ParkedAgain);
            return Ok(false);
        }
        if messages.iter().any(|message| message.may_count_twice) {
            terminal::warn_once(TWICE);
        }
        for message in &messages {
            self.pace.lock().await.tick().await;
            self.to.send(message).await?;
            self.sent.lock().await.insert(message.fingerprint());
        }
        // SQS has all of it. A crash before this line sends it once more, and loses nothing.
        queue.delete(message).await?;
        tally.replays(&messages);
        Ok(true)
    }

    /// Whether this run has sent all of them: a deliverer may park them again before the queue is empty.
    async fn has_sent(&self, messages: &[Message]) -> bool {
        let sent = self.sent.lock().await;
        messages
            .iter()
            .all(|message| sent.contains(&message.fingerprint()))
    }

    /// Prints what would be sent of a message's events.
    fn show(&self, message: &Message, tally: &mut Tally) {
        let Ok(envelope) = Envelope::open(&message.body) else {
            return;
        };
        let Some(route) = Route::between(envelope.head.source, envelope.head.destination) else {
            return;
        };
        let mut out = BufWriter::new(std::io::stdout().lock());
        for event in &envelope.events {
            let printed = print(route, event.get(), &self.settings, false);
            tally.parks_again(printed.is_parked);
            // A closed pipe (`| head`) is the reader's choice.
            let _ = writeln!(out, "{}", printed.line);
        }
    }
}

const TWICE: &str = "some events for Segment were first sent over 24 hours ago: Segment forgets their ids after a day, \
    and what it has taken of them counts twice";

#[cfg(test)]
mod tests;
