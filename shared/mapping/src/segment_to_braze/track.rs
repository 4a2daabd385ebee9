//! Tracks, pages and screens: events and purchases, with the user's attributes beside them.

use super::attributes::{Traits, attributes, presence};
use super::custom_event::custom_event;
use super::ecommerce::{Kind, recommended};
use super::event_context::EventContext;
use super::gate::EventType;
use super::identity::Ids;
use super::members::members;
use super::messaging::Wanted;
use super::name::event_name;
use super::properties::{PRODUCTS, PROPERTIES};
use super::received::Received;
use super::time::event_time;
use super::view::{View, own_names, view_properties};
use super::{alias, gate, no_identity, purchases};
use crate::Trace;
use crate::forms::{json_text, list};
use crate::rejected::Rejected;
use event::Timestamp;
use event::calls::{BrazeCall, BrazeEndpoint, BrazeItem};
use event::json::Json;
use event::reasons::Warning;
use event::settings::{Orders, RevenuePurchases, SegmentToBraze};

/// The calls that a track asks for.
///
/// # Errors
/// Why it is not sent.
pub(super) fn track(
    event: &Received<'_>,
    settings: &SegmentToBraze,
    trace: &mut Trace,
) -> Result<Vec<BrazeCall>, Rejected> {
    let name = gate::track_name(event, settings, trace)?;
    if let Some(call) = alias::of_track(&name, event, settings, trace)? {
        return Ok(vec![call]);
    }
    let wanted = Wanted::of(EventType::Track, Some(&name), event, settings);
    let ids = Ids::new(event, settings);
    let Some(identity) = ids.identity(trace) else {
        let catalogs = wanted.catalog_calls(event, settings, trace)?.calls;
        if catalogs.is_empty() {
            return Err(no_identity(&ids, trace));
        }
        return Ok(catalogs);
    };
    let event_context = EventContext::new(event, settings, identity);
    let mut calls = Vec::new();
    let recorded = trace.entries().len();
    let catalogs = wanted.catalog_calls(event, settings, trace);
    let of_catalogs = trace.take_from(recorded);
    let also_track = wanted.also_track(&event_context.identity)
        || catalogs.as_ref().is_ok_and(|catalogs| catalogs.has_skipped);
    if !also_track {
        trace.record("SB-405", || {
            ("event".into(), "no /users/track call: also_track = false".into())
        });
    }
    if also_track {
        let at = event_time(event, settings, trace)?;
        let track_objects = track_objects(&name, &event_context, at, trace)?;
        calls.push(sent(track_objects, &event_context, trace));
    }
    if event.context_traits.is_some() && !(also_track && settings.traits_on_track) && !wanted.reads_traits() {
        record_no_traits(trace);
    }
    calls.extend(wanted.trigger_calls(&event_context, trace)?);
    trace.put_back(of_catalogs);
    calls.extend(catalogs?.calls);
    Ok(calls)
}

/// The calls that a page or screen asks for.
///
/// # Errors
/// Why it is not sent.
pub(super) fn view(
    view: View,
    event: &Received<'_>,
    settings: &SegmentToBraze,
    trace: &mut Trace,
) -> Result<Vec<BrazeCall>, Rejected> {
    let viewed = view.filter(event, settings)?;
    let ids = Ids::new(event, settings);
    let identity = ids.identity(trace).ok_or_else(|| no_identity(&ids, trace))?;
    let event_context = EventContext::new(event, settings, identity);
    let at = event_time(event, settings, trace)?;
    let name = view.event_name(event, &viewed, settings, trace)?;
    if event.context_traits.is_some() && !settings.traits_on_track {
        record_no_traits(trace);
    }
    let own = own_names(event);
    let track_object = custom_event(&name, view_properties(event, &own), at, &event_context, trace);
    Ok(vec![sent(vec![track_object], &event_context, trace)])
}

fn record_no_traits(trace: &mut Trace) {
    trace.record("SB-075", || {
        (
            "context.traits".into(),
            "left out: no attributes of an event".into(),
        )
    });
}

/// What a track tells: an order's purchases or ecommerce event, revenue, or an event of its own name.
fn track_objects(
    name: &str,
    event_context: &EventContext<'_, '_>,
    at: Timestamp,
    trace: &mut Trace,
) -> Result<Vec<BrazeItem>, Rejected> {
    let settings = event_context.settings;
    let own = |trace: &mut Trace| -> Result<BrazeItem, Rejected> {
        let name = event_name(name, "event", trace)?;
        let properties = members(&event_context.event.properties, PROPERTIES).collect();
        trace.record("SB-141", || ("event".into(), format!("events[0].name = {name}")));
        Ok(custom_event(&name, properties, at, event_context, trace))
    };
    let kind = Kind::of(&name.trim().to_ascii_lowercase());
    let kind = kind.filter(|kind| settings.orders != Orders::Purchases || *kind == Kind::Placed);
    let Some(kind) = kind else {
        return with_revenue(name, own, event_context, at, trace);
    };
    let makes_purchases = settings.orders != Orders::Ecommerce && kind == Kind::Placed;
    let given = event_context.event.properties.get(PRODUCTS);
    let opened = given.and_then(json_text);
    let products = opened
        .as_deref()
        .and_then(|text| Json::parse(text).ok())
        .or(given);
    let products = products.and_then(list).unwrap_or_default();
    let mut items = Vec::new();
    if settings.orders != Orders::Purchases {
        items.extend(recommended(kind, event_context, at, &products, trace));
    }
    let mut keeps_own = items.is_empty();
    if makes_purchases {
        let mut purchased = purchases::of_products(event_context, at, &products, trace)?;
        keeps_own &= purchased.items.is_empty();
        if keeps_own && !purchased.is_incomplete {
            match purchases::of_revenue(name, event_context, at, trace)? {
                Some(of_revenue) => {
                    trace.record("SB-187", || {
                        ("event".into(), "purchases[0]: no product, so its revenue".into())
                    });
                    keeps_own = settings.revenue_purchases == RevenuePurchases::Also;
                    purchased = of_revenue;
                }
                None => {
                    record_own_event("SB-182", "it has no product", trace);
                    trace.warn("SB-182", Warning::OrderWithoutProducts, || {
                        PROPERTIES.below(PRODUCTS)
                    });
                }
            }
        }
        if purchased.is_incomplete {
            record_own_event("SB-186", "a currency is unknown", trace);
            keeps_own = true;
        }
        if !keeps_own {
            if !products.is_empty() {
                trace.record("SB-171", || {
                    (
                        PROPERTIES.below(PRODUCTS),
                        "no event of its own name: its products are sent".into(),
                    )
                });
            }
            purchased.warn_of_removed(trace);
        }
        items.extend(purchased.items);
    }
    if keeps_own {
        items.push(own(trace)?);
    }
    Ok(items)
}

/// Records why an order is an event of its own name too.
fn record_own_event(rule: &'static str, why: &str, trace: &mut Trace) {
    trace.record(rule, || {
        ("event".into(), format!("an event of its own name: {why}"))
    });
}

/// The event of its own name, its revenue as a purchase, or both.
fn with_revenue(
    name: &str,
    own: impl Fn(&mut Trace) -> Result<BrazeItem, Rejected>,
    event_context: &EventContext<'_, '_>,
    at: Timestamp,
    trace: &mut Trace,
) -> Result<Vec<BrazeItem>, Rejected> {
    let Some(purchased) = purchases::of_revenue(name, event_context, at, trace)? else {
        return Ok(vec![own(trace)?]);
    };
    let mut items = Vec::with_capacity(2);
    if purchased.is_incomplete {
        record_own_event("SB-186", "a currency is unknown", trace);
    }
    if purchased.is_incomplete || event_context.settings.revenue_purchases == RevenuePurchases::Also {
        items.push(own(trace)?);
    } else {
        purchased.warn_of_removed(trace);
    }
    items.extend(purchased.items);
    Ok(items)
}

/// The call of these events and purchases, with the attributes that go before them.
fn sent(track_objects: Vec<BrazeItem>, event_context: &EventContext<'_, '_>, trace: &mut Trace) -> BrazeCall {
    event_context.record_app_id(trace);
    event_context.record_update_existing_only(trace);
    let traits = event_context.event.context_traits.as_ref();
    let traits = traits.filter(|traits| event_context.settings.traits_on_track && !traits.is_empty());
    let first = match traits {
        Some(members) => {
            let traits = Traits {
                members,
                path: "context.traits",
                into: "attributes[0]",
                is_identify: false,
            };
            Some(attributes(&traits, event_context, trace))
        }
        // Braze makes no profile of an alias for an event alone.
        None if event_context.identity.is_alias() && !event_context.settings.update_existing_only => {
            trace.record("SB-149", || {
                let result = "attributes[0]: makes the alias profile";
                (event_context.identity_path(), result.into())
            });
            Some(presence(event_context))
        }
        None => None,
    };
    BrazeCall {
        endpoint: BrazeEndpoint::Track,
        items: first.into_iter().chain(track_objects).collect(),
    }
}
