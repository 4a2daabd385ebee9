//! What the key of an object says. Braze has changed its form before, so no more is relied on than this (CF-021).

/// What ends the key of every file of Currents.
pub const SUFFIX: &str = ".avro";
/// What begins the part of a key that names the type of the events.
const EVENT_TYPE: &str = "event_type=";
/// What begins the part of a key that names the hour in which Braze queued the events.
const DATE: &str = "date=";

/// Whether the key is one of those that are read.
///
/// A part `.` or `..` cannot be asked for: a URL's path is taken to mean another one.
pub fn is_read(key: &str, prefix: &str) -> bool {
    let is_askable = key.split('/').all(|part| part != "." && part != "..");
    key.starts_with(prefix) && key.ends_with(SUFFIX) && is_askable
}

/// The type that the key names: K.
pub fn event_type(key: &str) -> Option<&str> {
    last(key, EVENT_TYPE)
}

/// The hour that the key names, such as `2026-03-01-11`.
pub fn hour(key: &str) -> Option<&str> {
    last(key, DATE)
}

fn last<'k>(key: &'k str, start: &str) -> Option<&'k str> {
    let named = key.split('/').rev().find_map(|part| part.strip_prefix(start));
    named.filter(|value| !value.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_for_its_prefix_and_its_suffix() {
        event::rules!["CF-020", "CF-021"];
        for (key, prefix, wanted) in [
            ("currents/a.avro", "currents/", true),
            ("currents/event_type=x/431/a.avro", "currents/", true),
            ("a.avro", "", true),
            ("other/a.avro", "currents/", false),
            ("currents/a.avro.tmp", "currents/", false),
            ("currents/a.json", "currents/", false),
            ("Currents/a.avro", "currents/", false),
            ("currents/../a.avro", "currents/", false),
            ("currents/./a.avro", "currents/", false),
            ("currents/..a./b.avro", "currents/", true),
        ] {
            assert_eq!(is_read(key, prefix), wanted, "{key}");
        }
    }

    #[test]
    fn the_last_part_that_names_a_type_counts() {
        event::rules!["CF-022"];
        for (key, wanted) in [
            (
                "c/event_type=users.messages.email.Open/date=2026-03-01-11/a.avro",
                Some("users.messages.email.Open"),
            ),
            ("event_type=a/event_type=b/x.avro", Some("b")),
            ("event_type=a/event_type=/x.avro", None),
            ("c/event_type= /x.avro", None),
            ("c/my_event_type=a/x.avro", None),
            ("c/x.avro", None),
        ] {
            assert_eq!(event_type(key), wanted, "{key}");
        }
        assert_eq!(hour("c/date=2026-03-01-11/x.avro"), Some("2026-03-01-11"));
    }
}
