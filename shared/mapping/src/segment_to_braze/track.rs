//! Tracks, pages and screens: events and purchases, with the user's attributes beside them.

use super::attributes::{Traits, attributes, presence};
use super::closed::Closed;
use super::custom_event::{custom_event, event_name};
use super::ecommerce::{Kind, recommended};
use super::event_time::event_time;
use super::identity::Ids;
use super::messaging::Wanted;
use super::names::members;
use super::properties::PROPERTIES;
use super::received::Received;
use super::scene::Scene;
use super::view::{View, own_names, view_properties};
use super::{alias, gate, nobody, purchases};
use crate::Notes;
use event::Timestamp;
use event::calls::{BrazeCall, BrazeEndpoint, BrazeItem};
use event::reasons::Warning;
use event::settings::{Orders, RevenuePurchases, SegmentToBraze};

/// The calls that a track asks for.
///
/// # Errors
/// Why it is not sent.
pub fn track(
    event: &Received<'_>,
    settings: &SegmentToBraze,
    notes: &mut Notes,
) -> Result<Vec<BrazeCall>, Closed> {
    let name = gate::track_name(event, settings, notes)?;
    if let Some(call) = alias::of_track(&name, event, settings, notes)? {
        return Ok(vec![call]);
    }
    let wanted = Wanted::of(&name, settings);
    let ids = Ids::new(event, settings);
    let Some(identity) = ids.identity(notes) else {
        if wanted.changes_catalogs() {
            return wanted.catalog_calls(event, settings, notes);
        }
        return Err(nobody(&ids, notes));
    };
    let scene = Scene::new(event, settings, identity);
    let mut calls = Vec::new();
    let also_track = wanted.also_track(&scene.identity);
    if !also_track {
        notes.tell("SB-405", || {
            ("event".into(), "no /users/track call: also_track = false".into())
        });
    }
    if also_track {
        let at = event_time(event, settings, notes)?;
        let happenings = happenings(&name, &scene, at, notes)?;
        calls.push(sent(happenings, &scene, notes));
    }
    if event.context_traits.is_some() && !(also_track && settings.traits_on_track) && !wanted.reads_traits() {
        tell_no_traits(notes);
    }
    calls.extend(wanted.trigger_calls(&scene, notes)?);
    calls.extend(wanted.catalog_calls(event, settings, notes)?);
    Ok(calls)
}

/// The calls that a page or screen asks for.
///
/// # Errors
/// Why it is not sent.
pub fn view(
    view: View,
    event: &Received<'_>,
    settings: &SegmentToBraze,
    notes: &mut Notes,
) -> Result<Vec<BrazeCall>, Closed> {
    let viewed = view.passed(event, settings)?;
    let ids = Ids::new(event, settings);
    let identity = ids.identity(notes).ok_or_else(|| nobody(&ids, notes))?;
    let scene = Scene::new(event, settings, identity);
    let at = event_time(event, settings, notes)?;
    let name = view.event_name(&viewed, settings, notes)?;
    if event.context_traits.is_some() && !settings.traits_on_track {
        tell_no_traits(notes);
    }
    let own = own_names(event);
    let happening = custom_event(&name, view_properties(event, &own), at, &scene, notes);
    Ok(vec![sent(vec![happening], &scene, notes)])
}

fn tell_no_traits(notes: &mut Notes) {
    notes.tell("SB-075", || {
        (
            "context.traits".into(),
            "left out: no attributes of an event".into(),
        )
    });
}

/// What a track tells: an order's purchases or ecommerce event, revenue, or an event of its own name.
fn happenings(
    name: &str,
    scene: &Scene<'_, '_>,
    at: Timestamp,
    notes: &mut Notes,
) -> Result<Vec<BrazeItem>, Closed> {
    let settings = scene.settings;
    let own = |notes: &mut Notes| -> Result<BrazeItem, Closed> {
        let name = event_name(name, "event", notes)?;
        let properties = members(&scene.event.properties, PROPERTIES).collect();
        notes.tell("SB-141", || ("event".into(), format!("events[0].name = {name}")));
        Ok(custom_event(&name, properties, at, scene, notes))
    };
    let kind = Kind::of(&name.trim().to_ascii_lowercase());
    let kind = kind.filter(|kind| settings.orders != Orders::Purchases || *kind == Kind::Placed);
    let Some(kind) = kind else {
        return with_revenue(name, own, scene, at, notes);
    };
    let makes_purchases = settings.orders != Orders::Ecommerce && kind == Kind::Placed;
    let mut items = Vec::new();
    if settings.orders != Orders::Purchases {
        items.extend(recommended(kind, scene, at, notes));
    }
    if makes_purchases {
        items.extend(purchases::of_products(scene, at, notes)?);
    }
    if items.is_empty() {
        if makes_purchases {
            notes.warn(Warning::OrderWithoutProducts, || "properties.products".into());
        }
        items.push(own(notes)?);
    }
    Ok(items)
}

/// The event of its own name, its revenue as a purchase, or both.
fn with_revenue(
    name: &str,
    own: impl Fn(&mut Notes) -> Result<BrazeItem, Closed>,
    scene: &Scene<'_, '_>,
    at: Timestamp,
    notes: &mut Notes,
) -> Result<Vec<BrazeItem>, Closed> {
    let purchase = if scene.settings.revenue_purchases == RevenuePurchases::Off {
        None
    } else {
        let name = event_name(name, "event", notes)?;
        purchases::of_revenue(&name, scene, at, notes)
    };
    let replaces = purchase.is_some() && scene.settings.revenue_purchases == RevenuePurchases::Instead;
    let mut items = Vec::with_capacity(2);
    if !replaces {
        items.push(own(notes)?);
    }
    items.extend(purchase);
    Ok(items)
}

/// The call of these events and purchases, with the attributes that go before them.
fn sent(happenings: Vec<BrazeItem>, scene: &Scene<'_, '_>, notes: &mut Notes) -> BrazeCall {
    scene.tell_app_id(notes);
    scene.tell_update_existing_only(notes);
    let traits = scene.event.context_traits.as_ref();
    let traits = traits.filter(|traits| scene.settings.traits_on_track && !traits.is_empty());
    let first = match traits {
        Some(members) => {
            let traits = Traits {
                members,
                path: "context.traits",
                into: "attributes[0]",
                is_identify: false,
            };
            Some(attributes(&traits, scene, notes))
        }
        // Braze makes no profile of an alias for an event alone.
        None if scene.identity.is_alias() && !scene.settings.update_existing_only => {
            notes.tell("SB-149", || {
                let result = "attributes[0]: makes the alias profile";
                (scene.identity_path(), result.into())
            });
            Some(presence(scene))
        }
        None => None,
    };
    BrazeCall {
        endpoint: BrazeEndpoint::Track,
        items: first.into_iter().chain(happenings).collect(),
    }
}
