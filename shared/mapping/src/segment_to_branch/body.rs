//! The body of an event's call.

use super::content_items::{ContentItems, content_items};
use super::event_data::{EventData, event_data};
use super::gate::{Accepted, Target};
use super::identity::Identifiers;
use super::name::write_name;
use super::properties::Properties;
use super::received::Received;
use super::{custom_data, user_data, value};
use crate::Trace;
use crate::rejected::Rejected;
use crate::route::Arrival;
use event::Timestamp;
use event::calls::{BranchCall, BranchEndpoint};
use event::json::ObjectWriter;
use event::settings::Settings;

/// The call that an event becomes.
///
/// # Errors
/// Why it cannot be sent.
pub(super) fn call(
    accepted: &Accepted<'_>,
    mut event: Received<'_>,
    arrival: &Arrival,
    settings: &Settings,
    trace: &mut Trace,
) -> Result<BranchCall, Rejected> {
    let own = &settings.segment_to_branch;
    let identifiers = Identifiers::new(&event, own, trace)?;
    let mut properties = Properties::new(std::mem::take(&mut event.properties));
    let mut body = String::with_capacity(arrival.length + 512);
    let mut out = ObjectWriter::new(&mut body);
    let endpoint = write_name(&mut out, accepted, own.customer_event_alias, trace);
    let ids = user_data::Sources {
        identifiers: &identifiers,
        context: &event.context,
        settings: own,
    };
    user_data::write(&mut out, &ids, &mut properties, trace);
    let (mut data, mut items) = (EventData::default(), ContentItems::default());
    if endpoint == BranchEndpoint::Standard || own.event_data_on_custom {
        data = event_data(accepted, &mut properties, &own.default_currency, trace);
    }
    if let Target::Standard(standard) = accepted.target {
        items = content_items(standard, &mut properties, &data.money, trace);
    }
    data.name_default(items.have_price(), trace);
    data.write(&mut out);
    items.write(&mut out, own.custom_fields_as_json);
    custom_data::write(
        &mut out,
        &event,
        &arrival.id,
        &properties,
        items.leftover.as_deref(),
        own,
        trace,
    );
    drop(out);
    Ok(BranchCall {
        endpoint,
        body,
        ip: value::string(event.context.ip).and_then(|ip| address(&ip)),
        timestamp: value::string(event.timestamp).and_then(|time| Timestamp::parse(time.trim())),
        user: identifiers.user_key(),
    })
}

/// An address of the internet, as a header may hold it (SR-307).
fn address(text: &str) -> Option<String> {
    let address: std::net::IpAddr = text.trim().parse().ok()?;
    Some(address.to_string())
}
