//! Files go into the queue at a pace that new ones stay ahead of.

use std::cell::Cell;

use currents::message::{Cause, Work};
use event::Clock;
use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressStyle};

use super::Error;
use super::listing::Object;
use crate::terminal;

/// The two queues, as far as they matter here.
#[allow(async_fn_in_trait, reason = "everything runs on one thread")]
pub(crate) trait Queues {
    /// Sends one message to the file queue.
    async fn send(&self, body: String) -> Result<(), Error>;
    /// How many messages the file queue and the queue of Segment hold.
    async fn depths(&self) -> Result<(u64, u64), Error>;
}

/// How fast files are sent, and when they wait.
pub(crate) struct Pace {
    pub(crate) files_a_second: u32,
    /// With more messages in the file queue than this, nothing is sent.
    pub(crate) most_files: u64,
    /// With more messages in the queue of Segment than this, nothing is sent.
    pub(crate) most_messages: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            files_a_second: 5,
            most_files: 50,
            most_messages: 2_000,
        }
    }
}

/// How long a full queue is waited for before it is looked at again, in milliseconds.
const LOOK_AGAIN_MS: u64 = 5_000;

/// How often progress is a line, where no bar can be drawn, in milliseconds.
const LINE_EVERY_MS: i64 = 30_000;

/// Files on their way into the queue.
pub(crate) struct Sending<'o> {
    bucket: &'o str,
    objects: &'o [Object],
    sent: Cell<usize>,
    bar: ProgressBar,
}

impl<'o> Sending<'o> {
    pub(crate) fn new(bucket: &'o str, objects: &'o [Object]) -> Self {
        let bytes = objects.iter().map(|object| object.size).sum();
        let bar = ProgressBar::new(bytes);
        let form = "{bar:30} {bytes} of {total_bytes}, {msg}, {bytes_per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(form) {
            bar.set_style(style);
        }
        Self {
            bucket,
            objects,
            sent: Cell::new(0),
            bar,
        }
    }

    /// Sends all of them.
    pub(crate) async fn run(
        &self,
        queues: &impl Queues,
        clock: &impl Clock,
        pace: &Pace,
    ) -> Result<(), Error> {
        let mut told_at = clock.now();
        let between_ms = 1000_u64.div_ceil(u64::from(pace.files_a_second.max(1)));
        for object in self.objects {
            loop {
                let (files, messages) = queues.depths().await?;
                if files <= pace.most_files && messages <= pace.most_messages {
                    break;
                }
                self.bar.set_message(format!(
                    "waiting: the queues hold {files} files and {messages} messages"
                ));
                clock.sleep(LOOK_AGAIN_MS).await;
            }
            let mut work = Work::whole(self.bucket.to_owned(), object.key.clone());
            work.cause = Some(Cause::Backfill);
            work.told_at = Some(clock.now());
            queues.send(work.to_body()).await?;
            self.sent.set(self.sent.get() + 1);
            self.bar
                .set_message(format!("{} of {} files", self.sent.get(), self.objects.len()));
            self.bar.inc(object.size);
            if self.bar.is_hidden() && clock.now().millis_since(told_at) >= LINE_EVERY_MS {
                told_at = clock.now();
                terminal::line(self.progress());
            }
            clock.sleep(between_ms).await;
        }
        Ok(())
    }

    /// The key of the last file that is in the queue.
    pub(crate) fn last_sent(&self) -> Option<&str> {
        let last = self.sent.get().checked_sub(1)?;
        self.objects.get(last).map(|object| object.key.as_str())
    }

    /// How far it is, in words.
    fn progress(&self) -> String {
        let of = |objects: &[Object]| {
            objects
                .iter()
                .map(|object| object.size)
                .sum::<u64>()
                .div_ceil(1_000_000)
        };
        let sent = self.objects.get(..self.sent.get()).unwrap_or_default();
        format!(
            "Sent {} of {} files, {} of {} MB; {} left at {} a second.",
            sent.len(),
            self.objects.len(),
            of(sent),
            of(self.objects),
            HumanDuration(self.bar.eta()),
            HumanBytes(self.bar.per_sec() as u64),
        )
    }

    pub(crate) fn finish(&self) {
        self.bar.abandon();
        let sent = self.sent.get();
        terminal::line(format!("Sent {sent} of {} files.", self.objects.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::Timestamp;
    use std::cell::RefCell;

    /// Queues that are full for a while, and a clock.
    struct FakeQueues {
        now: Cell<Timestamp>,
        depths: RefCell<Vec<(u64, u64)>>,
        sent: RefCell<Vec<(Timestamp, String)>>,
        fails_after: usize,
    }

    impl Clock for &FakeQueues {
        fn now(&self) -> Timestamp {
            self.now.get()
        }

        async fn sleep(&self, millis: u64) {
            self.now.set(self.now.get().plus_millis(millis.cast_signed()));
        }
    }

    impl Queues for &FakeQueues {
        async fn send(&self, body: String) -> Result<(), Error> {
            if self.sent.borrow().len() == self.fails_after {
                return Err(Error::Call {
                    operation: "SendMessage",
                    detail: "AccessDenied".to_owned(),
                });
            }
            self.sent.borrow_mut().push((self.now.get(), body));
            Ok(())
        }

        async fn depths(&self) -> Result<(u64, u64), Error> {
            Ok(self.depths.borrow_mut().pop().unwrap_or((50, 2_000)))
        }
    }

    fn queues(fails_after: usize) -> FakeQueues {
        FakeQueues {
            now: Cell::new(Timestamp::from_millis(0)),
            depths: RefCell::default(),
            sent: RefCell::default(),
            fails_after,
        }
    }

    fn objects(count: usize) -> Vec<Object> {
        let object = |n: usize| Object {
            key: format!("currents/{n:03}.avro"),
            size: 10,
            written_at: Timestamp::from_millis(0),
        };
        (0..count).map(object).collect()
    }

    #[tokio::test]
    async fn files_keep_to_the_rate_and_wait_for_full_queues() {
        event::rules!["CF-110", "CF-113"];
        let (queues, objects) = (queues(usize::MAX), objects(20));
        queues
            .depths
            .borrow_mut()
            .extend([(50, 2_000), (0, 2_001), (51, 0)]);
        let pace = Pace {
            files_a_second: 4,
            ..Pace::default()
        };
        Sending::new("b", &objects)
            .run(&&queues, &&queues, &pace)
            .await
            .unwrap();
        let sent = queues.sent.borrow();
        assert_eq!(sent.len(), 20);
        assert_eq!(sent[0].0.millis(), 10_000, "two looks at full queues");
        assert_eq!(sent[19].0.millis(), 10_000 + 19 * 250);
        assert_eq!(
            sent[0].1,
            r#"{"v":1,"bucket":"b","key":"currents/000.avro","offset":0,"skip":0,"cause":"backfill","told_at":"1970-01-01T00:00:10.000Z","attempt":0}"#
        );
    }

    #[tokio::test]
    async fn an_interruption_knows_the_last_file_that_was_sent() {
        event::rules!["CF-114"];
        let (queues, objects) = (queues(3), objects(5));
        let sending = Sending::new("b", &objects);
        assert_eq!(sending.last_sent(), None);
        assert!(sending.run(&&queues, &&queues, &Pace::default()).await.is_err());
        assert_eq!(sending.last_sent(), Some("currents/002.avro"));
    }
}
