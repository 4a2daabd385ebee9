//! What one request may take of memory, counted by the allocator. A binary of its own: nothing else allocates beside it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic: that is how it fails"
)]

use event::ports::{CallFailed, Entry, Queue, QueueName, Sent, Store};
use event::settings::Settings;
use event::{Clock, Random, Source, Timestamp};
use peak_alloc::PeakAlloc;
use receipt::{Receiver, Request};
use std::cell::Cell;
use surroundings::AllInOne;
use telemetry::{Line, Metrics, Secret, Sink};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const BODY_BYTES: usize = 6 * 1024 * 1024;
const MOST_BYTES: usize = 40 * 1024 * 1024;

/// An AWS that answers everything well and at once.
#[derive(Clone, Copy)]
struct Quiet<'q>(&'q Cell<usize>);

impl Clock for Quiet<'_> {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }

    async fn sleep(&self, _: u64) {
        std::future::pending().await
    }
}

impl Random for Quiet<'_> {
    fn unit(&self) -> f64 {
        0.5
    }
}

impl Queue for Quiet<'_> {
    async fn send(&self, _: QueueName, entries: &[Entry]) -> Result<Sent, CallFailed> {
        let bytes: usize = entries.iter().map(|entry| entry.body.len()).sum();
        self.0.set(self.0.get() + bytes);
        // As an adapter does: the bodies once more, as one request.
        let request: String = entries.iter().map(|entry| entry.body.as_str()).collect();
        tokio::task::yield_now().await;
        drop(request);
        Ok(Sent {
            successful: entries.iter().map(|entry| entry.id.clone()).collect(),
            failed: Vec::new(),
        })
    }
}

impl secrets::Secrets for Quiet<'_> {
    async fn fetch(&self) -> Result<Secret, CallFailed> {
        Ok(Secret::new(r#"{"tokens":["t"]}"#.to_owned()))
    }

    async fn fetch_over_new_connection(&self) -> Result<Secret, CallFailed> {
        self.fetch().await
    }
}

impl Store for Quiet<'_> {
    async fn put(&self, _: &str, _: &[u8]) -> Result<(), CallFailed> {
        Err(CallFailed::timeout("PutObject"))
    }

    async fn get(&self, _: &str) -> Result<Vec<u8>, CallFailed> {
        Err(CallFailed::timeout("GetObject"))
    }

    async fn delete(&self, _: &str) -> Result<(), CallFailed> {
        Err(CallFailed::timeout("DeleteObject"))
    }

    async fn list(&self, _: &str, _: &str, _: usize) -> Result<Vec<String>, CallFailed> {
        Ok(Vec::new())
    }
}

impl Sink for Quiet<'_> {
    fn line(&self, _: Line) {}

    fn summary(&self, _: Line, _: Metrics) {}
}

impl AllInOne for Quiet<'_> {
    type Secrets = Self;
}

/// The peak over what was allocated before, and the bytes that were queued.
fn peak(body: String, is_base64: bool) -> (usize, usize) {
    let queued = Cell::new(0);
    let quiet = Quiet(&queued);
    let settings = Settings::default();
    let receiver = Receiver::new(Source::Segment, "receive-segment", settings, quiet, quiet);
    let request = Request {
        method: "POST".into(),
        path: "/".into(),
        raw_query: "token=t".into(),
        headers: Vec::new(),
        source_ip: None,
        request_id: "r-1".into(),
        body,
        is_base64,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let own = request.body.len();
    let before = ALLOCATOR.current_usage() - own;
    ALLOCATOR.reset_peak_usage();
    let answer = runtime.block_on(receiver.handle(request));
    let peak = ALLOCATOR.peak_usage() - before;
    assert_eq!(answer.status, 200);
    (peak, queued.get())
}

/// An array of events of this size, `bytes` in all.
fn body(bytes: usize, event_bytes: usize) -> String {
    let event = format!("\"{}\",", "x".repeat(event_bytes - 3));
    let mut body = String::with_capacity(bytes);
    body.push('[');
    while body.len() + event.len() <= bytes {
        body.push_str(&event);
    }
    body.pop();
    body.push(']');
    body
}

#[test]
fn receipt_of_a_6_mb_body_holds_at_most_40_mb() {
    event::rules!["RC-059"];
    for event_bytes in [700, 1300, 66_000, 1_000_000] {
        let body = body(BODY_BYTES, event_bytes);
        let (peak, queued) = peak(body, false);
        assert!(
            queued > 2 * BODY_BYTES * 4 / 5,
            "both queues get all of it: {queued}"
        );
        assert!(peak > BODY_BYTES, "the allocator counts: {peak}");
        assert!(peak <= MOST_BYTES, "{peak} bytes for events of {event_bytes}");
    }
    let gzipped = {
        use base64::Engine;
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(body(10_000_000, 1300).as_bytes()).unwrap();
        base64::engine::general_purpose::STANDARD.encode(encoder.finish().unwrap())
    };
    let (peak, queued) = peak(gzipped, true);
    assert!(
        queued > 16_000_000 && peak <= MOST_BYTES,
        "{peak} bytes for a gzipped body, {queued} queued"
    );
}
