//! Whether two JSON texts are one value.

use super::{Json, Kind};

/// Whether two values are equal as JSON: the order of an object's members does not count. Numbers are compared as they are
/// written, so `1` and `1.0` are taken for two.
pub fn same(left: Json<'_>, right: Json<'_>) -> bool {
    if left.raw() == right.raw() {
        return true;
    }
    match (left.kind(), right.kind()) {
        (Kind::Object, Kind::Object) => match (left.as_object(), right.as_object()) {
            (Some(left), Some(right)) => {
                left.len() == right.len()
                    && left
                        .iter()
                        .all(|(key, value)| right.get(key).is_some_and(|other| same(value, other)))
            }
            _ => false,
        },
        (Kind::Array, Kind::Array) => match (left.as_array(), right.as_array()) {
            (Some(left), Some(right)) => {
                left.len() == right.len()
                    && left.into_iter().zip(right).all(|(left, right)| same(left, right))
            }
            _ => false,
        },
        (Kind::String, Kind::String) => left.as_str() == right.as_str(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(left: &str, right: &str) -> bool {
        same(Json::parse(left).unwrap(), Json::parse(right).unwrap())
    }

    #[test]
    fn members_may_be_in_any_order_and_white_space_does_not_count() {
        assert!(of(
            r#"{"a":1,"b":[true,null]}"#,
            r#"{ "b": [true, null], "a": 1 }"#
        ));
        assert!(of(r#""ä""#, r#""\u00e4""#));
        assert!(!of(r#"{"a":1}"#, r#"{"a":1,"b":2}"#));
        assert!(!of(r#"{"a":1}"#, r#"{"b":1}"#));
        assert!(!of("[1,2]", "[2,1]"));
        assert!(!of("1", "\"1\""));
        assert!(!of("null", "false"));
    }
}
