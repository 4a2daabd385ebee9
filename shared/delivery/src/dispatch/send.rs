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
