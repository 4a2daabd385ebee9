//! One request and its response, counted; tried once more only where it surely was not sent.

use crate::destination::BatchOf;
use crate::exchange::Exchange;
use crate::http::{Http, NoResponse, Request, Response};
use crate::job::{Context, DelivererSurroundings};
use event::{Clock, Random};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use telemetry::Secret;

/// The wait before the one more try of RD-061, in milliseconds.
const AGAIN_MS: (f64, f64) = (100.0, 500.0);

/// What came of a request.
pub(super) enum SendResult {
    /// A status line and headers, perhaps a body.
    Response(Response),
    /// Nothing came.
    NoResponse(NoResponse),
    /// It was not started: its time-out does not fit before the stop line (RD-100).
    OutOfTime,
}

/// Sends a batch: once, and once more if it surely was not sent.
pub(super) async fn send<D: Exchange, S: DelivererSurroundings>(
    destination: &D,
    batch: &BatchOf<D>,
    key: &Secret,
    timeout_ms: u64,
    context: &Context<'_, S>,
) -> SendResult {
    let clock = context.surroundings.clock();
    let mut again = None;
    loop {
        let now = clock.now();
        if !context.stop.allows(now, timeout_ms) {
            return again.map_or(SendResult::OutOfTime, SendResult::NoResponse);
        }
        let request = key.lend(|key| destination.request(batch, key, Some(now)));
        match sent(context, request).await {
            Err(why) if why.was_sent() || again.is_some() => return SendResult::NoResponse(why),
            Err(why) => again = Some(why),
            Ok(response) => return SendResult::Response(key.lend(|key| response.without_key(key))),
        }
        let wait_ms = context.surroundings.random().between(AGAIN_MS.0, AGAIN_MS.1);
        clock.sleep(wait_ms as u64).await;
    }
}

async fn sent<S: DelivererSurroundings>(
    context: &Context<'_, S>,
    request: Request,
) -> Result<Response, NoResponse> {
    let clock = context.surroundings.clock();
    let start = clock.now();
    let sending = AssertUnwindSafe(context.surroundings.http().send(request));
    // After a panic nobody knows how far the request has come.
    let result = sending.catch_unwind().await.unwrap_or_else(|_| {
        context.counts.panicked();
        Err(NoResponse::Reset)
    });
    let took = clock.now().millis_since(start).max(0);
    let class = match result.as_ref().map_or(0, |response| response.status / 100) {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "none",
    };
    *context.counts.requests.borrow_mut().entry(class).or_default() += 1;
    context.counts.vendor_ms.borrow_mut().push(took.unsigned_abs());
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::Destination;
    use crate::destinations::Branch;
    use crate::destinations::conformance::Conforms;
    use crate::fake_vendor::{FakeSurroundings, FakeVendor, job, respond, run};
    use crate::job::{Counts, StopLine};
    use crate::planner::Planner;
    use crate::scripted::FakeAws;
    use event::Timestamp;
    use event::settings::Settings;

    /// What comes of one request that may take 5 s, with so much time until the stop line; when it was sent; and the panics.
    fn sent_within(
        left_ms: i64,
        responds: impl Fn(usize) -> Result<Response, NoResponse> + 'static,
    ) -> (SendResult, Vec<Timestamp>, u64) {
        let settings = Settings::load("[branch]\ntimeout = \"5s\"").unwrap();
        let branch = Branch::new(&settings).unwrap();
        let plan = branch.plan(vec![job("a", vec![Branch::call("a", "u")])], None, |_| true);
        let vendor = FakeVendor::new(move |_, nth| responds(nth));
        let counts = Counts::default();
        let context = Context {
            stop: StopLine(vendor.now.get().plus_millis(left_ms)),
            surroundings: &FakeSurroundings {
                aws: FakeAws::default(),
                vendor: vendor.clone(),
            },
            counts: &counts,
        };
        let key = Secret::new("key".to_owned());
        let got = run(send(&branch, &plan.batches[0], &key, 5000, &context));
        let times = vendor.seen.borrow().iter().map(|seen| seen.at).collect();
        (got, times, counts.panics.get())
    }

    #[test]
    fn only_what_surely_was_not_sent_is_sent_once_more() {
        event::rules!["RD-060", "RD-061"];
        for status in [200, 400, 401, 408, 429, 500, 503] {
            let (_, times, _) = sent_within(60_000, move |_| respond(status, &[], ""));
            assert_eq!(times.len(), 1, "{status}");
        }
        let mut tries = Vec::new();
        for why in NoResponse::ALL {
            let (got, times, _) = sent_within(60_000, move |_| Err(why));
            assert!(matches!(got, SendResult::NoResponse(got) if got == why));
            assert_eq!(times.len(), if why.was_sent() { 1 } else { 2 }, "{why:?}");
            tries = if times.len() == 2 { times } else { tries };
        }
        let times = tries;
        let wait = times[1].millis_since(times[0]);
        assert!((100..=500).contains(&wait), "{wait}");
        let (got, times, _) = sent_within(60_000, |nth| match nth {
            0 => Err(NoResponse::Connect),
            _ => respond(200, &[], ""),
        });
        assert!(matches!(got, SendResult::Response(_)) && times.len() == 2);
    }

    #[test]
    fn no_request_starts_that_could_pass_the_stop_line() {
        event::rules!["RD-100"];
        for (left_ms, requests) in [(5000, 1), (4999, 0), (0, 0), (-60_000, 0)] {
            let (got, times, _) = sent_within(left_ms, |_| respond(200, &[], ""));
            assert_eq!(times.len(), requests, "{left_ms} ms left");
            assert_eq!(matches!(got, SendResult::OutOfTime), requests == 0);
        }
        let (_, times, _) = sent_within(5050, |_| Err(NoResponse::Connect));
        assert_eq!(
            times.len(),
            1,
            "after the wait there is no time left for a second one"
        );
    }

    #[test]
    fn a_panic_while_a_request_is_sent_has_no_known_outcome() {
        event::rules!["RD-011"];
        let (got, _, panics) = sent_within(60_000, |_| panic!("a fault of ours"));
        assert!(matches!(got, SendResult::NoResponse(NoResponse::Reset)));
        assert_eq!(panics, 1);
    }
}
