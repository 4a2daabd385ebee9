//! Every combination of ids and of the settings for them.

use crate::printed::{line, said, settings};

/// How an id can come, and the id that it is.
const IDS: [(Option<&str>, Option<&str>); 8] = [
    (None, None),
    (Some("null"), None),
    (Some(r#""id-1""#), Some("id-1")),
    (Some(r#""[REDACTED]""#), None),
    (Some(r#"" ""#), None),
    (Some("17.60"), Some("17.60")),
    (Some("true"), None),
    (Some("[]"), None),
];

#[test]
fn every_combination_of_ids_and_settings() {
    event::rules!["BZ-410"];
    for (external, external_id) in IDS {
        for (own, own_id) in IDS {
            for anonymous_users in ["drop", "send"] {
                for anonymous_id in [true, false] {
                    let chosen = settings(&format!(
                        "anonymous_users = \"{anonymous_users}\"\nanonymous_id = {anonymous_id}\nanonymous_id_prefix = \"p-\""
                    ));
                    let member = |key: &str, id: Option<&str>| id.map(|id| format!(r#""{key}":{id}"#));
                    let user: Vec<_> = [member("external_user_id", external), member("user_id", own)]
                        .into_iter()
                        .flatten()
                        .collect();
                    let text = format!(
                        r#"{{"event_type":"users.messages.sms.Send","id":"e","time":1767254400,"user":{{{}}}}}"#,
                        user.join(",")
                    );
                    let got = line(&text, &chosen);
                    let sends = anonymous_users == "send";
                    let redacted = external == Some(r#""[REDACTED]""#);
                    let reason = match (external_id, own_id) {
                        (Some(_), _) => None,
                        _ if redacted && !sends => Some("external_id_redacted"),
                        (None, None) => Some("no_identity"),
                        (None, Some(_)) if sends => None,
                        (None, Some(_)) => Some("no_external_id"),
                    };
                    assert_eq!(said(&got, &["reason"]).as_deref(), reason, "{text} {got}");
                    if reason.is_some() {
                        continue;
                    }
                    let body = |key| said(&got, &["calls", "0", "body", key]);
                    assert_eq!(body("userId").as_deref(), external_id, "{text}");
                    let anonymous = own_id
                        .filter(|_| external_id.is_none() || anonymous_id)
                        .map(|id| format!("p-{id}"));
                    assert_eq!(body("anonymousId"), anonymous, "{text}");
                    let unreadable = [external, own].iter().any(|id| matches!(id, Some("true" | "[]")));
                    let warning = said(&got, &["warnings", "0"]);
                    assert_eq!(warning.is_some(), unreadable, "{text} {got}");
                }
            }
        }
    }
}
