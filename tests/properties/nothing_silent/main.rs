//! Nothing is silent (FM-011): on every route, whatever stands at a place that a rule reads is sent or warned of.
#![allow(
    clippy::disallowed_types,
    reason = "tests may build and read events in any way"
)]

mod accounted_for;
#[path = "../config.rs"]
mod config;
mod place;
mod routes;

use accounted_for::{is_accounted_for, settings};
use config::cases;
use place::Place;
use proptest::prelude::*;
use routes::{Probe, ROUTES, Sheet};
use serde_json::{Value, json};

/// What of a value must be seen in the output if it is sent as it is.
fn mark(number: usize) -> String {
    format!("mark-{number}q")
}

/// Values of every kind; what carries a mark is like nothing else in the event.
fn values(number: usize) -> Vec<Value> {
    let mark = mark(number);
    let amount = 7000.25 + f64::from(u32::try_from(number).unwrap());
    vec![
        json!(mark),
        json!(format!(" {mark} ")),
        json!(amount),
        json!(-amount),
        json!(amount.to_string()),
        json!(true),
        json!(false),
        json!("false"),
        json!(0),
        json!([mark]),
        json!([[mark]]),
        json!({ &mark: 1 }),
        json!([{ &mark: 1 }]),
        json!(format!("[{{\"{mark}\":1}}]")),
        json!(format!("{{\"{mark}\":1}}")),
        json!({ "$time": mark }),
    ]
}

/// The places of a sheet, read from their texts.
fn places(sheet: &Sheet) -> Vec<Place> {
    sheet.places().iter().map(|path| Place::new(path)).collect()
}

/// Every value at every place of one route's events, under each of its settings.
fn silent_values(sheet: &Sheet) -> Vec<String> {
    let mut silent = Vec::new();
    let (places, events) = (places(sheet), sheet.events());
    for own in sheet.settings {
        let settings = settings(sheet.route, own);
        for (base, place) in events
            .iter()
            .flat_map(|base| places.iter().map(move |place| (base, place)))
        {
            for value in values(0) {
                let mut event = base.clone();
                if !place.set(&mut event, value.clone()) {
                    continue;
                }
                let probe = Probe {
                    own,
                    event: &event,
                    path: place.path(),
                    value: &value,
                };
                if !is_accounted_for(sheet, &probe, place, &settings) {
                    silent.push(format!("{own:?} {} = {value} in {event}", place.path()));
                }
            }
        }
    }
    silent
}

macro_rules! each_value_alone {
    ($($name:ident: $sheet:expr;)*) => {$(
        #[test]
        fn $name() {
            event::rules!["FM-011"];
            let silent = silent_values(&$sheet);
            let shown: Vec<&str> = silent.iter().take(40).map(String::as_str).collect();
            assert!(silent.is_empty(), "{} are silent:\n{}", silent.len(), shown.join("\n"));
        }
    )*};
}

each_value_alone! {
    each_value_is_told_of_from_segment_to_braze: ROUTES[0];
    each_value_is_told_of_from_segment_to_branch: ROUTES[1];
    each_value_is_told_of_from_branch_to_segment: ROUTES[2];
    each_value_is_told_of_from_braze_to_segment: ROUTES[3];
}

/// Which sheet, event and settings, and what stands where.
fn filled() -> impl Strategy<Value = (usize, usize, usize, Vec<(usize, usize)>)> {
    let at = any::<prop::sample::Index>;
    (at(), at(), at(), prop::collection::vec((at(), at()), 1..12)).prop_map(|(sheet, event, own, filled)| {
        let sheet = sheet.index(ROUTES.len());
        let (places, values) = (ROUTES[sheet].places().len(), values(0).len());
        let filled = filled
            .into_iter()
            .map(|(place, value)| (place.index(places), value.index(values)))
            .collect();
        (
            sheet,
            event.index(ROUTES[sheet].events().len()),
            own.index(ROUTES[sheet].settings.len()),
            filled,
        )
    })
}

proptest! {
    #![proptest_config(cases!(1500, "nothing_silent"))]

    #[test]
    fn every_value_of_a_whole_event_is_sent_or_warned_of((sheet, event, own, filled) in filled()) {
        event::rules!["FM-011"];
        let sheet = &ROUTES[sheet];
        let own = sheet.settings[own];
        let settings = settings(sheet.route, own);
        let all = places(sheet);
        let mut event = sheet.events()[event].clone();
        let mut stands: Vec<(&Place, Value)> = Vec::new();
        for (number, (place, value)) in filled.into_iter().enumerate() {
            let (place, value) = (&all[place], values(number)[value].clone());
            let is_free = stands.iter().all(|(other, of_other)| {
                // What stands twice under one name is sent once, and one id at two places names one thing.
                let is_alike = other.name() == place.name() || value.is_string();
                let is_repeated = is_alike && *of_other == value;
                !other.touches(place) && !sheet.rivals(other, place) && !is_repeated
            });
            if is_free && place.set(&mut event, value.clone()) {
                stands.push((place, value));
            }
        }
        for (place, value) in stands {
            let probe = Probe { own, event: &event, path: place.path(), value: &value };
            prop_assert!(is_accounted_for(sheet, &probe, place, &settings), "{own:?} {} {value} in {event}", place.path());
        }
    }
}
