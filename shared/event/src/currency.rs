//! The currencies in which money is counted: ISO 4217 without funds, metals and test codes.

use std::sync::LazyLock;

/// In alphabetical order; a test in `mapping` holds them against the page of rules.
const CODES: &str = include_str!("currency/iso_4217.txt");

static SORTED: LazyLock<Vec<&str>> = LazyLock::new(|| CODES.split_whitespace().collect());

/// Every code, in alphabetical order.
pub fn codes() -> &'static [&'static str] {
    &SORTED
}

/// The code that a text in upper case is.
pub fn code(text: &str) -> Option<&'static str> {
    let at = codes().binary_search(&text).ok()?;
    codes().get(at).copied()
}

/// Whether it is the code of a currency, in upper case.
pub fn is_currency(text: &str) -> bool {
    code(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_in_upper_case_and_found() {
        crate::rules!["SB-175", "SB-311"];
        assert!(codes().is_sorted());
        assert!(codes().iter().all(|code| is_currency(code)));
        for unknown in ["", "usd", "US", "USDX", "XXX", "XAU", "BGN", "AAA", "ZZZ"] {
            assert!(!is_currency(unknown), "{unknown}");
        }
    }
}
