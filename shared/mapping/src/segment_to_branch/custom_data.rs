//! `custom_data`: what has no place elsewhere, and the marks for the way back.

use super::identity::FINGERPRINT;
use super::properties::Properties;
use super::received::Received;
use super::value::{any_text, string};
use crate::Trace;
use crate::forms::text::identity_text;
use event::EventId;
use event::json::ObjectWriter;
use event::reasons::Warning;
use event::settings::SegmentToBranch;

/// Under this key the anonymous id travels through Branch.
const ANONYMOUS_ID: &str = "$segment_anonymous_id";

/// The mark by which the route from Branch knows the event.
const MESSAGE_ID: &str = "segment_message_id";

/// The event's own time, for which Branch has no field.
const TIMESTAMP: &str = "segment_timestamp";

/// Properties that are never sent: keys, and what stands in `user_data`.
const NEVER: [&str; 3] = [FINGERPRINT, "branch_key", "branch_secret"];

/// Records where a member comes from that is no property.
fn record_added(rule: &'static str, path: &str, member: &str, trace: &mut Trace) {
    trace.record(rule, || (path.to_owned(), format!("custom_data.{member}")));
}

/// Writes the object, unless it would be empty. `products` is what is left of the property of that name.
pub(super) fn write(
    call: &mut ObjectWriter<'_>,
    event: &Received<'_>,
    id: &EventId,
    properties: &Properties<'_>,
    products: Option<&str>,
    settings: &SegmentToBranch,
    trace: &mut Trace,
) {
    let placeholders = super::placeholders(settings);
    let mut json = String::new();
    let mut out = ObjectWriter::new(&mut json);
    for (key, value) in properties.iter() {
        if NEVER.contains(&key) {
            trace.record("SR-256", || {
                (format!("properties.{key}"), "left out of custom_data".into())
            });
            if key != FINGERPRINT {
                trace.warn("SR-256", Warning::ReservedPropertyRemoved, || {
                    format!("properties.{key}")
                });
            } else if identity_text(value).is_none() {
                trace.warn("SR-012", Warning::FieldUnreadable, || format!("properties.{key}"));
            }
            continue;
        }
        if matches!(key, ANONYMOUS_ID | MESSAGE_ID | TIMESTAMP) {
            trace.warn("SR-255", Warning::ReservedPropertyRemoved, || {
                format!("properties.{key}")
            });
            continue;
        }
        trace.record("SR-250", || {
            (format!("properties.{key}"), format!("custom_data.{key}"))
        });
        out.string(key, &any_text(value));
    }
    if let Some(products) = products {
        trace.record("SR-221", || {
            ("properties.products".into(), "custom_data.products".into())
        });
        out.string("products", products);
    }
    if let Some(anonymous_id) = event.anonymous_id.and_then(|id| placeholders.user(id)) {
        record_added("SR-252", "anonymousId", ANONYMOUS_ID, trace);
        out.string(ANONYMOUS_ID, &anonymous_id);
    }
    if settings.markers {
        // A derived id is that of the whole event.
        let is_given = event.message_id.and_then(|id| placeholders.thing(id)).is_some();
        record_added(
            "SR-253",
            if is_given { "messageId" } else { "$" },
            MESSAGE_ID,
            trace,
        );
        out.string(MESSAGE_ID, id.as_str());
        let times = [
            ("timestamp", event.timestamp),
            ("originalTimestamp", event.original_timestamp),
        ];
        let mut times = times.into_iter();
        if let Some((path, time)) = times.find_map(|(path, time)| Some((path, string(time)?))) {
            record_added("SR-254", path, TIMESTAMP, trace);
            out.string(TIMESTAMP, time.trim());
        }
    }
    let is_empty = out.is_empty();
    drop(out);
    if !is_empty {
        call.raw("custom_data", &json);
    }
}
