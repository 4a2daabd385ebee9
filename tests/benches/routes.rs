//! Events of each route: from their text to the destination's calls (`map`), and on to request bodies, a hundred events at a
//! time (`packed`). The events are those of `infra/samples`, in turn.

use delivery::Map;
use delivery::destination::Destination;
use delivery::destinations::{Branch, Braze, Segment, packed as pack};
use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher, black_box};
use event::calls::Verdict;
use event::settings::Settings;
use event::{EventId, Route, Source};

/// Counts allocations, and shows them below each time.
#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

/// Events that are packed together, as one invocation gets them.
const WINDOW: usize = 100;

/// Where Braze is; the built-in settings do not say.
const SETTINGS: &str = "[braze]\ninstance = \"US-01\"\n";

fn main() {
    divan::main();
}

/// The second that ids and times of the samples begin with.
const SECOND: usize = 1_772_366_400;

/// A hundred events, each with an id of its own.
fn samples(route: Route) -> Vec<String> {
    let text = match route {
        Route::SegmentToBraze => include_str!("../../infra/samples/segment-to-braze.ndjson"),
        Route::SegmentToBranch => include_str!("../../infra/samples/segment-to-branch.ndjson"),
        Route::BranchToSegment => include_str!("../../infra/samples/branch-to-segment.ndjson"),
        Route::BrazeToSegment => include_str!("../../infra/samples/braze-to-segment.ndjson"),
    };
    let numbered = text.lines().cycle().zip(SECOND..).take(WINDOW);
    numbered
        .map(|(event, second)| event.replace(&SECOND.to_string(), &second.to_string()))
        .collect()
}

#[divan::bench(args = Route::ALL)]
fn map(bencher: Bencher<'_, '_>, route: Route) {
    match route {
        Route::SegmentToBraze => mapped(bencher, route, mapping::to_braze),
        Route::SegmentToBranch => mapped(bencher, route, mapping::to_branch),
        Route::BranchToSegment | Route::BrazeToSegment => mapped(bencher, route, mapping::to_segment),
    }
}

fn mapped<C>(bencher: Bencher<'_, '_>, route: Route, map: OwnMap<C>) {
    let (events, settings) = (samples(route), Settings::load(SETTINGS).unwrap());
    bencher
        .counter(ItemsCount::new(WINDOW))
        .counter(bytes(&events))
        .bench_local(|| calls(route.source(), black_box(&events), map, &settings));
}

#[divan::bench(args = Route::ALL)]
fn packed(bencher: Bencher<'_, '_>, route: Route) {
    let settings = Settings::load(SETTINGS).unwrap();
    match route {
        Route::SegmentToBraze => {
            bodies(bencher, route, mapping::to_braze, &Braze::new(&settings).unwrap());
        }
        Route::SegmentToBranch => {
            bodies(
                bencher,
                route,
                mapping::to_branch,
                &Branch::new(&settings).unwrap(),
            );
        }
        Route::BranchToSegment | Route::BrazeToSegment => {
            bodies(
                bencher,
                route,
                mapping::to_segment,
                &Segment::new(&settings).unwrap(),
            );
        }
    }
}

fn bodies<D: Destination>(bencher: Bencher<'_, '_>, route: Route, map: Map<D>, destination: &D) {
    let (events, settings) = (samples(route), Settings::load(SETTINGS).unwrap());
    bencher
        .counter(ItemsCount::new(WINDOW))
        .counter(bytes(&events))
        .bench_local(|| {
            let asking = calls(route.source(), black_box(&events), map, &settings);
            let packing = pack(destination, asking);
            assert!(packing.unsent.is_empty() && !packing.requests.is_empty());
            packing.requests.len()
        });
}

type OwnMap<C> = fn(Source, &str, Option<event::Timestamp>, &Settings) -> event::calls::Mapped<C>;

/// The calls of all events, each of which has some.
fn calls<C>(
    source: Source,
    events: &[String],
    map: OwnMap<C>,
    settings: &Settings,
) -> Vec<(EventId, Vec<C>)> {
    let calls = events.iter().map(|event| {
        let mapped = map(source, event, None, settings);
        match mapped.verdict {
            Verdict::Deliver { calls, .. } => (mapped.id, calls),
            Verdict::Ignore(_) | Verdict::Park(_) => panic!("{event}"),
        }
    });
    calls.collect()
}

fn bytes(events: &[String]) -> BytesCount {
    BytesCount::new(events.iter().map(|event| event.len()).sum::<usize>())
}
