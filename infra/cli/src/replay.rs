//! `switchyard replay`: parked events and dead letters go to their destinations again (RD-190 to RD-192).

mod options;
mod plan;
mod tally;

pub use options::{EXAMPLES, Options};

use std::io::{BufWriter, Write as _};
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use event::envelope::Envelope;
use event::ports::QueueName;
use event::settings::Settings;
use event::{Destination, Route};
use futures_util::future::try_join_all;
use mapping::printed::print;
use tokio::sync::Mutex;
use tokio::time::{Interval, MissedTickBehavior, interval};

use self::plan::{Message, Plan, Stay, plan};
use self::tally::Tally;
use crate::EXIT_CANNOT;
use crate::account::{self, DeployedStack, Queue, Received};
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
    match replay(options).await {
        Ok(tally) => {
            let lines = tally.lines(options.dry_run);
            // The results of a dry run are on standard output alone.
            if options.dry_run {
                lines.iter().for_each(terminal::note);
            } else {
                lines.iter().for_each(terminal::line);
            }
            if tally.is_clean() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            terminal::error(&error);
            ExitCode::from(EXIT_CANNOT)
        }
    }
}

async fn replay(options: &Options) -> Result<Tally, Error> {
    let settings = crate::map::settings(options.settings.as_deref())?;
    let stack = DeployedStack::find(&options.account).await?;
    let replay = Replay {
        options,
        settings,
        to: Targets::find(&stack).await?,
        stack: &stack,
        pace: Mutex::new(pace(options.rate)),
    };
    let waiting = queues(&stack, &options.selection).await?;
    let mut expected = 0;
    for queue in &waiting {
        expected += queue.visible().await?;
    }
    let mut counter = Counter::new(expected);
    let mut tally = Tally::default();
    let mut stop = pin!(tokio::signal::ctrl_c());
    for queue in &waiting {
        let mut walk = queue.walk();
        loop {
            let messages = tokio::select! {
                biased;
                stopped = &mut stop => {
                    stopped.map_err(Error::Signal)?;
                    tally.stop();
                    Vec::new()
                }
                messages = walk.next() => messages?,
            };
            if messages.is_empty() {
                break;
            }
            let count = messages.len();
            let handled = messages.into_iter().map(|message| replay.message(queue, message));
            for (kept, part) in try_join_all(handled).await? {
                kept.into_iter().for_each(|message| walk.keep(message));
                tally.add(part);
            }
            counter.advance(count, tally.replayed());
        }
        walk.end().await?;
        if tally.is_stopped() {
            break;
        }
    }
    Ok(tally)
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
                queue.send(&message.body).await?;
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
}

impl Replay<'_> {
    /// Handles one message, and gives it back if it stays.
    async fn message(
        &self,
        queue: &Queue<'_>,
        message: Received,
    ) -> Result<(Option<Received>, Tally), account::Error> {
        let mut tally = Tally::default();
        let selection = &self.options.selection;
        let waiting = Waiting::open(&message, selection.dead_letters, &self.settings);
        if !selection.has(&waiting) {
            return Ok((Some(message), tally));
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
                return Ok((Some(message), tally));
            }
            Plan::Send(messages) => messages,
        };
        if self.options.dry_run {
            messages.iter().for_each(|message| self.show(message, &mut tally));
            tally.replays(&messages);
            return Ok((Some(message), tally));
        }
        if messages.iter().any(|message| message.may_count_twice) {
            terminal::warn_once(TWICE);
        }
        for message in &messages {
            self.pace.lock().await.tick().await;
            self.to.send(message).await?;
        }
        // SQS has all of it. A crash before this line sends it once more, and loses nothing.
        queue.delete(&message).await?;
        tally.replays(&messages);
        Ok((None, tally))
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
