//! One request and its answer, counted; tried once more only where it surely was not sent.

use crate::http::{Answer, Http, NoAnswer, Request};
use crate::job::Context;
use event::{Clock, Random};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;

/// The wait before the one more try of RD-061, in milliseconds.
const AGAIN_MS: (f64, f64) = (100.0, 500.0);

/// What came of a request.
pub enum Exchanged {
    /// A status line and headers, perhaps a body.
    Answer(Answer),
    /// Nothing came.
    Nothing(NoAnswer),
    /// It was not started: its time-out does not fit before the stop line (RD-100).
    Unstarted,
}

/// Sends what `make` makes: once, and once more if it surely was not sent.
pub async fn exchange<H: Http, C: Clock, R: Random>(
    context: &Context<'_, H, C, R>,
    timeout_ms: u64,
    make: impl Fn() -> Request,
) -> Exchanged {
    if !context.stop.allows(context.clock.now(), timeout_ms) {
        return Exchanged::Unstarted;
    }
    let first = sent(context, make()).await;
    if !matches!(first, Err(NoAnswer::NotSent)) {
        return first.map_or_else(Exchanged::Nothing, Exchanged::Answer);
    }
    context
        .clock
        .sleep(context.random.between(AGAIN_MS.0, AGAIN_MS.1) as u64)
        .await;
    if !context.stop.allows(context.clock.now(), timeout_ms) {
        return Exchanged::Nothing(NoAnswer::NotSent);
    }
    sent(context, make())
        .await
        .map_or_else(Exchanged::Nothing, Exchanged::Answer)
}

async fn sent<H: Http, C: Clock, R: Random>(
    context: &Context<'_, H, C, R>,
    request: Request,
) -> Result<Answer, NoAnswer> {
    let start = context.clock.now();
    let sending = AssertUnwindSafe(context.http.send(request));
    // After a panic nobody knows how far the request has come.
    let answer = sending.catch_unwind().await.unwrap_or_else(|_| {
        context.counts.panics.set(context.counts.panics.get() + 1);
        Err(NoAnswer::Unknown)
    });
    let took = context.clock.now().millis_since(start).max(0);
    let class = match &answer {
        Ok(Answer {
            status: 200..=299, ..
        }) => "2xx",
        Ok(Answer {
            status: 300..=399, ..
        }) => "3xx",
        Ok(Answer {
            status: 400..=499, ..
        }) => "4xx",
        Ok(Answer {
            status: 500..=599, ..
        }) => "5xx",
        Ok(_) | Err(_) => "none",
    };
    *context.counts.requests.borrow_mut().entry(class).or_default() += 1;
    context.counts.vendor_ms.borrow_mut().push(took.unsigned_abs());
    answer
}

/// The longest text of a destination's answer that a parked event carries, in characters.
const DETAIL_CHARACTERS: usize = 500;

/// What a destination said, for the person who looks at a parked event.
pub fn detail(status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    format!("{status} {text}")
        .trim_end()
        .chars()
        .take(DETAIL_CHARACTERS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{BASE, World, answer};
    use crate::job::{Counts, StopLine};
    use event::Timestamp;
    use event::calls::Method;

    const TIMEOUT_MS: u64 = 5000;

    /// What comes of one exchange with so much time until the stop line, and how many requests were sent.
    fn exchanged(
        left_ms: i64,
        vendor: impl Fn(usize) -> Result<Answer, NoAnswer> + 'static,
    ) -> (Exchanged, Vec<Timestamp>, u64) {
        let world = World::new(move |_, nth| vendor(nth));
        let counts = Counts::default();
        let ports = (&world, &world, &world);
        let context = Context {
            http: &ports.0,
            clock: &ports.1,
            random: &ports.2,
            stop: StopLine(world.now.get().plus_millis(left_ms)),
            counts: &counts,
        };
        let make = || Request {
            method: Method::Post,
            url: format!("{BASE}/x"),
            authorization: None,
            headers: Vec::new(),
            body: "{}".to_owned(),
            timeout_ms: TIMEOUT_MS,
            max_answer_bytes: 10,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let exchanged = runtime.block_on(exchange(&context, TIMEOUT_MS, make));
        let times = world.seen.borrow().iter().map(|seen| seen.at).collect();
        (exchanged, times, counts.panics.get())
    }

    #[test]
    fn rd_060_rd_061_only_what_surely_was_not_sent_is_sent_once_more() {
        for status in [200, 400, 401, 408, 429, 500, 503] {
            let (_, times, _) = exchanged(60_000, move |_| answer(status, &[], ""));
            assert_eq!(times.len(), 1, "{status}");
        }
        let (got, times, _) = exchanged(60_000, |_| Err(NoAnswer::Unknown));
        assert!(matches!(got, Exchanged::Nothing(NoAnswer::Unknown)) && times.len() == 1);
        let (got, times, _) = exchanged(60_000, |_| Err(NoAnswer::NotSent));
        assert!(matches!(got, Exchanged::Nothing(NoAnswer::NotSent)) && times.len() == 2);
        let wait = times[1].millis_since(times[0]);
        assert!((100..=500).contains(&wait), "{wait}");
        let (got, times, _) = exchanged(60_000, |nth| match nth {
            0 => Err(NoAnswer::NotSent),
            _ => answer(200, &[], ""),
        });
        assert!(matches!(got, Exchanged::Answer(_)) && times.len() == 2);
    }

    #[test]
    fn rd_100_no_request_starts_whose_time_out_does_not_fit_before_the_stop_line() {
        for (left_ms, requests) in [(5000, 1), (4999, 0), (0, 0), (-60_000, 0)] {
            let (got, times, _) = exchanged(left_ms, |_| answer(200, &[], ""));
            assert_eq!(times.len(), requests, "{left_ms} ms left");
            assert_eq!(matches!(got, Exchanged::Unstarted), requests == 0);
        }
        let (_, times, _) = exchanged(5050, |_| Err(NoAnswer::NotSent));
        assert_eq!(
            times.len(),
            1,
            "after the wait there is no time left for a second one"
        );
    }

    #[test]
    fn rd_011_a_panic_while_a_request_is_sent_is_an_unknown_fate() {
        let (got, _, panics) = exchanged(60_000, |_| panic!("a fault of ours"));
        assert!(matches!(got, Exchanged::Nothing(NoAnswer::Unknown)));
        assert_eq!(panics, 1);
    }
}
