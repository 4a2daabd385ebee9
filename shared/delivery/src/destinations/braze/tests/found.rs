//! Whatever Braze refuses is found back to exactly its events, and what it accepted is never sent again.

use super::*;
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// One event: its user, what it holds, and which of its items are bad.
#[derive(Debug, Clone)]
struct Plan {
    user: u8,
    identifies: bool,
    track: [usize; 3],
    subscribes: bool,
    catalog: bool,
    bad: BTreeSet<usize>,
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let track = [0_usize..2, 0..3, 0..4];
    let bad = prop::collection::btree_set(0_usize..8, 0..3);
    (0..6_u8, any::<bool>(), track, any::<bool>(), any::<bool>(), bad).prop_map(
        |(user, identifies, track, subscribes, catalog, bad)| Plan {
            user,
            identifies,
            // No event is empty.
            track: if identifies || subscribes || catalog {
                track
            } else {
                [track[0], track[1] + 1, track[2]]
            },
            subscribes,
            catalog,
            bad,
        },
    )
}

/// The calls of an event. Every item is one of its kind: `"at"` says whose and which it is, `"bad"` what Braze says of it.
fn calls_of(n: usize, plan: &Plan) -> Vec<BrazeCall> {
    let user = format!("u{}", plan.user);
    let position = std::cell::Cell::new(0);
    let new_item = |array| {
        let at = position.replace(position.get() + 1);
        let bad = plan.bad.contains(&at);
        item(array, &user, &format!(r#"{{"id":"{n}-{at}","bad":{bad}}}"#))
    };
    let call = |endpoint, items: Vec<BrazeItem>| BrazeCall { endpoint, items };
    let mut calls = Vec::new();
    if plan.identifies {
        let items = vec![new_item(BrazeArray::AliasesToIdentify)];
        calls.push(call(BrazeEndpoint::Identify { merge: true }, items));
    }
    let arrays = [BrazeArray::Attributes, BrazeArray::Events, BrazeArray::Purchases];
    let track: Vec<BrazeItem> = arrays
        .into_iter()
        .zip(plan.track)
        .flat_map(|(array, count)| std::iter::repeat_n(array, count))
        .map(new_item)
        .collect();
    if !track.is_empty() {
        calls.push(call(BrazeEndpoint::Track, track));
    }
    if plan.subscribes {
        let mut one = new_item(BrazeArray::SubscriptionGroups);
        one.subscriber = Some(user.clone());
        let endpoint = BrazeEndpoint::SubscriptionStatus(SubscriberKind::ExternalIds);
        calls.push(call(endpoint, vec![one]));
    }
    if plan.catalog {
        let BrazeCall { endpoint, .. } = upsert_item("");
        calls.push(call(endpoint, vec![new_item(BrazeArray::Items)]));
    }
    calls
}

fn jobs_of(plans: &[Plan]) -> Vec<Job<BrazeCall>> {
    jobs(plans.iter().enumerate().map(|(n, plan)| calls_of(n, plan)))
}

/// Every object of a request, with its array and index.
fn objects_of(body: &serde_json::Value) -> Vec<(String, usize, serde_json::Value)> {
    let arrays = body.as_object().unwrap().iter();
    let lists = arrays.filter_map(|(name, value)| Some((name, value.as_array()?)));
    let of = |(name, list): (&String, &Vec<serde_json::Value>)| {
        let objects = list.iter().cloned().enumerate();
        objects
            .map(|(index, object)| (name.clone(), index, object))
            .collect::<Vec<_>>()
    };
    lists.flat_map(of).collect()
}

/// The 201 that names every bad object: by its place, or by its id where it is a catalog's.
fn names_the_bad(body: &serde_json::Value) -> String {
    let errors: Vec<_> = objects_of(body)
        .into_iter()
        .filter(|(_, _, object)| object["bad"] == true)
        .map(|(array, index, object)| match array.as_str() {
            "items" => serde_json::json!({"id": object["id"], "message": "bad"}),
            _ => serde_json::json!({"input_array": array, "index": index, "type": "bad"}),
        })
        .collect();
    serde_json::json!({"message": "success", "errors": errors}).to_string()
}

/// What the page says of an event whose bad items are refused, its others accepted.
fn wanted(plan: &Plan) -> &'static str {
    let of = calls_of(0, plan)
        .iter()
        .map(|call| call.items.len())
        .sum::<usize>();
    let bad = plan.bad.iter().filter(|at| **at < of);
    let identity = usize::from(plan.identifies);
    let bad_identity = plan.identifies && plan.bad.contains(&0);
    let bad_others = bad.filter(|at| **at >= identity).count();
    let has_others = of > identity;
    let accepted = of - bad_others - usize::from(bad_identity);
    match (bad_identity, bad_others) {
        (false, 0) => "delivered",
        (true, 0) if has_others => "warned identity_rejected",
        _ if accepted > 0 => "parked partly_rejected",
        _ => "parked rejected",
    }
}

proptest! {
    #[test]
    fn a_refused_item_is_found_at_its_event(
        plans in prop::collection::vec(any_plan(), 1..25),
        max_objects in 1_usize..=75,
    ) {
        event::rules!["SB-706", "SB-532", "SB-534", "SB-535", "SB-541", "SB-542"];
        let vendor = FakeVendor::new(|seen, _| respond(201, &[], &names_the_bad(&seen.body)));

        let results = deliver(&braze(&format!("max_objects = {max_objects}")), &vendor, jobs_of(&plans));
        for (plan, outcome) in plans.iter().zip(words(&results)) {
            prop_assert_eq!(outcome, wanted(plan), "{:?}", plan);
        }
    }

    #[test]
    fn over_two_deliveries_every_good_item_is_accepted_once(
        plans in prop::collection::vec(any_plan(), 1..25),
        max_objects in 1_usize..=10,
        statuses in prop::collection::vec(prop::sample::select(vec![201_u16, 201, 201, 429, 500, 401, 400]), 1..8),
    ) {
        event::rules!["SB-706", "SB-531", "SB-543", "RD-150"];
        let accepted: std::rc::Rc<RefCell<BTreeMap<String, usize>>> = std::rc::Rc::default();
        let note = std::rc::Rc::clone(&accepted);
        let takes = move |seen: &Seen| {
            for (_, _, object) in objects_of(&seen.body) {
                if object["bad"] == false {
                    *note.borrow_mut().entry(object["id"].as_str().unwrap().to_owned()).or_default() += 1;
                }
            }
            respond(201, &[], &names_the_bad(&seen.body))
        };
        let first_takes = takes.clone();
        let first = FakeVendor::new(move |seen, nth| match statuses[nth % statuses.len()] {
            201 => first_takes(seen),
            status => respond(status, &[], r#"{"message":"no"}"#),
        });
        let braze = braze(&format!("max_objects = {max_objects}"));
        let results = deliver(&braze, &first, jobs_of(&plans));
        // A 400 refuses good items too: these events are parked, or warned of a refused identity.
        let refused: BTreeSet<usize> = (0..plans.len())
            .filter(|n| matches!(results[*n].outcome, event::Outcome::Park(_) | event::Outcome::Warned(_)))
            .collect();
        let second = FakeVendor::new(move |seen, _| takes(seen));
        second.now.set(second.now.get().plus_millis(7_200_000));
        let again = jobs_of(&plans).into_iter().zip(results).filter(|(_, result)| result.outcome.is_waiting());
        let again = again.map(|(job, result)| Job { done: result.done, ..job }).collect();
        let results = deliver(&braze, &second, again);
        prop_assert!(results.iter().all(|result| !result.outcome.is_waiting()));

        let accepted = accepted.borrow();
        for (n, plan) in plans.iter().enumerate() {
            let of = calls_of(n, plan).iter().map(|call| call.items.len()).sum::<usize>();
            for at in 0..of {
                let times = accepted.get(&format!("{n}-{at}")).copied().unwrap_or(0);
                if plan.bad.contains(&at) {
                    prop_assert_eq!(times, 0);
                } else if refused.contains(&n) {
                    prop_assert!(times <= 1, "{}-{} was accepted {} times", n, at, times);
                } else {
                    prop_assert_eq!(times, 1, "{}-{}", n, at);
                }
            }
        }
    }
}
