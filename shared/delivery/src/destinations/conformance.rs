//! What every destination promises, whatever its vendor. `conformance!(Braze);` in a destination's tests runs it all.

use crate::backoff::Table;
use crate::destination::{Destination, UserOrderScope};
use crate::dispatch::Dispatcher;
use crate::fake_vendor::{
    FakeSurroundings, FakeVendor, after, deliver, deliver_within, dispatcher, dispatcher_in_time_of, job,
    respond, secret, words,
};
use crate::http::NoResponse::{self, Connect, Timeout};
use crate::http::Response;
use crate::job::{DeliveryResult, Job};
use crate::scripted::{CallFault, FakeAws, FakeSecrets, deliverer, envelope_between, record};
use event::calls::{Mapped, OwnRules, Verdict};
use event::envelope::Done;
use event::ports::QueueName;
use event::reasons::Warning;
use event::settings::Settings;
use event::{EventId, Outcome, Source, Timestamp};
use proptest::prelude::Strategy;
use proptest::sample::select;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::rc::Rc;

/// What the suite has to know of a destination.
pub(crate) trait Conforms: Destination + 'static {
    /// Who sends to it.
    const SOURCE: Source;
    /// Settings that it starts with.
    const SETTINGS: &'static str;
    /// More of them, so that every call is a request of its own.
    const ONE_CALL_A_REQUEST: &'static str;
    /// Whether it packs several calls into a request otherwise.
    const PACKS: bool;
    /// The most requests in flight at once; with 1 there is no setting.
    const MOST_AT_ONCE: usize;
    /// Statuses and bodies with what becomes of an event.
    const OUTCOMES: &'static [(u16, &'static str, &'static str)];
    /// How it says that it accepts all of a request.
    const ACCEPTS: (u16, &'static str) = (200, "{}");
    /// How it says that a key is wrong.
    const REFUSES_KEY: &'static [(u16, &'static str)];
    /// How it says that it will never take an event, and the outcome.
    const REFUSES: &'static [(u16, &'static str)];
    /// Statuses after which an event is tried again by the schedule.
    const RETRIES: &'static [u16];
    /// The schedule half way between its bounds, by receive count.
    const SCHEDULE: &'static [u32];
    /// Status, headers, receive count, and the seconds until the event is tried again.
    const HINTS: &'static [Hint];
    /// Whether a 503 with a hint stops its whole pause group.
    const PAUSES_AFTER_5XX: bool;
    /// What becomes of an event to whose request no response came, and whether it may count twice.
    const UNANSWERED: (&'static str, bool);
    /// What becomes of an event whose id an earlier one has.
    const REPEATED: &'static str;

    /// One call of a user, which carries `id` in a member `mark`.
    fn call(id: &str, user: &str) -> Self::Call;
}

/// Status, headers, receive count, seconds.
pub(crate) type Hint = (
    u16,
    &'static [(&'static str, &'static str)],
    u32,
    RangeInclusive<u32>,
);

/// Declares the suite for a destination.
macro_rules! conformance {
    ($destination:ty) => {
        mod conformance {
            use super::*;
            use crate::destinations::conformance as suite;
            use proptest::prelude::*;

            #[test]
            fn each_status_has_its_outcome() {
                event::rules![
                    "SR-320", "SR-321", "SR-322", "SR-323", "SR-324", "SR-325", "SR-326", "SR-327", "SR-328",
                    "SEG-050", "SEG-051", "SEG-053", "SEG-054", "SEG-055", "SEG-056", "SEG-058", "SEG-059",
                    "SEG-061", "SEG-062", "SB-530"
                ];
                suite::each_status_has_its_outcome::<$destination>();
            }

            #[test]
            fn what_is_no_refusal_is_not_halved() {
                event::rules![
                    "SEG-051", "SEG-054", "SEG-055", "SEG-056", "SEG-059", "SEG-061", "SEG-062"
                ];
                suite::what_is_no_refusal_is_not_halved::<$destination>();
            }

            #[test]
            fn the_vendors_words_are_cut_and_quote_no_key() {
                event::rules!["SR-323", "SR-327", "SEG-053", "SB-539", "RS-033"];
                suite::the_vendors_words_are_cut_and_quote_no_key::<$destination>();
            }

            #[test]
            fn a_repaired_event_is_warned_of_with_its_first_warning() {
                event::rules!["SR-320", "SEG-050"];
                suite::a_repaired_event_is_warned_of::<$destination>();
            }

            #[test]
            fn what_surely_was_not_sent_is_tried_once_more() {
                event::rules!["RD-061", "SR-329", "SEG-063"];
                suite::what_surely_was_not_sent_is_tried_once_more::<$destination>();
            }

            #[test]
            fn what_may_have_been_accepted_is_not_sent_again_at_once() {
                event::rules!["SR-330", "SEG-063", "SB-550"];
                suite::what_may_have_been_accepted::<$destination>();
            }

            #[test]
            fn what_could_not_end_before_the_deadline_is_not_started() {
                event::rules!["SR-331", "SEG-064", "SB-571", "RD-100"];
                suite::what_could_not_end_is_not_started::<$destination>();
            }

            #[test]
            fn a_renewed_key_serves_all_that_were_refused_with_the_old_one() {
                event::rules!["SR-322", "SR-324", "SEG-054", "SB-560", "RD-084"];
                suite::a_renewed_key_serves_all::<$destination>();
            }

            #[test]
            fn a_secret_emptied_meanwhile_holds_all_and_sends_nothing_more() {
                event::rules!["SR-305", "SEG-021", "SB-560", "RD-085", "RS-004", "RS-021"];
                suite::a_secret_emptied_meanwhile_holds_all::<$destination>();
            }

            #[test]
            fn without_a_key_events_are_held_and_nothing_is_sent() {
                event::rules!["SR-305", "SEG-021", "SB-560"];
                suite::without_a_key_nothing_is_sent::<$destination>();
            }

            #[test]
            fn a_held_lane_is_tried_with_one_request_when_its_time_comes() {
                event::rules!["SR-324", "SEG-054", "SB-560", "RD-085", "RD-086"];
                suite::a_held_lane_is_tried_with_one_request::<$destination>();
            }

            #[test]
            fn a_held_lane_goes_on_at_once_with_a_new_key() {
                event::rules!["RD-085", "RD-086"];
                suite::a_held_lane_goes_on_at_once_with_a_new_key::<$destination>();
            }

            #[test]
            fn at_most_so_many_requests_are_in_flight() {
                event::rules!["SR-309", "SEG-045", "SB-516"];
                suite::at_most_so_many_requests_are_in_flight::<$destination>();
            }

            #[test]
            fn the_schedule_is_the_pages() {
                event::rules!["SR-341", "SEG-070", "SB-570"];
                suite::the_schedule_is_the_pages::<$destination>();
            }

            #[test]
            fn a_hint_is_bounded_and_never_undercut() {
                event::rules![
                    "SR-340", "SR-341", "SEG-080", "SEG-081", "SEG-082", "SEG-083", "SB-555", "SB-570"
                ];
                suite::a_hint_is_bounded_and_never_undercut::<$destination>();
            }

            #[test]
            fn after_a_429_nothing_is_started_for_the_delay() {
                event::rules!["SR-326", "SR-342", "SEG-084", "SB-555", "SB-556"];
                suite::after_a_429_nothing_is_started::<$destination>();
            }

            #[test]
            fn of_several_429_at_once_the_longest_delay_counts() {
                event::rules!["SR-342", "SEG-084"];
                suite::of_several_429_the_longest_counts::<$destination>();
            }

            #[test]
            fn nothing_is_sent_once_more_after_the_429_of_another() {
                event::rules!["SR-342", "SEG-084", "RD-084"];
                suite::nothing_is_sent_once_more_after_a_429::<$destination>();
            }

            #[test]
            fn whether_a_5xx_stops_others_is_the_vendors() {
                event::rules!["SR-342", "SEG-083", "SEG-084", "SB-555"];
                suite::whether_a_5xx_stops_others::<$destination>();
            }

            #[test]
            fn an_open_breaker_sends_nothing_and_tries_one_request_after_it() {
                event::rules!["RD-080", "RD-082", "RD-062"];
                suite::an_open_breaker_tries_one_request::<$destination>();
            }

            #[test]
            fn after_an_outage_a_container_asks_for_twice_as_much_each_second() {
                event::rules!["RD-083", "RD-107"];
                suite::after_an_outage_the_rate_doubles::<$destination>();
            }

            #[test]
            fn of_one_event_received_twice_the_first_is_sent() {
                event::rules!["SR-311", "SB-523", "SEG-043", "SEG-044"];
                suite::of_one_event_received_twice_the_first_is_sent::<$destination>();
            }

            #[test]
            fn what_waits_keeps_later_calls_of_its_user() {
                event::rules!["RD-147", "SB-517"];
                suite::what_waits_keeps_later_calls_of_its_user::<$destination>();
            }

            #[test]
            fn what_was_accepted_is_never_sent_again() {
                event::rules!["SB-543", "RD-044"];
                suite::what_was_accepted_is_never_sent_again::<$destination>();
            }

            #[test]
            fn a_panic_changes_the_class_of_its_own_event_alone() {
                event::rules!["RD-011"];
                suite::a_panic_changes_its_own_event_alone::<$destination>();
            }

            #[test]
            fn secrets_and_personal_data_are_never_logged() {
                event::rules!["RP-007", "RP-010", "RS-032", "RS-033"];
                suite::secrets_are_never_logged::<$destination>();
            }

            proptest! {
                #[test]
                fn exactly_the_bad_events_end_refused_within_the_bound(
                    n in 1_usize..=75,
                    bad in prop::collection::btree_set(0_usize..75, 0..7),
                    refusal in prop::sample::select(<$destination>::REFUSES),
                ) {
                    event::rules!["SB-538", "SB-706", "SEG-060", "RD-121"];
                    suite::exactly_the_bad_events_end_refused::<$destination>(n, &bad, refusal);
                }

                #[test]
                fn each_fault_adds_at_most_one_copy_of_an_event(
                    faults in prop::collection::vec(suite::any_fault(), 0..12),
                    twice in prop::collection::btree_set(0_usize..6, 0..4),
                    packs in any::<bool>(),
                ) {
                    event::rules!["RD-151"];
                    suite::each_fault_adds_at_most_one_copy::<$destination>(&faults, &twice, packs);
                }
            }
        }
    };
}
pub(super) use conformance;

/// Settings under which calls are requests of their own, so many at once.
fn settings_one_by_one<D: Conforms>(at_once: usize) -> String {
    let concurrency = match D::MOST_AT_ONCE {
        1 => String::new(),
        most => format!("concurrency = {}", at_once.min(most)),
    };
    [D::SETTINGS, D::ONE_CALL_A_REQUEST, &concurrency].join("\n")
}

fn one_by_one<D: Conforms>(at_once: usize, secrets: FakeSecrets) -> Dispatcher<D, FakeSurroundings> {
    dispatcher(&settings_one_by_one::<D>(at_once), secrets)
}

fn fresh<D: Conforms>() -> Dispatcher<D, FakeSurroundings> {
    one_by_one(1, FakeSecrets::new(&secret("k-1")))
}

/// As the user has it without settings of their own.
fn packing<D: Conforms>() -> Dispatcher<D, FakeSurroundings> {
    dispatcher(D::SETTINGS, FakeSecrets::new(&secret("k-1")))
}

/// The key `k-1`, which is this secret from the second fetch on.
fn renewed(next: &str) -> FakeSecrets {
    let secrets = FakeSecrets::new(&secret("k-1"));
    secrets.store(next);
    secrets
}

/// An event of a user of its own.
fn event<D: Conforms>(id: &str) -> Job<D::Call> {
    job(id, vec![D::call(id, id)])
}

fn events<D: Conforms>(count: usize) -> Vec<Job<D::Call>> {
    (0..count).map(|n| event::<D>(&format!("e{n}"))).collect()
}

/// What comes of so many events.
fn outcomes<D: Conforms>(
    dispatcher: &Dispatcher<D, FakeSurroundings>,
    vendor: &FakeVendor,
    count: usize,
) -> Vec<String> {
    words(&deliver(dispatcher, vendor, events::<D>(count)))
}

fn ok<D: Conforms>() -> Result<Response, NoResponse> {
    respond(D::ACCEPTS.0, &[], D::ACCEPTS.1)
}

/// A vendor that responds so to its first request, and accepts the others.
fn first<D: Conforms>(responds: impl Fn() -> Result<Response, NoResponse> + 'static) -> FakeVendor {
    FakeVendor::new(move |_, nth| if nth == 0 { responds() } else { ok::<D>() })
}

fn limited(seconds: &str) -> Result<Response, NoResponse> {
    respond(429, &[("retry-after", seconds)], "")
}

pub(crate) fn each_status_has_its_outcome<D: Conforms>() {
    for (status, body, wanted) in D::OUTCOMES {
        let vendor = FakeVendor::always(*status, body);
        let results = deliver(&packing::<D>(), &vendor, events::<D>(1));
        assert_eq!(words(&results), [*wanted], "{status}");
        let detail = format!("{status} {body}").trim_end().to_owned();
        let is_parked = wanted.starts_with("parked");
        assert_eq!(results[0].detail, is_parked.then_some(detail), "{status}");
        assert_eq!(results[0].status, Some(*status));
        assert!(!results[0].maybe_duplicate);
        assert_eq!(vendor.requests(), 1, "{status}");
    }
}

pub(crate) fn what_is_no_refusal_is_not_halved<D: Conforms>() {
    let waits = |wanted: &str| wanted.starts_with("retry") || wanted.starts_with("hold");
    for (status, body, wanted) in D::OUTCOMES.iter().filter(|(_, _, wanted)| waits(wanted)) {
        let vendor = FakeVendor::always(*status, body);
        assert_eq!(outcomes(&packing::<D>(), &vendor, 4), [*wanted; 4], "{status}");
        assert!(vendor.requests() <= if D::PACKS { 1 } else { 4 }, "{status}");
    }
}

pub(crate) fn the_vendors_words_are_cut_and_quote_no_key<D: Conforms>() {
    let vendor = FakeVendor::new(|seen, _| {
        let key = seen.authorization.as_deref().unwrap_or_default();
        let body = format!("unable to parse {key} {} {}", seen.body, "ä".repeat(600));
        respond(400, &[], &body)
    });
    let mut results = deliver(&packing::<D>(), &vendor, events::<D>(1));
    let detail = results.remove(0).detail.unwrap();
    assert!(detail.starts_with("400 unable to parse "), "{detail}");
    assert!(detail.contains("<key>"), "{detail}");
    assert!(!detail.contains("k-1") && !detail.contains("ay0xOg"), "{detail}");
    assert_eq!(detail.chars().count(), 500);
}

pub(crate) fn a_repaired_event_is_warned_of<D: Conforms>() {
    let mut one = event::<D>("e");
    one.warnings = vec![Warning::InvalidNumber, Warning::Trimmed];
    let results = deliver(&packing::<D>(), &first::<D>(ok::<D>), vec![one]);
    assert_eq!(words(&results), ["warned invalid_number"]);
}

pub(crate) fn what_surely_was_not_sent_is_tried_once_more<D: Conforms>() {
    let vendor = first::<D>(|| Err(Connect));
    assert_eq!(outcomes(&packing::<D>(), &vendor, 1), ["delivered"]);
    let vendor = FakeVendor::new(|_, _| Err(Connect));
    let results = deliver(&packing::<D>(), &vendor, events::<D>(1));
    assert_eq!(words(&results), ["retry transient"]);
    assert_eq!((vendor.requests(), results[0].maybe_duplicate), (2, false));
}

pub(crate) fn what_may_have_been_accepted<D: Conforms>() {
    let vendor = FakeVendor::new(|_, _| Err(Timeout));
    let results = deliver(&fresh::<D>(), &vendor, events::<D>(2));
    let (wanted, may_count_twice) = D::UNANSWERED;
    assert_eq!(words(&results), [wanted; 2]);
    assert!(
        results
            .iter()
            .all(|result| result.maybe_duplicate == may_count_twice)
    );
    assert_eq!(vendor.requests(), 2);
}

/// What befalls a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// The vendor accepts it.
    None,
    /// The vendor accepts it, and its answer is lost.
    AnswerLost,
    /// It does not reach the vendor.
    NotSent,
    /// The vendor refuses it for now.
    Unavailable,
}

pub(crate) fn any_fault() -> impl Strategy<Value = Fault> {
    select(&[Fault::None, Fault::AnswerLost, Fault::NotSent, Fault::Unavailable][..])
}

/// Six events go out through the faults until none waits; then SQS delivers the messages of some a second time.
pub(crate) fn each_fault_adds_at_most_one_copy<D: Conforms>(
    faults: &[Fault],
    twice: &BTreeSet<usize>,
    packs: bool,
) {
    let (script, accepted, lost) = (
        faults.to_vec(),
        Rc::new(RefCell::new(Vec::new())),
        Rc::new(RefCell::new(Vec::new())),
    );
    let (takes, loses) = (Rc::clone(&accepted), Rc::clone(&lost));
    let vendor = FakeVendor::new(move |seen, nth| {
        let fault = script.get(nth).copied().unwrap_or(Fault::None);
        if matches!(fault, Fault::None | Fault::AnswerLost) {
            takes.borrow_mut().extend(seen.marks());
        }
        match fault {
            Fault::None => ok::<D>(),
            Fault::AnswerLost => {
                loses.borrow_mut().extend(seen.marks());
                Err(Timeout)
            }
            Fault::NotSent => Err(Connect),
            Fault::Unavailable => respond(503, &[], ""),
        }
    });
    for delivered in [(0..6).collect(), twice.clone()] {
        let mut waiting: Vec<(usize, Option<Done>)> = delivered.into_iter().map(|n| (n, None)).collect();
        while !waiting.is_empty() {
            // Another container, whose breaker knows nothing of the last one's failures.
            let dispatcher = if packs { packing::<D>() } else { fresh::<D>() };
            let (numbers, done): (Vec<usize>, Vec<Option<Done>>) = waiting.into_iter().unzip();
            let jobs = numbers.iter().zip(done).map(|(n, done)| Job {
                done,
                ..event::<D>(&format!("e{n}"))
            });
            let results = deliver(&dispatcher, &vendor, jobs.collect());
            let ends =
                |result: &DeliveryResult| result.outcome.is_waiting() || result.outcome == Outcome::Delivered;
            assert!(results.iter().all(ends), "{:?}", words(&results));
            let waits = numbers
                .into_iter()
                .zip(results)
                .filter(|(_, result)| result.outcome.is_waiting());
            waiting = waits.map(|(n, result)| (n, result.done)).collect();
            vendor.advance(60_000);
        }
    }
    let times = |marks: &[String], mark: &String| marks.iter().filter(|other| *other == mark).count();
    for n in 0..6 {
        let mark = format!("e{n}");
        let copies = times(&accepted.borrow(), &mark);
        let injected = times(&lost.borrow(), &mark) + usize::from(twice.contains(&n));
        assert!(
            (1..=1 + injected).contains(&copies),
            "{mark}: {copies} copies after {injected} faults"
        );
        if !D::UNANSWERED.1 {
            // The vendor removes copies by their id, so all of them must have the one that the event came with.
            let seen = vendor.seen.borrow();
            let calls = seen
                .iter()
                .filter_map(|seen| seen.body["batch"].as_array())
                .flatten();
            let calls = calls.filter(|call| call["mark"] == mark);
            let ids: BTreeSet<_> = calls.map(|call| call["messageId"].to_string()).collect();
            assert_eq!(ids.len(), 1, "{mark}: {ids:?}");
        }
    }
}

pub(crate) fn what_could_not_end_is_not_started<D: Conforms>() {
    let (dispatcher, vendor) = (fresh::<D>(), FakeVendor::new(|_, _| ok::<D>()));
    let (results, _) = deliver_within(&dispatcher, &vendor, events::<D>(2), 9_999);
    assert_eq!(words(&results), ["retry unstarted"; 2]);
    assert_eq!((after(&results[0]), vendor.requests()), (0, 0));
    // The second request begins when the first has ended.
    vendor.took_ms.set(4_000);
    let (results, _) = deliver_within(&dispatcher, &vendor, events::<D>(3), 15_000);
    assert_eq!(words(&results), ["delivered", "delivered", "retry unstarted"]);
}

pub(crate) fn a_renewed_key_serves_all<D: Conforms>() {
    for (status, body) in D::REFUSES_KEY {
        let vendor = FakeVendor::new(move |seen, _| match seen.carries("k-2") {
            true => ok::<D>(),
            false => respond(*status, &[], body),
        });
        let secrets = renewed(&secret("k-2"));
        let dispatcher = one_by_one::<D>(4, secrets.clone());
        assert_eq!(outcomes(&dispatcher, &vendor, 6), ["delivered"; 6]);
        assert_eq!(secrets.fetches.get(), 2, "one asks for all");
    }
}

pub(crate) fn a_secret_emptied_meanwhile_holds_all<D: Conforms>() {
    let (status, body) = D::REFUSES_KEY[0];
    for at_once in [1, 3.min(D::MOST_AT_ONCE)] {
        let vendor = FakeVendor::new(move |seen, _| match seen.carries("k-1") {
            true => respond(status, &[], body),
            false => respond(400, &[], "unable to parse"),
        });
        let dispatcher = one_by_one::<D>(at_once, renewed("{}"));
        assert_eq!(outcomes(&dispatcher, &vendor, 5), ["hold credentials"; 5]);
        assert_eq!(vendor.requests(), at_once);
    }
}

pub(crate) fn without_a_key_nothing_is_sent<D: Conforms>() {
    for secrets in [FakeSecrets::default(), FakeSecrets::new("{}")] {
        assert_eq!(
            outcomes(&one_by_one::<D>(1, secrets), &FakeVendor::silent(), 2),
            ["hold credentials"; 2]
        );
    }
}

/// A destination that takes the key `k-2` alone, and a dispatcher whose secret ages by the same clock.
fn held<D: Conforms>(secrets: &FakeSecrets) -> (Dispatcher<D, FakeSurroundings>, FakeVendor) {
    let vendor = FakeVendor::new(|seen, _| match seen.carries("k-2") {
        true => ok::<D>(),
        false => respond(401, &[], ""),
    });
    let settings = settings_one_by_one::<D>(1);
    (dispatcher_in_time_of(&vendor, &settings, secrets.clone()), vendor)
}

pub(crate) fn a_held_lane_is_tried_with_one_request<D: Conforms>() {
    let (dispatcher, vendor) = held::<D>(&FakeSecrets::new(&secret("k-1")));
    let table: &Table = D::HOLD_BACKOFF;
    let wait_ms = i64::from(table[0]) * 1000;
    // Each invocation but the first asks for the key, and waits until it may.
    for (later_ms, requests) in [(0, 1), (wait_ms - 10_000, 1), (2_000, 2)] {
        vendor.advance(later_ms);
        assert_eq!(outcomes(&dispatcher, &vendor, 3), ["hold credentials"; 3]);
        assert_eq!(vendor.requests(), requests, "one request alone");
    }
}

pub(crate) fn a_held_lane_goes_on_at_once_with_a_new_key<D: Conforms>() {
    for (stored, later_ms) in [("k-1", 0), ("k-1", 9_999), ("k-1", 30_000), (" ", 0)] {
        let secrets = renewed(&secret(stored));
        let (dispatcher, vendor) = held::<D>(&secrets);
        assert_eq!(outcomes(&dispatcher, &vendor, 3), ["hold credentials"; 3]);
        vendor.advance(later_ms);
        secrets.store(&secret("k-2"));
        let (now, refused) = (vendor.now.get(), vendor.requests());
        assert_eq!(outcomes(&dispatcher, &vendor, 3), ["delivered"; 3]);
        assert_eq!(vendor.requests(), refused + 3, "none with the old key");
        let waited_ms = vendor.seen.borrow()[refused].at.millis_since(now);
        assert!(waited_ms <= 10_000, "one fetch in 10 s: {waited_ms}");
    }
}

pub(crate) fn at_most_so_many_requests_are_in_flight<D: Conforms>() {
    for at_once in [1, 3, 64] {
        let dispatcher = one_by_one::<D>(at_once, FakeSecrets::new(&secret("k-1")));
        let vendor = FakeVendor::new(|_, _| ok::<D>());
        assert_eq!(outcomes(&dispatcher, &vendor, 25), ["delivered"; 25]);
        assert_eq!(vendor.most_in_flight.get(), at_once.min(D::MOST_AT_ONCE).min(25));
    }
}

/// Seconds until an event is tried again that was received so often.
fn tried_after<D: Conforms>(status: u16, headers: &'static [(&str, &str)], receives: u32) -> u32 {
    let vendor = FakeVendor::new(move |_, _| respond(status, headers, ""));
    let mut one = event::<D>("e");
    (one.receives, one.tries) = (receives, receives);
    after(&deliver(&packing::<D>(), &vendor, vec![one])[0])
}

pub(crate) fn the_schedule_is_the_pages<D: Conforms>() {
    for status in D::RETRIES {
        for (receives, wanted) in (1..).zip(D::SCHEDULE) {
            assert_eq!(
                tried_after::<D>(*status, &[], receives),
                *wanted,
                "{status} {receives}"
            );
        }
        assert_eq!(tried_after::<D>(*status, &[], 40), *D::SCHEDULE.last().unwrap());
    }
}

pub(crate) fn a_hint_is_bounded_and_never_undercut<D: Conforms>() {
    for (status, headers, receives, wanted) in D::HINTS {
        let seconds = tried_after::<D>(*status, headers, *receives);
        assert!(
            wanted.contains(&seconds),
            "{status} {headers:?} {receives}: {seconds}"
        );
    }
}

pub(crate) fn after_a_429_nothing_is_started<D: Conforms>() {
    let (dispatcher, vendor) = (fresh::<D>(), first::<D>(|| limited("100")));
    let results = deliver(&dispatcher, &vendor, events::<D>(3));
    assert_eq!(words(&results), ["retry rate_limited"; 3]);
    assert_eq!(
        [0, 1, 2].map(|n| after(&results[n])),
        [111, 123, 123],
        "and a little"
    );
    assert_eq!(vendor.requests(), 1);
    // It outlives the invocation, and ends.
    vendor.advance(100_000);
    let results = deliver(&dispatcher, &vendor, events::<D>(1));
    assert_eq!(
        (words(&results)[0].as_str(), after(&results[0])),
        ("retry rate_limited", 13)
    );
    vendor.advance(11_000);
    assert_eq!(outcomes(&dispatcher, &vendor, 1), ["delivered"]);
}

pub(crate) fn of_several_429_the_longest_counts<D: Conforms>() {
    let at_once = 2.min(D::MOST_AT_ONCE);
    let vendor = FakeVendor::new(|_, nth| match nth {
        0 => limited("100"),
        1 => limited("1"),
        _ => ok::<D>(),
    });
    let dispatcher = one_by_one::<D>(at_once, FakeSecrets::new(&secret("k-1")));
    deliver(&dispatcher, &vendor, events::<D>(2));
    assert_eq!(vendor.requests(), at_once);
    vendor.advance(50_000);
    assert_eq!(outcomes(&dispatcher, &vendor, 1), ["retry rate_limited"]);
}

pub(crate) fn nothing_is_sent_once_more_after_a_429<D: Conforms>() {
    let vendor = FakeVendor::new(|_, nth| match nth {
        0 => respond(401, &[], ""),
        1 => limited("100"),
        _ => ok::<D>(),
    });
    let results = deliver(
        &one_by_one::<D>(2, renewed(&secret("k-2"))),
        &vendor,
        events::<D>(2),
    );
    assert_eq!(words(&results), ["retry rate_limited"; 2]);
    assert_eq!(vendor.requests(), 2);
}

pub(crate) fn whether_a_5xx_stops_others<D: Conforms>() {
    let vendor = first::<D>(|| respond(503, &[("retry-after", "100")], ""));
    let results = deliver(&fresh::<D>(), &vendor, events::<D>(2));
    let other = ["delivered", "retry rate_limited"][usize::from(D::PAUSES_AFTER_5XX)];
    assert_eq!(words(&results), ["retry transient", other]);
}

/// A vendor that fails until its status is changed.
fn failing<D: Conforms>() -> (FakeVendor, Rc<Cell<u16>>) {
    let status = Rc::new(Cell::new(503));
    let now = Rc::clone(&status);
    let vendor = FakeVendor::new(move |_, _| match now.get() {
        503 => respond(503, &[], ""),
        _ => ok::<D>(),
    });
    (vendor, status)
}

pub(crate) fn an_open_breaker_tries_one_request<D: Conforms>() {
    let (dispatcher, (vendor, status)) = (fresh::<D>(), failing::<D>());
    let results = deliver(&dispatcher, &vendor, events::<D>(8));
    assert_eq!(vendor.requests(), 5, "the breaker opens");
    assert_eq!(words(&results)[..5], ["retry transient"; 5]);
    assert_eq!(words(&results)[5..], ["retry breaker_open"; 3]);
    // 26 s until it lets one through, and a tenth.
    assert_eq!(after(&results[7]), 29);
    assert_eq!(outcomes(&dispatcher, &vendor, 1), ["retry breaker_open"]);
    vendor.advance(26_000);
    let results = deliver(&dispatcher, &vendor, events::<D>(3));
    assert_eq!(vendor.requests(), 6, "one request alone, which fails");
    assert_eq!(words(&results)[1..], ["retry breaker_open"; 2]);
    vendor.advance(52_000);
    status.set(200);
    assert_eq!(outcomes(&dispatcher, &vendor, 3), ["delivered"; 3]);
}

pub(crate) fn after_an_outage_the_rate_doubles<D: Conforms>() {
    let (vendor, status) = failing::<D>();
    let dispatcher = one_by_one::<D>(20, FakeSecrets::new(&secret("k-1")));
    deliver(&dispatcher, &vendor, events::<D>(20));
    vendor.advance(26_000);
    status.set(200);
    let (failed, recovered) = (vendor.requests(), vendor.now.get());
    let results = deliver(&dispatcher, &vendor, events::<D>(300));
    // All but those that were asked for while one request was tried.
    let delivered = words(&results).iter().filter(|word| *word == "delivered").count();
    assert!(delivered > 250, "{delivered}");
    let mut in_second = [0_u64; 10];
    // The first is the one that closed the breaker.
    for seen in &vendor.seen.borrow()[failed + 1..] {
        let second = (seen.at.millis_since(recovered) / 1000) as usize;
        in_second
            .get_mut(second)
            .into_iter()
            .for_each(|count| *count += 1);
    }
    for (second, requests) in in_second.into_iter().enumerate() {
        assert!(requests <= 1 << second, "{requests} in second {second}");
    }
}

pub(crate) fn of_one_event_received_twice_the_first_is_sent<D: Conforms>() {
    let jobs = || ["e", "f", "e"].map(event::<D>).into();
    let vendor = FakeVendor::new(|_, _| ok::<D>());
    assert_eq!(
        words(&deliver(&packing::<D>(), &vendor, jobs())),
        ["delivered", "delivered", D::REPEATED]
    );
    let sent: BTreeSet<String> = vendor.marks().concat().into_iter().collect();
    assert_eq!(
        (sent, vendor.marks().concat().len()),
        (["e", "f"].map(str::to_owned).into(), 2)
    );
    let vendor = FakeVendor::new(|_, _| respond(400, &[], "bad"));
    let refused = "parked rejected";
    assert_eq!(
        words(&deliver(&packing::<D>(), &vendor, jobs())),
        [refused, refused, D::REPEATED]
    );
}

pub(crate) fn what_waits_keeps_later_calls_of_its_user<D: Conforms>() {
    let vendor = first::<D>(|| respond(500, &[], ""));
    let of = |id: &str, user: &str, record| Job {
        record,
        ..job(id, vec![D::call(id, user)])
    };
    let jobs = vec![
        of("e1", "u", 0),
        of("e2", "u", 0),
        of("e3", "v", 0),
        of("e4", "u", 1),
    ];
    let results = deliver(&fresh::<D>(), &vendor, jobs);
    let (again, sent) = ("retry transient", "delivered");
    let in_another_envelope = match D::USER_ORDER {
        UserOrderScope::Envelope => sent,
        UserOrderScope::Invocation => again,
    };
    assert_eq!(words(&results), [again, again, sent, in_another_envelope]);
    assert_eq!(results[0].outcome, results[1].outcome);
    assert!(!vendor.marks().concat().contains(&"e2".to_owned()));
}

pub(crate) fn what_was_accepted_is_never_sent_again<D: Conforms>() {
    let dispatcher = fresh::<D>();
    let calls = || vec![D::call("a", "u"), D::call("b", "v")];
    let vendor = FakeVendor::new(|seen, _| match seen.marks()[0].as_str() {
        "a" => ok::<D>(),
        _ => respond(503, &[], ""),
    });
    let results = deliver(&dispatcher, &vendor, vec![job("e", calls())]);
    assert_eq!(words(&results), ["retry transient"]);
    let done = |of| Some(Done { of, items: vec![0] });
    assert_eq!(results[0].done, done(2));
    // Marks of another number of items are void.
    for (done, sent) in [(done(2), &["b"][..]), (done(3), &["a", "b"])] {
        let vendor = FakeVendor::new(|_, _| ok::<D>());
        let again = Job {
            done,
            ..job("e", calls())
        };
        assert_eq!(words(&deliver(&dispatcher, &vendor, vec![again])), ["delivered"]);
        assert_eq!(vendor.marks().concat(), sent);
    }
}

pub(crate) fn a_panic_changes_its_own_event_alone<D: Conforms>() {
    let vendor = FakeVendor::new(|seen, _| match seen.marks()[0].as_str() {
        "e1" => panic!("a fault of ours"),
        _ => ok::<D>(),
    });
    let (results, counts) = deliver_within(&fresh::<D>(), &vendor, events::<D>(3), 300_000);
    assert_eq!(words(&results), ["delivered", D::UNANSWERED.0, "delivered"]);
    assert_eq!(counts.panics.get(), 1);
}

pub(crate) fn exactly_the_bad_events_end_refused<D: Conforms>(
    n: usize,
    bad: &BTreeSet<usize>,
    (status, refused): (u16, &str),
) {
    let bad: BTreeSet<String> = bad
        .iter()
        .filter(|one| **one < n)
        .map(|n| format!("e{n}"))
        .collect();
    let marked = bad.clone();
    let vendor =
        FakeVendor::new(
            move |seen, _| match seen.marks().iter().any(|mark| marked.contains(mark)) {
                true => respond(status, &[], "no"),
                false => ok::<D>(),
            },
        );
    let results = deliver(&packing::<D>(), &vendor, events::<D>(n));
    for (place, outcome) in words(&results).into_iter().enumerate() {
        let is_bad = bad.contains(&format!("e{place}"));
        assert_eq!(outcome, if is_bad { refused } else { "delivered" }, "{place}");
    }
    let depth = n.next_power_of_two().trailing_zeros() as usize;
    let most = if D::PACKS { 2 * bad.len() * depth + 1 } else { n };
    assert!(vendor.requests() <= most, "{} requests", vendor.requests());
}

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
pub(crate) fn envelope_for<D: Conforms>(events: &[&str]) -> String {
    envelope_between(D::SOURCE, D::NAME, 0, events)
}

const MARK: &str = "mark7Q";

/// What a vendor does, quoting what it was sent.
type Responds = fn(usize) -> Result<Response, NoResponse>;
const QUOTING: [Responds; 10] = [
    |_| respond(200, &[], r#"{"message":"success mark7Q"}"#),
    |_| {
        let body = r#"{"message":"mark7Q","errors":[{"type":"mark7Q","input_array":"events","index":0}]}"#;
        respond(201, &[], body)
    },
    |_| respond(400, &[], r#"{"error":"mark7Q is odd","message":"mark7Q"}"#),
    |_| respond(401, &[], r#"{"message":"key mark7Q"}"#),
    |_| respond(404, &[("location", "https://mark7Q")], "mark7Q"),
    |_| respond(429, &[("retry-after", "mark7Q")], "mark7Q"),
    |_| respond(500, &[], "<html>mark7Q"),
    |_| Err(Timeout),
    |_| Err(Connect),
    |_| panic!("mark7Q in a panic"),
];

/// Marked values go through delivery and its faults, and are looked for in every line and metric.
pub(crate) fn secrets_are_never_logged<D: Conforms>() {
    let faults = [&[][..], &[CallFault::Fail; 6], &[CallFault::FailEntry(0); 6]];
    let sent: Vec<String> = QUOTING
        .iter()
        .flat_map(|responds| faults.map(|faults| sent_of_marked::<D>(*responds, faults)))
        .flatten()
        .collect();
    assert!(sent.iter().any(|body| body.contains(MARK)), "events do travel");
    assert!(sent.iter().all(|body| !body.contains("key-mark7Q")));
}

/// Delivers marked records, and gives the messages that were sent.
fn sent_of_marked<D: Conforms>(responds: Responds, faults: &[CallFault]) -> Vec<String> {
    let aws = FakeAws::with(faults);
    let vendor = FakeVendor::new(move |_, nth| responds(nth));
    let events: Vec<String> = (0..20).map(|n| format!(r#""{MARK}@example.com#{n}""#)).collect();
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let own = format!(r#""destination":"{}""#, D::NAME);
    let bodies = [
        envelope_for::<D>(&events),
        envelope_for::<D>(&[r#""mappanic mark7Q""#]),
        "{\"mark7Q\":".to_owned(),
        envelope_for::<D>(&events[..2]).replace(&own, r#""destination":"nowhere""#),
        r#"{"v":2,"mark7Q":1}"#.to_owned(),
    ];
    let records: Vec<_> = (1..)
        .zip(bodies)
        .map(|(n, body)| record(&format!("m{n}"), n, body))
        .collect();
    let secrets = FakeSecrets::new(&secret("key-mark7Q"));
    let deliverer = deliverer::<D>(D::SETTINGS, one_call::<D>, secrets, &aws, &vendor);
    crate::fake_vendor::run(deliverer.handle(&records, "aws-1", vendor.now.get().plus_millis(60_000)));
    let lines = aws.lines.borrow().join("\n");
    assert!(lines.contains(r#""kind":"event""#) && lines.contains(r#""kind":"invocation""#));
    assert!(!lines.contains(MARK), "{lines}");
    let sent = aws.sent.borrow();
    let is_whole = |body: &str| body.contains(r#""v":1"#);
    assert!(
        sent.iter()
            .all(|message| message.queue == QueueName::Parked || is_whole(&message.body))
    );
    sent.iter().map(|message| message.body.clone()).collect()
}
