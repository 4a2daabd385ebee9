//! Currencies: codes, names and signs (FM-008, FM-009).

use event::currency::code;
use event::json::{Json, Kind};

/// What an event says of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Currency {
    /// Nothing: no value, `null` or a blank string.
    Unnamed,
    /// This code of ISO 4217, in upper case.
    Code(&'static str),
    /// Something that is no currency for certain. Money of it must not be counted as money of another one.
    Unknown,
}

/// The currency when `default_currency` is empty: only for telling which of several currencies a sign means.
const DEFAULT: &str = "USD";

/// Reads a currency. `default` is the route's `default_currency`, which decides what a shared sign such as `$` means.
pub fn currency(json: Option<Json<'_>>, default: &str) -> Currency {
    let Some(json) = json.filter(|json| !json.is_null()) else {
        return Currency::Unnamed;
    };
    let text = json.as_str().unwrap_or_default();
    let text = text.trim();
    if text.is_empty() && json.kind() == Kind::String {
        return Currency::Unnamed;
    }
    let found = code(&text.to_ascii_uppercase()).or_else(|| {
        let word = text.to_lowercase();
        of_name(&word).or_else(|| of_shared_sign(&word, default))
    });
    found.map_or(Currency::Unknown, Currency::Code)
}

fn of_name(word: &str) -> Option<&'static str> {
    let row = NAMES.iter().find(|(_, names)| names.contains(&word))?;
    Some(row.0)
}

fn of_shared_sign(word: &str, default: &str) -> Option<&'static str> {
    let row = SHARED_SIGNS.iter().find(|row| row.signs.contains(&word))?;
    let default = if default.is_empty() { DEFAULT } else { default };
    let shared = row.codes.iter().copied().find(|code| *code == default);
    shared.or(row.otherwise)
}

/// Codes, and the names and signs that mean them alone; all in lower case.
const NAMES: [(&str, &[&str]); 35] = [
    ("EUR", &["€", "euro", "euros"]),
    (
        "GBP",
        &[
            "pound sterling",
            "pounds sterling",
            "sterling",
            "british pound",
            "british pounds",
        ],
    ),
    ("USD", &["us$", "usd$", "us dollar", "us dollars"]),
    ("CNY", &["rmb", "cnh", "renminbi", "yuan"]),
    ("JPY", &["yen", "japanese yen", "円"]),
    ("INR", &["₹", "indian rupee", "indian rupees"]),
    ("KRW", &["₩"]),
    ("RUB", &["₽"]),
    ("TRY", &["₺"]),
    ("UAH", &["₴"]),
    ("ILS", &["₪", "nis"]),
    ("THB", &["฿"]),
    ("VND", &["₫"]),
    ("NGN", &["₦"]),
    ("PHP", &["₱"]),
    ("PLN", &["zł"]),
    ("CZK", &["kč"]),
    ("HUF", &["ft"]),
    ("BRL", &["r$"]),
    ("CAD", &["ca$", "can$"]),
    ("AUD", &["a$", "au$"]),
    ("NZD", &["nz$"]),
    ("HKD", &["hk$"]),
    ("SGD", &["s$", "sg$"]),
    ("TWD", &["nt$"]),
    ("MXN", &["mx$"]),
    ("CHF", &["swiss franc", "swiss francs"]),
    ("KZT", &["₸"]),
    ("GEL", &["₾"]),
    ("AZN", &["₼"]),
    ("CRC", &["₡"]),
    ("PYG", &["₲"]),
    ("GHS", &["₵"]),
    ("LAK", &["₭"]),
    ("MNT", &["₮"]),
];

/// Signs that several currencies share.
struct Shared {
    signs: &'static [&'static str],
    codes: &'static [&'static str],
    /// What the sign means if the default currency is none of them.
    otherwise: Option<&'static str>,
}

const SHARED_SIGNS: [Shared; 5] = [
    Shared {
        signs: &["$"],
        codes: &[
            "ARS", "AUD", "BBD", "BMD", "BND", "BSD", "BZD", "CAD", "CLP", "COP", "CUP", "DOP", "FJD", "GYD",
            "HKD", "JMD", "KYD", "LRD", "MXN", "NAD", "NZD", "SBD", "SGD", "SRD", "TTD", "TWD", "USD", "UYU",
            "XCD",
        ],
        otherwise: None,
    },
    Shared {
        signs: &["¥", "￥"],
        codes: &["CNY", "JPY"],
        otherwise: None,
    },
    Shared {
        signs: &["元"],
        codes: &["CNY", "HKD", "MOP", "TWD"],
        otherwise: None,
    },
    Shared {
        signs: &["kr", "kr."],
        codes: &["DKK", "ISK", "NOK", "SEK"],
        otherwise: None,
    },
    Shared {
        signs: &["£"],
        codes: &["EGP", "FKP", "GIP", "LBP", "SDG", "SHP", "SSP", "SYP"],
        otherwise: Some("GBP"),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::page::{quoted, table};

    fn read(text: &str, default: &str) -> Currency {
        let json = serde_json::to_string(text).unwrap();
        currency(Some(Json::parse(&json).unwrap()), default)
    }

    /// A text as people write it: with other cases, and with white space at its ends.
    fn spellings(text: &str) -> [String; 4] {
        [
            text.to_owned(),
            text.to_uppercase(),
            text.to_lowercase(),
            format!("\t{text}\u{a0} "),
        ]
    }

    #[test]
    fn every_code_and_every_name_of_the_page_is_a_currency() {
        event::rules!["FM-008"];
        for code in event::currency::codes() {
            for text in spellings(code) {
                assert_eq!(read(&text, ""), Currency::Code(code), "{text}");
            }
        }
        let mut names = 0;
        for row in table("Names of FM-008") {
            let [code, cell] = row[..] else { panic!("{row:?}") };
            let of_code = quoted(cell);
            let own = NAMES.iter().find(|(own, _)| *own == code).unwrap();
            assert_eq!(of_code, own.1, "{code}");
            names += of_code.len();
            for text in of_code.into_iter().flat_map(spellings) {
                assert_eq!(read(&text, "JPY"), Currency::Code(code), "{text}");
            }
        }
        assert_eq!(names, NAMES.iter().map(|(_, names)| names.len()).sum::<usize>());
        assert!(NAMES.iter().all(|(own, _)| code(own) == Some(own)));
    }

    #[test]
    fn no_certain_currency_is_unknown_and_nothing_is_unnamed() {
        event::rules!["FM-008"];
        for text in [
            "XYZ", "GBX", "BTC", "points", "978", "DEM", "BGN", "XXX", "XAU", "dollar", "pound", "rupee",
            "krona", "u s d", "USD ", "EUR €", "€€", "EU", "null",
        ] {
            let expected = if text == "USD " {
                Currency::Code("USD")
            } else {
                Currency::Unknown
            };
            assert_eq!(read(text, "USD"), expected, "{text}");
        }
        for (json, expected) in [
            ("978", Currency::Unknown),
            ("true", Currency::Unknown),
            ("[\"EUR\"]", Currency::Unknown),
            ("{}", Currency::Unknown),
            ("null", Currency::Unnamed),
            ("\"\"", Currency::Unnamed),
            ("\" \\t\"", Currency::Unnamed),
        ] {
            assert_eq!(
                currency(Some(Json::parse(json).unwrap()), "EUR"),
                expected,
                "{json}"
            );
        }
        assert_eq!(currency(None, "EUR"), Currency::Unnamed);
    }

    #[test]
    fn the_default_currency_decides_a_shared_sign() {
        event::rules!["FM-009"];
        let rows = table("Shared signs of FM-009");
        assert_eq!(rows.len(), SHARED_SIGNS.len());
        for row in rows {
            let [signs, codes, otherwise] = row[..] else {
                panic!("{row:?}")
            };
            let codes: Vec<&str> = codes.split(' ').collect();
            let otherwise = code(otherwise).map_or(Currency::Unknown, Currency::Code);
            for sign in quoted(signs).into_iter().flat_map(spellings) {
                for default in event::currency::codes() {
                    let expected = if codes.contains(default) {
                        Currency::Code(default)
                    } else {
                        otherwise
                    };
                    assert_eq!(read(&sign, default), expected, "{sign} beside {default}");
                }
                assert_eq!(read(&sign, ""), read(&sign, "USD"), "{sign}");
            }
            assert!(codes.iter().all(|shared| code(shared).is_some()), "{codes:?}");
        }
        assert_eq!(read("$", ""), Currency::Code("USD"));
        assert_eq!(read("£", ""), Currency::Code("GBP"));
    }
}
