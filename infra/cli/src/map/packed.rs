//! `switchyard map --packed`: the requests that would be sent, packed as in production.

use delivery::destination::Destination;
use delivery::destinations::{Branch, Braze, PackedRequest, Segment, braze};
use event::calls::Verdict;
use event::json::ObjectWriter;
use event::settings::{Problem, Settings};
use event::{EventId, Outcome, Route, Timestamp};
use mapping::printed::{Printed, print_received};

/// The requests of one run, and what is sent with none of them.
pub struct Packed {
    /// A line a request, in the order of sending.
    pub requests: Vec<String>,
    /// The events that are in no request, in their order, each as it is printed without `--packed`.
    pub not_sent: Vec<Printed>,
}

/// Packs events as if one invocation had received them all.
///
/// # Errors
/// What is wrong with the address of the destination, as the function says at its start.
pub fn packed(
    route: Route,
    events: &[&str],
    received_at: Option<Timestamp>,
    settings: &Settings,
) -> Result<Packed, Problem> {
    let run = Run {
        route,
        events,
        received_at,
        settings,
    };
    Ok(match route {
        Route::SegmentToBraze => {
            // With a route that is off, the function would start without an address.
            braze::required_base_url(&settings.braze)?;
            run.packed(mapping::to_braze, &Braze::new(settings)?)
        }
        Route::SegmentToBranch => run.packed(mapping::to_branch, &Branch::new(settings)?),
        Route::BranchToSegment | Route::BrazeToSegment => {
            run.packed(mapping::to_segment, &Segment::new(settings)?)
        }
    })
}

struct Run<'r> {
    route: Route,
    events: &'r [&'r str],
    received_at: Option<Timestamp>,
    settings: &'r Settings,
}

impl Run<'_> {
    fn packed<D: Destination>(&self, map: delivery::Map<D>, destination: &D) -> Packed {
        let (mut asking, mut places, mut not_sent) = (Vec::new(), Vec::new(), Vec::new());
        for (place, text) in self.events.iter().enumerate() {
            let event::calls::Mapped { id, verdict, .. } =
                map(self.route.source(), text, self.received_at, self.settings);
            match verdict {
                Verdict::Deliver { calls, .. } => {
                    asking.push((id, calls));
                    places.push(place);
                }
                Verdict::Ignore(_) | Verdict::Park(_) => {
                    not_sent.push((
                        place,
                        print_received(self.route, text, self.received_at, self.settings, false),
                    ));
                }
            }
        }
        let ids: Vec<EventId> = asking.iter().map(|(id, _)| id.clone()).collect();
        let packing = delivery::destinations::packed(destination, asking);
        let of = |(at, why): (usize, Outcome)| Some((*places.get(at)?, not_sent_line(ids.get(at)?, why)));
        not_sent.extend(packing.not_sent.into_iter().filter_map(of));
        not_sent.sort_by_key(|(place, _)| *place);
        Packed {
            requests: packing
                .requests
                .iter()
                .map(|request| line(request, &ids))
                .collect(),
            not_sent: not_sent.into_iter().map(|(_, printed)| printed).collect(),
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

fn not_sent_line(id: &EventId, why: Outcome) -> Printed {
    let is_parked = matches!(why, Outcome::Park(_));
    let mut line = String::new();
    let mut out = ObjectWriter::new(&mut line);
    out.string("id", id.as_str());
    out.string("outcome", if is_parked { "park" } else { "ignore" });
    out.string("reason", why.reason().unwrap_or_default());
    drop(out);
    Printed { line, is_parked }
}
