//! Rows and the neighbours of an event in one batch.

use crate::config::cases;
use crate::json_text::members;
use crate::rows::{KEYS, change, settings_with};
use delivery::destination::Destination;
use delivery::destinations::{Branch, Braze, Segment, packed};
use event::Route;
use event::calls::Verdict;
use event::settings::Settings;
use proptest::prelude::*;
use proptest::sample::select;

const BASE: &str = "[braze]\nendpoint_url = \"https://rest.iad-01.braze.com\"\n";

/// The text of an event of a route, with these members in its properties.
fn event(route: Route, id: &str, of_properties: &str) -> String {
    match route {
        Route::SegmentToBraze | Route::SegmentToBranch => format!(
            r#"{{"type":"track","messageId":"{id}","userId":"{id}","event":"Quiz Started","timestamp":"2026-02-03T10:00:00Z","context":{{"device":{{"type":"ios","id":"{id}"}}}},"properties":{of_properties}}}"#
        ),
        Route::BranchToSegment => format!(
            r#"{{"name":"PURCHASE","id":"{id}","timestamp":1760003605250,"user_data":{{"developer_identity":"{id}"}},"custom_data":{of_properties}}}"#
        ),
        Route::BrazeToSegment => format!(
            r#"{{"id":"{id}","event_type":"users.behaviors.CustomEvent","time":1760003605,"user":{{"external_user_id":"{id}"}},"properties":{{"name":"n","custom_properties":{of_properties}}}}}"#
        ),
    }
}

/// The bodies of the requests of events, and the places of the events in each.
fn bodies(route: Route, events: &[String], settings: &Settings) -> Vec<(String, Vec<usize>)> {
    fn of<D: Destination>(
        map: delivery::Map<D>,
        destination: &D,
        (route, events, settings): (Route, &[String], &Settings),
    ) -> Vec<(String, Vec<usize>)> {
        let mut jobs = Vec::new();
        let mut places = Vec::new();
        for (place, text) in events.iter().enumerate() {
            let mapped = map(route.source(), text, None, settings);
            if let Verdict::Deliver { calls, .. } = mapped.verdict {
                jobs.push((mapped.id, calls));
                places.push(place);
            }
        }
        let requests = packed(destination, jobs).requests.into_iter();
        requests
            .map(|request| {
                (
                    request.body,
                    request.places.iter().map(|at| places[*at]).collect(),
                )
            })
            .collect()
    }
    let run = (route, events, settings);
    match route {
        Route::SegmentToBraze => of(mapping::to_braze, &Braze::new(settings).unwrap(), run),
        Route::SegmentToBranch => of(mapping::to_branch, &Branch::new(settings).unwrap(), run),
        Route::BranchToSegment | Route::BrazeToSegment => {
            of(mapping::to_segment, &Segment::new(settings).unwrap(), run)
        }
    }
}

/// What a request that holds one event alone has of it: what stands between its brackets.
fn item(route: Route, body: &str) -> String {
    let without = |text: &str, end: &str| text.trim_end_matches(end).to_owned();
    match route {
        Route::SegmentToBranch => body.to_owned(),
        Route::SegmentToBraze => without(body.split_once('[').unwrap().1, "]}"),
        Route::BranchToSegment | Route::BrazeToSegment => {
            let from = body.split_once('[').unwrap().1;
            from.rsplit_once(']').unwrap().0.to_owned()
        }
    }
}

proptest! {
    #![proptest_config(cases!(300, "own_rules_packed"))]

    #[test]
    fn no_row_touches_a_neighbour_in_its_batch(
        route in select(Route::ALL.to_vec()),
        rows in proptest::collection::vec(change(), 1..4),
        drops in any::<bool>(),
        all in proptest::collection::vec(members(KEYS, crate::json_text::value(KEYS), 5), 2..5),
        target in any::<proptest::sample::Index>(),
    ) {
        event::rules!["OR-001", "OR-005", "OR-008"];
        let target = target.index(all.len());
        let id = if route.source() == event::Source::Segment { "messageId" } else { "id" };
        let condition = format!("{{ {id} = 'm-{target}' }}");
        let mut rows: Vec<_> = rows.into_iter().map(|row| row.when(&condition)).collect();
        if drops {
            // Before the others, which may take away what the condition reads.
            rows.insert(0, crate::rows::drop().when(&condition));
        }
        let events: Vec<String> = (0..).zip(&all).map(|(at, more): (usize, _)| event(route, &format!("m-{at}"), more)).collect();
        let batch = bodies(route, &events, &settings_with(BASE, route, &rows));
        let plain = settings_with(BASE, route, &[]);
        for (at, text) in events.iter().enumerate().filter(|(at, _)| *at != target) {
            for (alone, _) in bodies(route, std::slice::from_ref(text), &plain) {
                let item = item(route, &alone);
                let is_there = batch.iter().any(|(body, places)| places.contains(&at) && body.contains(&item));
                prop_assert!(is_there, "{:?}\n{}\nis not in\n{:?}", rows, item, batch);
            }
        }
        if drops {
            prop_assert!(batch.iter().all(|(_, places)| !places.contains(&target)));
        }
    }
}
