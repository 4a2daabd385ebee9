//! Which type the events of a file have: the record does not say.

use event::currents;

/// Why a file has no type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeFault {
    /// The key and the schema name different types.
    Conflict,
    /// Neither names one.
    Unknown,
}

/// The type of a file's events, from the key's (K) and the full name of the schema's root record.
///
/// # Errors
/// Why the file has none.
pub fn event_type<'n>(of_key: Option<&'n str>, schema_name: &'n str) -> Result<&'n str, TypeFault> {
    match (of_key, of_schema(schema_name)) {
        (Some(key), Some(schema)) if today(key).eq_ignore_ascii_case(today(schema)) => Ok(schema),
        // Events under a wrong name are worse than none.
        (Some(_), Some(schema)) if currents::named(schema).is_some() => Err(TypeFault::Conflict),
        (Some(key), _) => Ok(of_key_alone(key)),
        (None, Some(schema)) => Ok(schema),
        (None, None) => Err(TypeFault::Unknown),
    }
}

/// The type of a file of which only the key is known.
pub fn of_key_alone(key: &str) -> &str {
    today(key)
}

/// S: what follows the first `.inner.`.
fn of_schema(name: &str) -> Option<&str> {
    let (_, named) = name.split_once(".inner.")?;
    Some(named).filter(|named| !named.trim().is_empty())
}

/// The name that a type has today, in its right case.
fn today(name: &str) -> &str {
    currents::named(name).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = "users.messages.email.Open";

    #[test]
    fn the_schema_gives_the_case_of_the_type_in_the_key() {
        event::rules!["CF-023", "CF-024"];
        let schema = "dataexport.S3.inner.users.messages.email.Open";
        for key in [OPEN, "users.messages.email.open", "messages.email.OPEN"] {
            assert_eq!(event_type(Some(key), schema), Ok(OPEN), "{key}");
        }
        let new = "dataexport.GCS.inner.users.New.inner.Thing";
        assert_eq!(
            event_type(Some("users.new.inner.thing"), new),
            Ok("users.New.inner.Thing")
        );
    }

    #[test]
    fn without_a_type_in_the_schema_the_key_decides() {
        event::rules!["CF-025", "CF-026", "CF-028", "CF-029"];
        for schema in ["Record", "dataexport.S3.outer.x", "dataexport.inner. ", ""] {
            assert_eq!(event_type(Some("users.messages.email.open"), schema), Ok(OPEN));
            assert_eq!(event_type(Some("users.New"), schema), Ok("users.New"));
            assert_eq!(event_type(None, schema), Err(TypeFault::Unknown));
        }
        assert_eq!(event_type(None, "d.inner.users.Brand.New"), Ok("users.Brand.New"));
    }

    #[test]
    fn two_types_are_a_conflict_if_the_schema_names_a_known_one() {
        event::rules!["CF-027"];
        let schema = "d.inner.users.messages.email.Click";
        assert_eq!(event_type(Some(OPEN), schema), Err(TypeFault::Conflict));
        assert_eq!(event_type(Some(OPEN), "d.inner.something.Else"), Ok(OPEN));
    }
}
