//! What each event is owed, and what it has got: the oracle of RP-030 to RP-033 and RT-007.

use crate::events::{Event, Mark, marks_in};
use crate::world::{DAY_MS, HOUR_MS};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::calls::Verdict;
use event::envelope::{Content, Parked};
use event::reasons::ParkReason;
use event::settings::Settings;
use event::{Destination, Route, Source, Timestamp};
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// What the mapping says of an event at one destination.
enum Owed {
    /// These items, each at least once.
    Items(Vec<String>),
    Nothing,
    Parking,
}

/// All that was seen of the events of a world.
#[derive(Default)]
pub struct Ledger {
    /// The events of good requests.
    pub events: RefCell<BTreeMap<Mark, Event>>,
    /// The marks of what no sender has sent, or not so: they must arrive nowhere.
    pub forged: RefCell<BTreeSet<Mark>>,
    /// The marks that SQS has blamed its sender for.
    pub blamed: RefCell<BTreeSet<Mark>>,
    /// Whether a receiver has panicked: what it had in hand may be parked whole.
    pub has_panicked: Cell<bool>,
    /// How often a destination has accepted an item of an event.
    accepted: RefCell<BTreeMap<(Destination, Mark), BTreeMap<String, u32>>>,
    /// How many further copies of an event the faults explain.
    excused: RefCell<BTreeMap<(Destination, Mark), u32>>,
    ignored: RefCell<BTreeSet<(Destination, Mark)>>,
    /// Requests of Branch that may be lost: what struck them leaves no other way.
    pub may_be_lost: RefCell<BTreeSet<usize>>,
    /// Requests that were answered with a 2xx.
    pub taken: RefCell<BTreeSet<usize>>,
    /// The ids of requests that were taken although nothing in them could be read: their bodies are parked whole.
    pub kept_whole: RefCell<Vec<String>>,
    /// The reasons for which something is parked that no sender has sent.
    pub owed_parked: RefCell<Vec<&'static str>>,
    /// What the world has parked in the end.
    pub parked: RefCell<Vec<Parking>>,
    /// What was found to be wrong.
    pub violations: RefCell<Vec<String>>,
}

impl Ledger {
    pub fn violation(&self, text: String) {
        self.violations.borrow_mut().push(text);
    }

    pub fn check(&self, holds: bool, text: impl FnOnce() -> String) {
        if !holds {
            self.violation(text());
        }
    }

    /// A destination takes an item. Says whether it is a new one.
    pub fn accepts(&self, destination: Destination, item: &str) -> bool {
        let mut is_new = false;
        for mark in marks_in(item) {
            let mut accepted = self.accepted.borrow_mut();
            let copies = accepted.entry((destination, mark)).or_default();
            let copies = copies.entry(item.to_owned()).or_default();
            *copies += 1;
            is_new |= *copies == 1;
        }
        is_new
    }

    /// Allows one more copy of these events, or takes that back.
    pub fn excuse(&self, destination: Destination, marks: &[Mark], change: i32) {
        let mut excused = self.excused.borrow_mut();
        for mark in marks {
            let copies = excused.entry((destination, *mark)).or_default();
            *copies = copies.saturating_add_signed(change);
        }
    }

    /// The same for all destinations.
    pub fn excuse_everywhere(&self, marks: &[Mark], change: i32) {
        for destination in Destination::ALL {
            self.excuse(destination, marks, change);
        }
    }

    pub fn is_excused(&self, destination: Destination, mark: Mark) -> bool {
        self.excused
            .borrow()
            .get(&(destination, mark))
            .is_some_and(|copies| *copies > 0)
    }

    /// Reads a log line for what it says of an event.
    pub fn read_line(&self, line: &str) {
        if !line.contains(r#""outcome":"ignored""#) {
            return;
        }
        for destination in Destination::ALL {
            if line.contains(&format!(r#""destination":"{destination}""#)) {
                let marks = marks_in(line).into_iter();
                self.ignored
                    .borrow_mut()
                    .extend(marks.map(|mark| (destination, mark)));
            }
        }
    }

    /// Looks at a world that has come to rest: its parked bodies, and how to read what lies in the fallback bucket.
    /// Says how many events are parked because Branch would have got them late.
    pub fn judge(
        &self,
        settings: &Settings,
        parked: &[String],
        object: impl Fn(&str) -> Option<Vec<u8>>,
    ) -> usize {
        let all = self.read_parked(parked, object);
        self.judge_unreadable(&all);
        let mut parked: BTreeMap<Mark, Vec<&Parking>> = BTreeMap::new();
        for one in &all {
            one.marks
                .iter()
                .for_each(|mark| parked.entry(*mark).or_default().push(one));
        }
        for (mark, event) in &*self.events.borrow() {
            if !self.taken.borrow().contains(&event.request) {
                let may_be_lost = self.may_be_lost.borrow().contains(&event.request);
                self.check(may_be_lost, || {
                    format!("{mark} was never taken, and nothing explains it")
                });
                continue;
            }
            for route in Route::ALL
                .into_iter()
                .filter(|route| route.source() == event.source)
            {
                self.judge_event(*mark, event, route.destination(), settings, &parked);
            }
        }
        let forged = self.forged.borrow();
        for (destination, mark) in self.accepted.borrow().keys() {
            self.check(!forged.contains(mark), || {
                format!("forged {mark} is at {destination}")
            });
        }
        let late = all.iter().filter(|one| one.reason == ParkReason::TooLate).count();
        self.parked.replace(all);
        late
    }

    /// What could not be read is kept: bodies of proved senders, and what lay in a queue or the bucket.
    fn judge_unreadable(&self, parked: &[Parking]) {
        for id in &*self.kept_whole.borrow() {
            let is_kept = parked.iter().any(|one| one.request_id.as_ref() == Some(id));
            self.check(is_kept, || format!("{id} was taken, and is not parked"));
        }
        let owed = self.owed_parked.borrow();
        for reason in &*owed {
            let of_reason = parked.iter().filter(|one| one.reason.as_str() == *reason).count();
            let wanted = owed.iter().filter(|own| *own == reason).count();
            self.check(of_reason >= wanted, || {
                format!("{of_reason} are parked {reason} of {wanted}")
            });
        }
    }

    fn judge_event(
        &self,
        mark: Mark,
        event: &Event,
        destination: Destination,
        settings: &Settings,
        parked: &BTreeMap<Mark, Vec<&Parking>>,
    ) {
        let accepted = self.accepted.borrow();
        let nothing = BTreeMap::new();
        let got = accepted.get(&(destination, mark)).unwrap_or(&nothing);
        let reasons: Vec<&Parking> = (parked.get(&mark).into_iter().flatten().copied())
            .filter(|parked| parked.destination.is_none_or(|own| own == destination))
            .collect();
        for one in &reasons {
            self.check(self.may_park(event, mark, one, settings), || {
                format!("{mark} for {destination} is parked {}", one.reason.as_str())
            });
        }
        let is_parked = !reasons.is_empty();
        match owed(event, destination, settings) {
            Owed::Items(items) => {
                let all = items.iter().all(|item| got.contains_key(item));
                self.check(all || is_parked, || {
                    format!("{mark} is lost: {destination} has {got:?} of {items:?}")
                });
                self.judge_copies(mark, destination, got);
                let stranger = got.keys().find(|item| !items.contains(item));
                self.check(stranger.is_none(), || {
                    format!("{mark}: {destination} got {stranger:?}")
                });
            }
            Owed::Nothing => {
                let is_ignored = self.ignored.borrow().contains(&(destination, mark));
                self.check(is_ignored || is_parked, || {
                    format!("no line says that {mark} is ignored")
                });
                self.check(got.is_empty(), || {
                    format!("{mark} is ignored, and {destination} has it")
                });
            }
            Owed::Parking => {
                self.check(is_parked, || format!("{mark} is not parked for {destination}"));
                self.check(got.is_empty(), || {
                    format!("{mark} is parked, and {destination} has it")
                });
            }
        }
    }

    /// RD-151.
    fn judge_copies(&self, mark: Mark, destination: Destination, got: &BTreeMap<String, u32>) {
        let excused = self.excused.borrow().get(&(destination, mark)).copied();
        let most = 1 + excused.unwrap_or_default();
        let copies = got.values().copied().max().unwrap_or_default();
        // Segment forgets a repeated messageId; that the item is the same shows that its messageId is.
        let is_forgotten = destination == Destination::Segment;
        self.check(copies <= most || is_forgotten, || {
            format!("{mark}: {destination} has {copies} copies, {most} are explained")
        });
    }

    /// Whether there is a cause to park an event for this reason.
    fn may_park(&self, event: &Event, mark: Mark, parked: &Parking, settings: &Settings) -> bool {
        match parked.reason {
            ParkReason::Rejected | ParkReason::PartlyRejected => event.text.contains("poison"),
            ParkReason::InternalPanic => event.text.contains("panics"),
            ParkReason::TooDeep => event.text.contains("deep"),
            ParkReason::EventTooLarge => event.text.len() > 1_040_000,
            ParkReason::QueueRefused => self.blamed.borrow().contains(&mark),
            ParkReason::UnreadableBody => self.has_panicked.get(),
            ParkReason::TooLate => parked.age_ms > HOUR_MS,
            ParkReason::HoldExpired => parked.age_ms > 10 * DAY_MS,
            reason => Destination::ALL.into_iter().any(|destination| {
                let own = Some(parked.destination.unwrap_or(destination)) == Some(destination);
                own && matches!(verdict(event, destination, settings), Verdict::Park(by) if by == reason)
            }),
        }
    }

    fn read_parked(&self, bodies: &[String], object: impl Fn(&str) -> Option<Vec<u8>>) -> Vec<Parking> {
        let mut all = Vec::new();
        for body in bodies {
            let Ok(parked) = Parked::open(body) else {
                self.violation(format!("the parked queue holds {body}"));
                continue;
            };
            let text = match &parked.content {
                Content::Event(event) => event.get().to_owned(),
                Content::BodyBase64(text) => text_of(&STANDARD.decode(text).unwrap_or_default()),
                Content::Object(key) => match object(key) {
                    // A request of Branch is copied as it lay in the bucket, with its body in base64.
                    Some(bytes) => {
                        body_of(&bytes).unwrap_or_else(|| String::from_utf8_lossy(&bytes).into_owned())
                    }
                    None => {
                        self.violation(format!("parked, and its object is not there: {key}"));
                        continue;
                    }
                },
                Content::File(_) => String::new(),
            };
            all.push(Parking {
                marks: marks_in(&text),
                request_id: parked.request_id.map(|id| id.into_owned()),
                reason: parked.reason,
                destination: parked.destination,
                age_ms: parked
                    .first_received_at
                    .map_or(0, |at| parked.at.millis_since(at)),
            });
        }
        all
    }
}

/// What lies in the parked queue, and how old it was when it was parked.
pub struct Parking {
    marks: Vec<Mark>,
    request_id: Option<String>,
    pub reason: ParkReason,
    destination: Option<Destination>,
    pub age_ms: i64,
}

/// The body in a pending object.
pub fn body_of(object: &[u8]) -> Option<String> {
    let object: Value = serde_json::from_slice(object).ok()?;
    let body = STANDARD.decode(object["body_base64"].as_str()?).ok()?;
    Some(text_of(&body))
}

/// A body as text, unpacked if it is packed.
fn text_of(body: &[u8]) -> String {
    let mut unpacked = String::new();
    match MultiGzDecoder::new(body).read_to_string(&mut unpacked) {
        Ok(_) => unpacked,
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    }
}

/// The items that an event makes at a destination, in the form of [`item_text`].
fn owed(event: &Event, destination: Destination, settings: &Settings) -> Owed {
    match verdict(event, destination, settings) {
        Verdict::Deliver { calls, .. } => Owed::Items(calls),
        Verdict::Ignore(_) => Owed::Nothing,
        Verdict::Park(_) => Owed::Parking,
    }
}

fn verdict(event: &Event, destination: Destination, settings: &Settings) -> Verdict<String> {
    if event.text.contains("panics") {
        return Verdict::Park(ParkReason::InternalPanic);
    }
    let (source, text) = (event.source, event.text.as_str());
    let received_at = Some(Timestamp::from_millis(crate::START_MS));
    let verdict = match destination {
        Destination::Braze => match mapping::to_braze(source, text, received_at, settings).verdict {
            Verdict::Deliver { calls, warnings } => Verdict::Deliver {
                calls: calls
                    .into_iter()
                    .flat_map(|call| call.items)
                    .map(|item| item.json)
                    .collect(),
                warnings,
            },
            Verdict::Ignore(reason) => Verdict::Ignore(reason),
            Verdict::Park(reason) => Verdict::Park(reason),
        },
        Destination::Branch => {
            let mapped = mapping::to_branch(source, text, received_at, settings);
            mapped.map(|call| call.body).verdict
        }
        Destination::Segment => {
            let mapped = mapping::to_segment(source, text, received_at, settings);
            mapped.map(|call| call.body).verdict
        }
    };
    match verdict {
        Verdict::Deliver { calls, warnings } => Verdict::Deliver {
            calls: calls
                .into_iter()
                .filter(|item| !marks_in(item).is_empty())
                .map(|item| serde_json::from_str::<Value>(&item).map_or(item, item_text))
                .collect(),
            warnings,
        },
        other => other,
    }
}

/// An item as the ledger writes it: without the key and the time that delivery adds.
pub fn item_text(mut item: Value) -> String {
    if let Some(members) = item.as_object_mut() {
        members.remove("branch_key");
    }
    item.to_string()
}

/// Whether a source is one whose requests come once, whatever is answered.
pub const fn never_repeats(source: Source) -> bool {
    matches!(source, Source::Branch)
}
