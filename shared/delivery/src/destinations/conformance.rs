//! What every destination promises, whatever its vendor. Each destination's tests run the files of `conformance/` with the
//! line `#[path = "../conformance/suite.rs"] mod conformance;` and name it by `type D`.

use crate::destination::Destination;
use crate::scripted::envelope_between;
use event::calls::{Mapped, OwnRules, Verdict};
use event::settings::Settings;
use event::{EventId, Source, Timestamp};
use std::ops::RangeInclusive;

/// What the suite has to know of a destination.
pub(crate) trait Conforms: Destination + 'static {
    /// Who sends to it.
    const SOURCE: Source;
    /// Settings that it starts with.
    const SETTINGS: &'static str;
    /// More of them, so that every call is a request of its own.
    const ONE_CALL_A_REQUEST: &'static str;
    /// Whether it packs several calls into a request otherwise.
    const PACKS: bool = true;
    /// The most requests in flight at once; with 1 there is no setting.
    const MOST_AT_ONCE: usize;
    /// What becomes of an event by the status alone, where it is not as everywhere ([`statuses`]).
    const STATUSES: &'static [(RangeInclusive<u16>, &'static str)];
    /// The same where the body decides too.
    const BODIES: &'static [(u16, &'static str, &'static str)];
    /// How it says that it accepts all of a request.
    const ACCEPTS: (u16, &'static str) = (200, "{}");
    /// How it says that a key is wrong.
    const REFUSES_KEY: &'static [(u16, &'static str)] = &[(401, ""), (403, "")];
    /// How it says that it will never take an event, and the outcome.
    const REFUSES: &'static [(u16, &'static str)];
    /// Statuses after which an event is tried again by the schedule.
    const RETRIES: &'static [u16];
    /// The schedule half way between its bounds, by receive count.
    const SCHEDULE: &'static [u32] = &[4, 23, 45, 90, 180, 360, 720, 1440, 2700];
    /// Status, headers, receive count, and the seconds until the event is tried again.
    const RETRY_AFTER: &'static [RetryAfterCase];
    /// Whether a 503 with a `Retry-After` stops its whole pause group.
    const PAUSES_AFTER_5XX: bool = false;
    /// What becomes of an event to whose request no response came, and whether it may count twice.
    const UNANSWERED: (&'static str, bool) = ("retry transient", true);
    /// What becomes of an event whose id an earlier one has.
    const REPEATED: &'static str = "ignored duplicate_in_invocation";

    /// One call of a user, which carries `id` in a member `mark`.
    fn call(id: &str, user: &str) -> Self::Call;
}

/// What becomes of an event by the status alone: of several rows the first that holds it.
pub(crate) fn statuses<D: Conforms>() -> impl Iterator<Item = (RangeInclusive<u16>, &'static str)> {
    let everywhere = [
        (300..=399, "hold config"),
        (401..=401, "hold credentials"),
        (403..=403, "hold credentials"),
        (408..=408, "retry transient"),
        (429..=429, "retry rate_limited"),
        (400..=499, "parked rejected"),
        (100..=599, "retry transient"),
    ];
    D::STATUSES.iter().cloned().chain(everywhere)
}

/// Status, headers, receive count, seconds.
pub(crate) type RetryAfterCase = (u16, &'static str, u32, RangeInclusive<u32>);

/// Maps `"user#n"` to one call of that user.
pub(crate) fn one_call<D: Conforms>(
    _: Source,
    text: &str,
    _: Option<Timestamp>,
    _: &Settings,
) -> Mapped<D::Call> {
    assert!(!text.contains("mappanic"), "{text}");
    let id = text.trim_matches('"');
    Mapped {
        id: EventId::given(id),
        own_rules: OwnRules::Unchanged,
        verdict: Verdict::Deliver {
            calls: vec![D::call(id, id.split('#').next().unwrap())],
            warnings: Vec::new(),
        },
    }
}

/// An envelope for a destination with these events, received now.
pub(crate) fn envelope_for<D: Conforms>(events: &[impl AsRef<str>]) -> String {
    envelope_between(D::SOURCE, D::NAME, 0, events)
}
