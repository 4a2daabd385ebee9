//! Outages by the script (RT-009), in virtual days. The figures that they print stand in `shared/delivery/README.md`.

use crate::faults::Fault;
use crate::ledger::Parking;
use crate::run::run_world;
use crate::secrets_manager::Rotation;
use crate::senders::{self, Forgery, Kind, Planned};
use crate::vendors::First;
use crate::world::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Window, World, place_of};
use event::reasons::ParkReason;
use event::{Destination, Source};
use std::rc::Rc;

const README: &str = include_str!("../../shared/delivery/README.md");

/// A world in which these faults last so long, each at the places that it concerns, and nothing else fails.
fn world(faults: &[(Fault, i64, i64)]) -> Rc<World> {
    let world = World::calm(7);
    for (fault, from, until) in faults.iter().copied() {
        let all = (0..3).map(|place| Window {
            fault,
            from,
            until,
            place,
        });
        world.windows.borrow_mut().extend(all);
    }
    world
}

/// Requests of a source, one each so many milliseconds, of so many events.
fn requests(world: &World, source: Source, every_ms: i64, until: i64, events: usize) -> Vec<Planned> {
    let count = until / every_ms;
    let request = |n: i64| {
        let number = usize::try_from(n).unwrap();
        senders::good(&world.chance, number, source, n * every_ms, events)
    };
    (0..count).map(request).collect()
}

/// Runs them to the end; nothing may be lost, or parked but for these reasons.
fn run(world: &Rc<World>, requests: Vec<Planned>, parks: &[ParkReason]) {
    requests.iter().for_each(|planned| world.expect(planned));
    run_world(world, requests);
    let violations = world.ledger.violations.take();
    assert!(
        violations.is_empty(),
        "{:?}",
        &violations[..violations.len().min(5)]
    );
    let parked = world.ledger.parked.borrow();
    let stranger = parked.iter().find(|parked| !parks.contains(&parked.reason));
    assert!(stranger.is_none(), "parked {}", stranger.unwrap().reason.as_str());
}

fn is_written_down(row: &str) {
    assert!(README.contains(row), "the README does not say: {row}");
}

/// The last time at which a destination got an event for the first time, in milliseconds after `since`.
fn last_ms(world: &World, destination: Destination, since: i64) -> i64 {
    let firsts = world.vendors.firsts.borrow();
    let of_destination = firsts.iter().filter(|First { to, .. }| *to == destination);
    of_destination.map(|first| first.at).max().unwrap() - since
}

#[test]
fn branch_loses_nothing_while_sqs_is_away_for_an_hour() {
    event::rules!["RC-150", "RC-153", "RC-158"];
    let (from, until) = (10 * MINUTE_MS, 70 * MINUTE_MS);
    let world = world(&[(Fault::F43, from, until)]);
    let requests = requests(&world, Source::Branch, 4 * SECOND_MS, 80 * MINUTE_MS, 1);
    let count = requests.len();
    run(&world, requests, &[]);
    assert_eq!(
        world.ledger.taken.borrow().len(),
        count,
        "each is answered with a 2xx"
    );
    let most = world.bucket.most_pending.get();
    let emptied_min = (world.bucket.emptied_at.get() - until) / MINUTE_MS + 1;
    is_written_down(&format!(
        "| SQS away for 1 h | {count} requests of Branch, of which {most} wait in the bucket | it is empty within {emptied_min} min |"
    ));
    world.end();
}

#[test]
fn nothing_is_refused_while_secrets_are_away_for_an_hour() {
    event::rules!["RC-021", "RC-036", "RC-155", "RS-012"];
    // No container has a secret in memory.
    let (from, until) = (0, HOUR_MS);
    let world = world(&[(Fault::F16, from, until)]);
    let mut all = Vec::new();
    for (n, source) in [Source::Segment, Source::Braze, Source::Branch]
        .into_iter()
        .enumerate()
    {
        for mut planned in requests(&world, source, 10 * SECOND_MS, 80 * MINUTE_MS, 1) {
            let number = planned.number * 3 + n;
            planned = senders::good(&world.chance, number, source, planned.at, 1);
            all.push(planned);
        }
    }
    let count = all.len();
    run(&world, all, &[]);
    assert_eq!(world.ledger.taken.borrow().len(), count);
    let kept = world.bucket.most_pending.get().next_multiple_of(100);
    is_written_down(&format!(
        "| Secrets Manager away for 1 h | {count} requests of all three senders | none refused for good, fewer than {kept} of Branch wait in the bucket |"
    ));
    world.end();
}

#[test]
fn a_key_is_rotated_under_load_and_strangers_without_a_refusal() {
    event::rules!["RS-020", "RC-035"];
    let world = world(&[]);
    for source in [Source::Segment, Source::Braze, Source::Branch] {
        let (added, switched, first) = (MINUTE_MS, MINUTE_MS + 15 * SECOND_MS, 5 * MINUTE_MS);
        world.secrets.rotations.borrow_mut().push(Rotation {
            source,
            added,
            switched,
            first,
        });
    }
    let mut all = Vec::new();
    let sources = [Source::Segment, Source::Braze, Source::Branch];
    for n in 0..10 * 60 * 2 {
        let at = n as i64 * SECOND_MS / 2;
        let mut planned = senders::good(&world.chance, n, sources[n % 3], at, 1);
        planned.kind = match n / 3 % 3 {
            0 => Kind::Forged(Forgery::WrongKey),
            1 => Kind::Forged(Forgery::NoCredential),
            _ => Kind::Good,
        };
        all.push(planned);
    }
    let good = all.iter().filter(|planned| planned.kind == Kind::Good).count();
    run(&world, all, &[]);
    assert_eq!(world.ledger.taken.borrow().len(), good);
    world.end();
}

#[test]
fn a_destination_is_not_flooded_when_it_recovers() {
    event::rules!["RD-083", "RD-107"];
    for destination in [Destination::Braze, Destination::Segment] {
        let world = World::calm(7);
        let until = DAY_MS;
        let (fault, place) = (Fault::F71, place_of(destination));
        world.windows.borrow_mut().push(Window {
            fault,
            from: 0,
            until,
            place,
        });
        let source = if destination == Destination::Braze {
            Source::Segment
        } else {
            Source::Braze
        };
        let requests = requests(&world, source, 15 * MINUTE_MS, DAY_MS, 20);
        let events = 20 * requests.len();
        run(&world, requests, &[]);
        let seconds = world.vendors.seconds.borrow();
        let since = until / SECOND_MS;
        let most = (0..3600)
            .filter_map(|s| seconds.get(&(destination, since + s)))
            .max()
            .unwrap();
        let concurrency = crate::lambda::numbers(destination).concurrency as u32;
        // The first one that gets through opens a container's breaker, for as many as there are containers.
        let first = seconds
            .range((destination, since)..)
            .find(|((to, _), _)| *to == destination);
        let first = first.map(|((_, second), _)| *second).unwrap();
        for s in 1..=8_i64 {
            let count = seconds
                .get(&(destination, first + s - 1))
                .copied()
                .unwrap_or_default();
            assert!(count <= concurrency << (s - 1), "{count} requests in second {s}");
        }
        let hours = last_ms(&world, destination, until) / HOUR_MS + 1;
        is_written_down(&format!(
            "| 24 h of 5xx | {events} events wait for {destination} | requests in the busiest second after it: {most}; the last event within {hours} h |"
        ));
        drop(seconds);
        world.end();
    }
}

#[test]
fn a_key_that_stays_revoked_parks_after_ten_days_and_not_before() {
    event::rules!["RD-088"];
    let world = World::calm(7);
    let place = place_of(Destination::Braze);
    let (fault, from, until) = (Fault::F75, 0, 12 * DAY_MS);
    world.windows.borrow_mut().push(Window {
        fault,
        from,
        until,
        place,
    });
    let requests = requests(&world, Source::Segment, HOUR_MS, 3 * HOUR_MS, 2);
    run(&world, requests, &[ParkReason::HoldExpired]);
    let parked = world.ledger.parked.borrow();
    let ages: Vec<i64> = parked.iter().map(|Parking { age_ms, .. }| *age_ms).collect();
    let (first, last) = (*ages.iter().min().unwrap(), *ages.iter().max().unwrap());
    assert!(
        first >= 10 * DAY_MS && last <= 10 * DAY_MS + 2 * HOUR_MS,
        "{ages:?}"
    );
    let chain = world.lambda.longest_chain.get().next_multiple_of(100);
    is_written_down(&format!(
        "| key revoked for good | {} events for braze | parked `hold_expired` after 10 d and at most {} h, after fewer than {chain} self-sends |",
        ages.len(),
        (last - 10 * DAY_MS) / HOUR_MS + 1
    ));
    drop(parked);
    world.end();
}

#[test]
fn a_breaker_forgets_its_outage_in_a_freeze_of_hours() {
    event::rules!["RD-082"];
    let world = World::calm(7);
    world.lambda.keeps_containers.set(true);
    let (fault, from, until) = (Fault::F71, 0, 30 * MINUTE_MS);
    let place = place_of(Destination::Segment);
    world.windows.borrow_mut().push(Window {
        fault,
        from,
        until,
        place,
    });
    let at = [0, 1, 2, 3, 4, 5].map(|n| n * 4 * MINUTE_MS);
    let late = 12 * HOUR_MS;
    let at = at.into_iter().chain([late]).enumerate();
    let requests = at.map(|(number, at)| senders::good(&world.chance, number, Source::Braze, at, 1));
    run(&world, requests.collect(), &[]);
    let waited_ms = last_ms(&world, Destination::Segment, late);
    assert!((0..5 * SECOND_MS).contains(&waited_ms), "{waited_ms} ms");
    world.end();
}
