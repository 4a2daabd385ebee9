//! What every event goes through: receipt of a request, opening an envelope, and each route up to each stage.

use benches::requests::Received;
use benches::stages::{Stage, Window, runner};
use benches::workload::events;
use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher, black_box};
use event::Route;
use event::envelope::Envelope;

/// Counts allocations, and shows them below each time.
#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

/// Events that are taken together, as one invocation gets them.
const WINDOW: usize = 100;

fn main() {
    divan::main();
}

#[divan::bench(args = Route::ALL)]
fn map(bencher: Bencher<'_, '_>, route: Route) {
    measure(bencher, route, Stage::Map);
}

#[divan::bench(args = Route::ALL)]
fn packed(bencher: Bencher<'_, '_>, route: Route) {
    measure(bencher, route, Stage::Packed);
}

#[divan::bench(args = Route::ALL)]
fn handle(bencher: Bencher<'_, '_>, route: Route) {
    measure(bencher, route, Stage::Handle);
}

fn measure(bencher: Bencher<'_, '_>, route: Route, stage: Stage) {
    let events = events(route, WINDOW);
    let bytes = events.iter().map(String::len).sum::<usize>();
    let (window, run) = (Window::new(route, events), runner(route, stage));
    bencher
        .counter(ItemsCount::new(WINDOW))
        .counter(BytesCount::new(bytes))
        .bench_local(|| run(black_box(&window)));
}

#[divan::bench]
fn opening_an_envelope(bencher: Bencher<'_, '_>) {
    let route = Route::SegmentToBraze;
    let window = Window::new(route, events(route, WINDOW));
    let body = &window.records()[0].body;
    bencher
        .counter(BytesCount::of_str(body))
        .bench_local(|| Envelope::open(black_box(body)).is_ok());
}

#[divan::bench(args = Received::ALL)]
fn receipt(bencher: Bencher<'_, '_>, received: Received) {
    bencher.bench_local(received.receiver());
}
