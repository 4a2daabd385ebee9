//! A key that cannot be printed.

use zeroize::Zeroizing;

/// A secret text. It has no `Debug`, `Display`, `Serialize`, `Clone` or `Deref`, is lent to a closure only, and zeroed
/// when dropped.
///
/// ```compile_fail,E0277
/// println!("{:?}", telemetry::Secret::new("k".to_owned()));
/// ```
/// ```compile_fail,E0277
/// println!("{}", telemetry::Secret::new("k".to_owned()));
/// ```
/// ```compile_fail,E0599
/// let copy = telemetry::Secret::new("k".to_owned()).clone();
/// ```
/// ```compile_fail,E0277
/// serde_json::to_string(&telemetry::Secret::new("k".to_owned()));
/// ```
/// ```compile_fail,E0599
/// let length = telemetry::Secret::new("k".to_owned()).len();
/// ```
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Lends the text to a closure, whose result must not hold it, but for the one place where it is sent.
    pub fn lend<T>(&self, borrow: impl FnOnce(&str) -> T) -> T {
        borrow(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The other half of the proof are the examples above, none of which compiles.
    #[test]
    fn a_secret_is_lent_and_zeroed_when_dropped() {
        event::rules!["RS-030"];
        fn zeroed<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        let secret = Secret::new("k-1".to_owned());
        zeroed(&secret.0);
        assert_eq!(secret.lend(str::len), 3);
        let (examples, _) = include_str!("secret.rs").split_once("pub struct").unwrap();
        let proofs = examples.matches("```compile_fail,E0").count();
        assert_eq!(proofs, 5, "Debug, Display, Clone, Serialize, Deref");
    }
}
