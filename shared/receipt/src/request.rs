//! HTTP as receipt sees it.

use std::net::IpAddr;

/// One HTTP request, as the Function URL hands it over.
///
/// It holds a payload and credentials, so it cannot be printed:
/// ```compile_fail,E0277
/// fn print(request: receipt::Request) -> String {
///     format!("{request:?}")
/// }
/// ```
/// ```compile_fail,E0277
/// fn print(request: receipt::Request) -> String {
///     format!("{request}")
/// }
/// ```
pub struct Request {
    /// `POST` and so on.
    pub method: String,
    /// The path, not decoded.
    pub path: String,
    /// The query, not decoded, without `?`.
    pub raw_query: String,
    /// Names and values; a header sent twice has its values joined by commas.
    pub headers: Vec<(String, String)>,
    /// The sender's address, if the platform gives one that can be read.
    pub source_ip: Option<IpAddr>,
    /// The platform's id of the request.
    pub request_id: String,
    /// The body, as text or as base64.
    pub body: String,
    /// Whether `body` is base64.
    pub is_base64: bool,
}

impl Request {
    /// The value of a header, its name in any case; `None` if it is absent or blank.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        found
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// The values of a query parameter, percent-decoded; `+` stays `+`.
    pub fn query(&self, name: &str) -> impl Iterator<Item = String> {
        self.raw_query.split('&').filter_map(move |pair| {
            let (key, value) = pair.split_once('=')?;
            (percent_decoded(key) == name).then(|| percent_decoded(value))
        })
    }
}

/// Undoes percent-encoding; what is no valid escape stays as it is.
pub(crate) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escape = after
            .first_chunk::<2>()
            .filter(|_| *first == b'%')
            .and_then(|digits| {
                let digit = |byte: u8| {
                    char::from(byte)
                        .to_digit(16)
                        .and_then(|digit| u8::try_from(digit).ok())
                };
                Some(digit(digits[0])? << 4 | digit(digits[1])?)
            });
        match escape {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What the sender gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// By the table of 4.7 (RC-130).
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body: constant text, never a part of the request.
    pub body: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_percent_decoded_and_a_plus_stays() {
        event::rules!["RC-024"];
        assert_eq!(percent_decoded("a%2Bb+c%20%zz%4"), "a+b+c %zz%4");
        assert_eq!(percent_decoded("%C3%A9%ff"), "é\u{fffd}");
    }
}
