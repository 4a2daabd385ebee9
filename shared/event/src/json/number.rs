//! Numbers by their decimal text.

use bigdecimal::{BigDecimal, Signed, ToPrimitive, Zero};
use std::str::FromStr;

/// A number of exact decimal value. JSON numbers are read without a detour by binary floating point.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub struct Decimal(BigDecimal);

/// Larger exponents are not computed with: `1e999999999` would fill the memory with zeros.
const MAX_EXPONENT: i64 = 400;

impl Decimal {
    /// Reads the text of a JSON number, or of digits with sign and fraction. `None` if it is no number or its exponent
    /// is beyond all reason.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 1024 {
            return None;
        }
        let value = BigDecimal::from_str(text).ok()?;
        let (_, scale) = value.as_bigint_and_exponent();
        (scale.abs() <= MAX_EXPONENT + 1024).then_some(Self(value))
    }

    /// The integer that a text stands for, as `7`, `7.0` and `70e-1` do.
    pub fn whole(text: &str) -> Option<i64> {
        text.parse().ok().or_else(|| Self::parse(text)?.as_whole())
    }

    /// The exact product.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        Self(&self.0 * &other.0)
    }

    /// The exact sum.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self(&self.0 + &other.0)
    }

    /// The value without its sign.
    #[must_use]
    pub fn abs(&self) -> Self {
        Self(self.0.abs())
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.0.is_negative()
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Whether it has no fraction.
    pub fn is_whole(&self) -> bool {
        self.0.is_integer()
    }

    /// Its value, if it is whole and fits.
    pub fn as_whole(&self) -> Option<i64> {
        if self.0.is_integer() {
            self.0.to_i64()
        } else {
            None
        }
    }

    /// Its value with the fraction cut off towards minus infinity, if that fits.
    pub fn floor(&self) -> Option<i64> {
        let cut = self.0.with_scale_round(0, bigdecimal::RoundingMode::Floor);
        cut.to_i64()
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self(BigDecimal::from(value))
    }
}

impl std::fmt::Display for Decimal {
    /// As a JSON number: no exponent, no zeros that say nothing.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.normalized().to_plain_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_sums_are_exact() {
        crate::rules!["SB-006"];
        let number = |text| Decimal::parse(text).unwrap();
        assert_eq!(number("0.1").plus(&number("0.2")).to_string(), "0.3");
        assert_eq!(number("3").times(&number("1.5")).to_string(), "4.5");
        assert_eq!(number("1e3").to_string(), "1000");
        assert_eq!(number("12.50").to_string(), "12.5");
        assert_eq!(number("100").as_whole(), Some(100));
        assert_eq!(number("1.5").as_whole(), None);
        assert_eq!(number("-0.5").floor(), Some(-1));
        assert_eq!(Decimal::parse("x"), None);
        assert_eq!(Decimal::parse("1e999999999"), None);
    }
}
