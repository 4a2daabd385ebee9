//! A key that cannot be printed.

use zeroize::Zeroizing;

/// A secret text. It has no `Debug`, `Display`, `Serialize`, `Clone` or `Deref`, is lent to a closure only, and zeroed
/// when dropped.
///
/// ```compile_fail
/// println!("{:?}", telemetry::Secret::new("k".to_owned()));
/// ```
/// ```compile_fail
/// println!("{}", telemetry::Secret::new("k".to_owned()));
/// ```
/// ```compile_fail
/// let copy = telemetry::Secret::new("k".to_owned()).clone();
/// ```
/// ```compile_fail
/// serde_json::to_string(&telemetry::Secret::new("k".to_owned()));
/// ```
/// ```compile_fail
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
