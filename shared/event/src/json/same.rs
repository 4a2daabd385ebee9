//! Whether two JSON texts are one value.

use super::{Decimal, Json, Kind};

/// Whether two values are equal as JSON: the order of an object's members does not count. Numbers are compared as they are
/// written, so `1` and `1.0` are taken for two.
pub fn same(left: Json<'_>, right: Json<'_>) -> bool {
    alike(left, right, |_, _| false)
}

/// Whether two values are equal as JSON: the order of an object's members does not count. Numbers are compared by their
/// value, so `1` and `1.0` are taken for one.
pub fn equal(left: Json<'_>, right: Json<'_>) -> bool {
    alike(left, right, |left, right| {
        match (Decimal::parse(left), Decimal::parse(right)) {
            (Some(left), Some(right)) => left == right,
            _ => false,
        }
    })
}

/// `numbers` says whether two numbers of different text are one.
fn alike(left: Json<'_>, right: Json<'_>, numbers: fn(&str, &str) -> bool) -> bool {
    if left.raw() == right.raw() {
        return true;
    }
    match (left.kind(), right.kind()) {
        (Kind::Object, Kind::Object) => match (left.as_object(), right.as_object()) {
            (Some(left), Some(right)) => {
                left.len() == right.len()
                    && left
                        .iter()
                        .all(|(key, value)| right.get(key).is_some_and(|other| alike(value, other, numbers)))
            }
            _ => false,
        },
        (Kind::Array, Kind::Array) => match (left.as_array(), right.as_array()) {
            (Some(left), Some(right)) => {
                left.len() == right.len()
                    && left
                        .into_iter()
                        .zip(right)
                        .all(|(left, right)| alike(left, right, numbers))
            }
            _ => false,
        },
        (Kind::String, Kind::String) => left.as_str() == right.as_str(),
        (Kind::Number, Kind::Number) => numbers(left.raw(), right.raw()),
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

    #[test]
    fn numbers_are_one_by_value_only_where_that_is_asked_for() {
        for (left, right, wanted) in [
            ("25.00", "25", true),
            ("1e2", "100", true),
            ("[{\"a\":1.0}]", "[{\"a\":1}]", true),
            ("0.1", "0.10000000000000001", false),
            ("1e999999999", "1e999999999", true),
            ("1", "\"1\"", false),
        ] {
            let (one, other) = (Json::parse(left).unwrap(), Json::parse(right).unwrap());
            assert_eq!(equal(one, other), wanted, "{left} {right}");
            assert_eq!(same(one, other), left == right, "{left} {right}");
        }
    }
}
