//! `switchyard map --packed`: the requests that would be sent, packed as in production.

use delivery::destinations::{PackedRequest, Packing, Unsent, branch, braze, segment};
use event::calls::{Mapped, Verdict};
use event::json::ObjectWriter;
use event::settings::{Problem, Settings};
use event::{EventId, Route, Source};
use mapping::printed::{Printed, print};

/// The requests of one run, and what is sent with none of them.
pub struct Packed {
    /// A line a request, in the order of sending.
    pub requests: Vec<String>,
    /// The events that are in no request, in their order, each as it is printed without `--packed`.
    pub unsent: Vec<Printed>,
}

/// Packs events as if one invocation had received them all.
///
/// # Errors
/// What is wrong with the address of the destination, as the function says at its start.
pub fn packed(route: Route, events: &[&str], settings: &Settings) -> Result<Packed, Problem> {
    let run = Run {
        route,
        events,
        settings,
    };
    Ok(match route {
        Route::SegmentToBraze => {
            let base_url = braze::required_base_url(&settings.braze)?;
            run.packed(mapping::to_braze, |events| {
                braze::packed(events, &base_url, &settings.braze)
            })
        }
        Route::SegmentToBranch => {
            let base_url = branch::base_url(&settings.branch)?;
            run.packed(mapping::to_branch, |events| branch::packed(events, &base_url))
        }
        Route::BranchToSegment | Route::BrazeToSegment => {
            let base_url = segment::base_url(&settings.segment)?;
            run.packed(mapping::to_segment, |events| {
                segment::packed(events, &base_url, &settings.segment)
            })
        }
    })
}

struct Run<'r> {
    route: Route,
    events: &'r [&'r str],
    settings: &'r Settings,
}

impl Run<'_> {
    fn packed<C>(
        &self,
        map: fn(Source, &str, &Settings) -> Mapped<C>,
        pack: impl FnOnce(Vec<(EventId, Vec<C>)>) -> Packing,
    ) -> Packed {
        let (mut asking, mut places, mut unsent) = (Vec::new(), Vec::new(), Vec::new());
        for (place, text) in self.events.iter().enumerate() {
            let Mapped { id, verdict } = map(self.route.source(), text, self.settings);
            match verdict {
                Verdict::Deliver { calls, .. } => {
                    asking.push((id, calls));
                    places.push(place);
                }
                Verdict::Ignore(_) | Verdict::Park(_) => {
                    unsent.push((place, print(self.route, text, self.settings, false)));
                }
            }
        }
        let ids: Vec<EventId> = asking.iter().map(|(id, _)| id.clone()).collect();
        let packing = pack(asking);
        let of = |(at, why): (usize, Unsent)| Some((*places.get(at)?, unsent_line(ids.get(at)?, why)));
        unsent.extend(packing.unsent.into_iter().filter_map(of));
        unsent.sort_by_key(|(place, _)| *place);
        Packed {
            requests: packing
                .requests
                .iter()
                .map(|request| line(request, &ids))
                .collect(),
            unsent: unsent.into_iter().map(|(_, printed)| printed).collect(),
        }
    }
}

fn line(request: &PackedRequest, ids: &[EventId]) -> String {
    let mut line = String::new();
    let mut out = ObjectWriter::new(&mut line);
    out.string("method", request.method.as_str());
    out.string("url", &request.url);
    out.raw("body", &request.body);
    {
        let mut list = out.array("ids");
        let named = request.places.iter().filter_map(|place| ids.get(*place));
        named.for_each(|id| list.string(id.as_str()));
    }
    drop(out);
    line
}

fn unsent_line(id: &EventId, why: Unsent) -> Printed {
    let (outcome, reason, is_parked) = match why {
        Unsent::Ignored(reason) => ("ignore", reason.as_str(), false),
        Unsent::Parked(reason) => ("park", reason.as_str(), true),
    };
    let mut line = String::new();
    let mut out = ObjectWriter::new(&mut line);
    out.string("id", id.as_str());
    out.string("outcome", outcome);
    out.string("reason", reason);
    drop(out);
    Printed { line, is_parked }
}
