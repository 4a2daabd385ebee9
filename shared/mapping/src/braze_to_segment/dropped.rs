//! The fields that the settings keep back.

use super::received::Received;
use crate::Trace;
use event::settings::BrazeToSegment;

/// Takes the fields out that `drop_properties` names, before any other rule builds something from them.
pub(super) fn drop_fields(event: &mut Received<'_>, settings: &BrazeToSegment, trace: &mut Trace) {
    let dropped = &settings.drop_properties;
    if dropped.is_empty() {
        return;
    }
    // A name is one key of the properties; only where there is none such does it lead into `user`.
    let of_user = |field: &str| {
        let name = format!("user.{field}");
        dropped.contains(&name) && event.property(&name).is_none()
    };
    let (device_id, timezone) = (of_user("device_id"), of_user("timezone"));
    let late: Vec<&str> = event
        .displaced
        .iter()
        .filter(
            |displaced| match (displaced.kept_by_user, displaced.kept.as_ref()) {
                (true, "device_id") => device_id,
                (true, "timezone") => timezone,
                (true, _) => false,
                (false, kept) => dropped.iter().any(|name| name == kept),
            },
        )
        .map(|displaced| displaced.key.as_str())
        .collect();
    event.properties.retain(|(key, _)| {
        let rule = if late.contains(&key.as_ref()) {
            "BZ-163"
        } else if dropped.iter().any(|name| name == key) {
            "BZ-161"
        } else {
            return true;
        };
        trace.record(rule, || {
            (format!("properties.{key}"), "left out: drop_properties".into())
        });
        false
    });
    if device_id && event.user.device_id.take().is_some() {
        trace.record("BZ-162", || {
            ("user.device_id".into(), "left out: drop_properties".into())
        });
    }
    if timezone && event.user.timezone.take().is_some() {
        trace.record("BZ-162", || {
            ("user.timezone".into(), "left out: drop_properties".into())
        });
    }
}
