//! What every destination promises; `D` is the one that runs it.

use super::D;
use crate::destination::{Destination, UserOrderScope};
use crate::destinations::conformance::{Conforms, envelope_for, one_call, statuses};
use crate::dispatch::Dispatcher;
use crate::fake_vendor::{
    FakeSurroundings, FakeVendor, after, deliver, deliver_at_once, deliver_within, dispatcher,
    dispatcher_in_time_of, job, respond, run, secret, words,
};
use crate::http::NoResponse::{self, Connect, Timeout};
use crate::http::Response;
use crate::job::{DeliveryResult, Job};
use crate::planner::Planner;
use crate::scripted::{CallFault, FakeAws, FakeSecrets, deliverer, record};
use event::Outcome;
use event::envelope::Done;
use event::ports::QueueName;
use event::reasons::Warning;
use proptest::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use telemetry::metrics::{SECRET_AGE, SECRET_FETCH_FAILED, SECRET_MALFORMED};

mod answers;
mod keys;
mod rate_limits;

type CallOf = <D as Planner>::Call;

/// Settings under which calls are requests of their own, so many at once.
fn settings_one_by_one(at_once: usize) -> String {
    let concurrency = match D::MOST_AT_ONCE {
        1 => String::new(),
        most => format!("concurrency = {}", at_once.min(most)),
    };
    [D::SETTINGS, D::ONE_CALL_A_REQUEST, &concurrency].join("\n")
}

fn one_by_one(at_once: usize, secrets: FakeSecrets) -> Dispatcher<D, FakeSurroundings> {
    dispatcher(&settings_one_by_one(at_once), secrets)
}

fn fresh() -> Dispatcher<D, FakeSurroundings> {
    one_by_one(1, FakeSecrets::new(&secret("k-1")))
}

/// As the user has it without settings of their own.
fn packing() -> Dispatcher<D, FakeSurroundings> {
    dispatcher(D::SETTINGS, FakeSecrets::new(&secret("k-1")))
}

/// The key `k-1`, which is this secret from the second fetch on.
fn renewed(next: &str) -> FakeSecrets {
    let secrets = FakeSecrets::new(&secret("k-1"));
    secrets.store(next);
    secrets
}

/// An event of a user of its own.
pub(super) fn event(id: &str) -> Job<CallOf> {
    job(id, vec![D::call(id, id)])
}

pub(super) fn events(count: usize) -> Vec<Job<CallOf>> {
    (0..count).map(|n| event(&format!("e{n}"))).collect()
}

/// What comes of so many events.
fn outcomes(dispatcher: &Dispatcher<D, FakeSurroundings>, vendor: &FakeVendor, count: usize) -> Vec<String> {
    words(&deliver(dispatcher, vendor, events(count)))
}

pub(super) fn ok() -> Result<Response, NoResponse> {
    respond(D::ACCEPTS.0, &[], D::ACCEPTS.1)
}

/// A vendor that responds so to its first request, and accepts the others.
fn first(responds: impl Fn() -> Result<Response, NoResponse> + 'static) -> FakeVendor {
    FakeVendor::new(move |_, nth| if nth == 0 { responds() } else { ok() })
}

fn limited(seconds: &str) -> Result<Response, NoResponse> {
    respond(429, &[("retry-after", seconds)], "")
}
