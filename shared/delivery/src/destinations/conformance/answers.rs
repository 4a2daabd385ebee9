//! What becomes of events by what the vendor answers.

use super::*;

#[test]
fn each_status_and_body_has_its_outcome() {
    event::rules![
        "RD-120", "SB-530", "SB-560", "SB-706", "SEG-050", "SEG-051", "SEG-053", "SEG-054", "SEG-055",
        "SEG-056", "SEG-058", "SEG-059", "SEG-061", "SEG-062", "SR-320", "SR-321", "SR-322", "SR-323",
        "SR-324", "SR-325", "SR-326", "SR-327", "SR-328"
    ];
    let by_status = (100..=599).map(|status| {
        let wanted = statuses::<D>().find(|(statuses, _)| statuses.contains(&status));
        (status, "", wanted.unwrap().1)
    });
    for (status, body, wanted) in by_status.chain(D::BODIES.iter().copied()) {
        let vendor = FakeVendor::always(status, body);
        let results = deliver(&packing(), &vendor, events(1));
        assert_eq!(words(&results), [wanted], "{status} {body}");
        let detail = format!("{status} {body}").trim_end().to_owned();
        let is_parked = wanted.starts_with("parked");
        assert_eq!(results[0].detail, is_parked.then_some(detail), "{status}");
        assert_eq!(results[0].status, Some(status));
        assert!(!results[0].maybe_duplicate);
        assert_eq!(vendor.requests(), 1, "{status}");
    }
}

#[test]
fn what_is_no_refusal_is_not_halved() {
    event::rules![
        "SEG-051", "SEG-054", "SEG-055", "SEG-056", "SEG-059", "SEG-061", "SEG-062"
    ];
    let waits = |wanted: &str| wanted.starts_with("retry") || wanted.starts_with("hold");
    for (statuses, wanted) in statuses::<D>().filter(|(_, wanted)| waits(wanted)) {
        let vendor = FakeVendor::always(*statuses.start(), "");
        assert_eq!(outcomes(&packing(), &vendor, 4), [wanted; 4], "{statuses:?}");
        assert!(vendor.requests() <= if D::PACKS { 1 } else { 4 }, "{statuses:?}");
    }
}

#[test]
fn the_vendors_words_are_cut_and_quote_no_key() {
    event::rules!["SR-323", "SR-327", "SEG-053", "SB-539", "RS-033"];
    let vendor = FakeVendor::new(|seen, _| {
        let key = seen.authorization.as_deref().unwrap_or_default();
        let body = format!("unable to parse {key} {} {}", seen.body, "ä".repeat(600));
        respond(400, &[], &body)
    });
    let mut results = deliver(&packing(), &vendor, events(1));
    let detail = results.remove(0).detail.unwrap();
    assert!(detail.starts_with("400 unable to parse "), "{detail}");
    assert!(detail.contains("<key>"), "{detail}");
    assert!(!detail.contains("k-1") && !detail.contains("ay0xOg"), "{detail}");
    assert_eq!(detail.chars().count(), 500);
}

#[test]
fn a_repaired_event_is_warned_of_with_its_first_warning() {
    event::rules!["SR-320", "SEG-050"];
    let mut one = event("e");
    one.warnings = vec![Warning::InvalidNumber, Warning::Trimmed];
    let results = deliver(&packing(), &first(ok), vec![one]);
    assert_eq!(words(&results), ["warned invalid_number"]);
}

#[test]
fn only_what_surely_was_not_sent_is_tried_once_more() {
    event::rules!["RD-060", "RD-061", "RD-130", "SR-329", "SEG-063"];
    assert_eq!(outcomes(&packing(), &first(|| Err(Connect)), 1), ["delivered"]);
    for why in NoResponse::ALL {
        let vendor = FakeVendor::new(move |_, _| Err(why));
        let results = deliver(&packing(), &vendor, events(1));
        let (wanted, requests) = if why.was_sent() {
            (D::UNANSWERED, 1)
        } else {
            (("retry transient", false), 2)
        };
        assert_eq!(
            (words(&results)[0].as_str(), results[0].maybe_duplicate),
            wanted,
            "{why:?}"
        );
        assert_eq!((vendor.requests(), results[0].no_answer), (requests, Some(why)));
        let seen = vendor.seen.borrow();
        let waits = seen.windows(2).map(|two| two[1].at.millis_since(two[0].at));
        assert!(waits.into_iter().all(|ms| (100..=500).contains(&ms)), "{why:?}");
    }
}

#[test]
fn what_may_have_been_accepted_is_not_sent_again_at_once() {
    event::rules!["SR-330", "SEG-063", "SB-550"];
    let vendor = FakeVendor::new(|_, _| Err(Timeout));
    let results = deliver(&fresh(), &vendor, events(2));
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
enum Fault {
    /// The vendor accepts it.
    None,
    /// The vendor accepts it, and its answer is lost.
    AnswerLost,
    /// It does not reach the vendor.
    NotSent,
    /// The vendor refuses it for now.
    Unavailable,
}

fn any_fault() -> impl Strategy<Value = Fault> {
    prop::sample::select(&[Fault::None, Fault::AnswerLost, Fault::NotSent, Fault::Unavailable][..])
}

/// Six events go out through the faults until none waits; then SQS delivers the messages of some a second time.
fn each_fault_adds_at_most_one_copy(faults: &[Fault], twice: &BTreeSet<usize>, packs: bool) {
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
            Fault::None => ok(),
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
            let dispatcher = if packs { packing() } else { fresh() };
            let (numbers, done): (Vec<usize>, Vec<Option<Done>>) = waiting.into_iter().unzip();
            let jobs = numbers.iter().zip(done).map(|(n, done)| Job {
                done,
                ..event(&format!("e{n}"))
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

#[test]
fn of_one_event_received_twice_the_first_is_sent() {
    event::rules!["SR-311", "SB-523", "SEG-043", "SEG-044"];
    let jobs = || ["e", "f", "e"].map(event).into();
    let vendor = FakeVendor::new(|_, _| ok());
    assert_eq!(
        words(&deliver(&packing(), &vendor, jobs())),
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
        words(&deliver(&packing(), &vendor, jobs())),
        [refused, refused, D::REPEATED]
    );
}

#[test]
fn nothing_but_sqs_remembers_what_was_sent() {
    event::rules!["RD-154"];
    // SQS marks nothing as done: a container sends what it has sent before, as another would.
    let (dispatcher, vendor) = (fresh(), FakeVendor::new(|_, _| ok()));
    for sent in 1..=3 {
        assert_eq!(outcomes(&dispatcher, &vendor, 2), ["delivered"; 2]);
        assert_eq!(vendor.marks().concat(), ["e0", "e1"].repeat(sent));
    }
}

#[test]
fn what_was_accepted_is_never_sent_again() {
    event::rules!["SB-543", "RD-044"];
    let dispatcher = fresh();
    let calls = || vec![D::call("a", "u"), D::call("b", "v")];
    let vendor = FakeVendor::new(|seen, _| match seen.marks()[0].as_str() {
        "a" => ok(),
        _ => respond(503, &[], ""),
    });
    let results = deliver(&dispatcher, &vendor, vec![job("e", calls())]);
    assert_eq!(words(&results), ["retry transient"]);
    let done = |of| Some(Done { of, items: vec![0] });
    assert_eq!(results[0].done, done(2));
    // Marks of another number of items are void.
    for (done, sent) in [(done(2), &["b"][..]), (done(3), &["a", "b"])] {
        let vendor = FakeVendor::new(|_, _| ok());
        let again = Job {
            done,
            ..job("e", calls())
        };
        assert_eq!(words(&deliver(&dispatcher, &vendor, vec![again])), ["delivered"]);
        assert_eq!(vendor.marks().concat(), sent);
    }
}

#[test]
fn a_panic_changes_the_class_of_its_own_event_alone() {
    event::rules!["RD-011"];
    let vendor = FakeVendor::new(|seen, _| match seen.marks()[0].as_str() {
        "e1" => panic!("a fault of ours"),
        _ => ok(),
    });
    let (results, counts) = deliver_within(&fresh(), &vendor, events(3), 300_000);
    assert_eq!(words(&results), ["delivered", D::UNANSWERED.0, "delivered"]);
    assert_eq!(counts.panics.get(), 1);
}

fn exactly_the_bad_events_end_refused(n: usize, bad: &BTreeSet<usize>, (status, refused): (u16, &str)) {
    let bad: BTreeSet<String> = bad
        .iter()
        .filter(|one| **one < n)
        .map(|n| format!("e{n}"))
        .collect();
    let marked = bad.clone();
    let vendor = FakeVendor::new(move |seen, _| {
        let is_bad = seen.marks().iter().any(|mark| marked.contains(mark));
        if is_bad { respond(status, &[], "no") } else { ok() }
    });
    let results = deliver(&packing(), &vendor, events(n));
    for (place, outcome) in words(&results).into_iter().enumerate() {
        let is_bad = bad.contains(&format!("e{place}"));
        assert_eq!(outcome, if is_bad { refused } else { "delivered" }, "{place}");
    }
    let depth = n.next_power_of_two().trailing_zeros() as usize;
    let most = if D::PACKS { 2 * bad.len() * depth + 1 } else { n };
    assert!(vendor.requests() <= most, "{} requests", vendor.requests());
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
#[test]
fn secrets_and_personal_data_are_never_logged() {
    event::rules!["RP-007", "RP-010", "RS-032", "RS-033"];
    let faults = [&[][..], &[CallFault::Fail; 6], &[CallFault::FailEntry(0); 6]];
    let sent: Vec<String> = QUOTING
        .iter()
        .flat_map(|responds| faults.map(|faults| sent_of_marked(*responds, faults)))
        .flatten()
        .collect();
    assert!(sent.iter().any(|body| body.contains(MARK)), "events do travel");
    assert!(sent.iter().all(|body| !body.contains("key-mark7Q")));
}

/// Delivers marked records, and gives the messages that were sent.
fn sent_of_marked(responds: Responds, faults: &[CallFault]) -> Vec<String> {
    let aws = FakeAws::with(faults);
    let vendor = FakeVendor::new(move |_, nth| responds(nth));
    let events: Vec<String> = (0..20).map(|n| format!(r#""{MARK}@example.com#{n}""#)).collect();
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

proptest! {
    #[test]
    fn exactly_the_bad_events_end_refused_within_the_bound(
        n in 1_usize..=75,
        bad in prop::collection::btree_set(0_usize..75, 0..7),
        refusal in prop::sample::select(D::REFUSES),
    ) {
        event::rules!["SB-538", "SB-706", "SEG-060", "RD-121"];
        exactly_the_bad_events_end_refused(n, &bad, refusal);
    }

    #[test]
    fn each_fault_adds_at_most_one_copy_of_an_event(
        faults in prop::collection::vec(any_fault(), 0..12),
        twice in prop::collection::btree_set(0_usize..6, 0..4),
        packs in any::<bool>(),
    ) {
        event::rules!["RD-151"];
        each_fault_adds_at_most_one_copy(&faults, &twice, packs);
    }
}
