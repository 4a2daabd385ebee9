//! One request and its answer, counted; tried once more only where it surely was not sent.

use crate::http::{Answer, Http, NoAnswer, Request};
use crate::job::Context;
use event::{Clock, Random};

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
    let answer = context.http.send(request).await;
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
