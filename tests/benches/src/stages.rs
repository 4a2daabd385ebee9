//! How far an event is taken while it is measured.

use crate::in_memory::{InMemory, START};
use delivery::destinations::{Branch, Braze, Segment, packed};
use delivery::{Deliverer, Destination, Map, Record};
use event::calls::Verdict;
use event::envelope::{Auth, Head, KeyAge};
use event::settings::Settings;
use event::{Route, Source};
use futures_util::FutureExt;
use receipt::pack::pack;
use std::fmt;
use std::str::FromStr;

/// One of the stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// An event's text becomes calls.
    Map,
    /// A window of events becomes request bodies.
    Packed,
    /// Envelopes of 64 KiB go through the whole deliverer, whose ports are in memory; its lines and metrics are written.
    Handle,
}

impl Stage {
    /// All stages.
    pub const ALL: [Self; 3] = [Self::Map, Self::Packed, Self::Handle];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Packed => "packed",
            Self::Handle => "handle",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|stage| stage.as_str() == text);
        found.ok_or_else(|| format!("{text} is no stage; choose map, packed or handle"))
    }
}

/// Events that are taken together, as one invocation gets them.
pub struct Window {
    events: Vec<String>,
    records: Vec<Record>,
}

impl Window {
    /// A window of events of a route, and the messages that bring them.
    pub fn new(route: Route, events: Vec<String>) -> Self {
        let head = Head {
            source: route.source(),
            destination: route.destination(),
            request_id: "5f7b6d9a-2f2c-4f5d-9c7e-0d6f9e5a1b3c".into(),
            first_received_at: START,
            attempt: 0,
            auth: Auth::Signature,
            key: KeyAge::Current,
            not_before: None,
            replayed_at: None,
            held_at: None,
        };
        let messages = pack(&head, events.iter().map(String::as_str).enumerate());
        let records = messages.into_iter().enumerate().map(|(number, message)| Record {
            message_id: format!("message-{number}"),
            receipt_handle: format!("handle-{number}"),
            body: message.body,
            receive_count: 1,
            sent_at: Some(START),
        });
        Self {
            records: records.collect(),
            events,
        }
    }

    /// The messages that bring its events.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// How many events it holds.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// Events of a route, in windows of so many.
pub fn windows(route: Route, events: Vec<String>, window: usize) -> Vec<Window> {
    let windows = events.chunks(window.max(1));
    windows
        .map(|events| Window::new(route, events.to_vec()))
        .collect()
}

/// The settings of a new installation, with an address for Braze.
pub fn settings() -> Settings {
    settings_with("")
}

/// The same with other tables beside them.
pub fn settings_with(tables: &str) -> Settings {
    Settings::load(&format!("{tables}\n[braze]\ninstance = \"US-01\"\n")).unwrap()
}

/// Takes windows of a route to a stage. It gives a number that depends on all that was done.
pub fn runner(route: Route, stage: Stage) -> Box<dyn Fn(&Window) -> usize> {
    runner_with(route, stage, settings())
}

/// The same with other settings.
pub fn runner_with(route: Route, stage: Stage, settings: Settings) -> Box<dyn Fn(&Window) -> usize> {
    match route {
        Route::SegmentToBraze => of::<Braze>(route, stage, mapping::to_braze, settings),
        Route::SegmentToBranch => of::<Branch>(route, stage, mapping::to_branch, settings),
        Route::BranchToSegment | Route::BrazeToSegment => {
            of::<Segment>(route, stage, mapping::to_segment, settings)
        }
    }
}

fn of<D: Destination + 'static>(
    route: Route,
    stage: Stage,
    map: Map<D>,
    settings: Settings,
) -> Box<dyn Fn(&Window) -> usize> {
    let source = route.source();
    match stage {
        Stage::Map => Box::new(move |window| {
            let mapped = window.events.iter();
            mapped
                .map(|event| calls::<D>(map, source, event, &settings).1.len())
                .sum()
        }),
        Stage::Packed => {
            let destination = D::new(&settings).unwrap();
            Box::new(move |window| {
                bodies(&destination, map, source, &settings, window)
                    .iter()
                    .map(String::len)
                    .sum()
            })
        }
        Stage::Handle => {
            let memory = InMemory::accepting(D::NAME);
            let deliverer = Deliverer::<D, InMemory>::new(
                "measured",
                settings,
                Vec::new(),
                map,
                memory.clone(),
                memory.clone(),
            );
            Box::new(move |window| {
                let deadline = event::Clock::now(&memory).plus_millis(60_000);
                let handled = deliverer
                    .handle(&window.records, "request", deadline)
                    .now_or_never();
                let is_delivered = handled.is_some_and(|kept| kept.is_empty()) && memory.parked() == 0;
                assert!(is_delivered, "the vendor accepts everything");
                memory.requests() as usize
            })
        }
    }
}

/// An event's id and calls; none if it is not sent.
fn calls<D: Destination>(
    map: Map<D>,
    source: Source,
    event: &str,
    settings: &Settings,
) -> (event::EventId, Vec<D::Call>) {
    let mapped = map(source, event, Some(START), settings);
    match mapped.verdict {
        Verdict::Deliver { calls, .. } => (mapped.id, calls),
        Verdict::Ignore(_) | Verdict::Park(_) => (mapped.id, Vec::new()),
    }
}

fn bodies<D: Destination>(
    destination: &D,
    map: Map<D>,
    source: Source,
    settings: &Settings,
    window: &Window,
) -> Vec<String> {
    let calls = window
        .events
        .iter()
        .map(|event| calls::<D>(map, source, event, settings));
    let packing = packed(
        destination,
        calls.filter(|(_, calls)| !calls.is_empty()).collect(),
    );
    packing.requests.into_iter().map(|request| request.body).collect()
}

/// The request bodies of a window, for comparing what two versions write.
pub fn request_bodies(route: Route, window: &Window) -> Vec<String> {
    fn of<D: Destination>(route: Route, window: &Window, map: Map<D>) -> Vec<String> {
        let settings = settings();
        bodies(
            &D::new(&settings).unwrap(),
            map,
            route.source(),
            &settings,
            window,
        )
    }
    match route {
        Route::SegmentToBraze => of::<Braze>(route, window, mapping::to_braze),
        Route::SegmentToBranch => of::<Branch>(route, window, mapping::to_branch),
        Route::BranchToSegment | Route::BrazeToSegment => of::<Segment>(route, window, mapping::to_segment),
    }
}
