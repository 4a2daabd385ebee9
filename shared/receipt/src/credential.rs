//! What a request presents as proof: tokens (RC-022..025) and Segment's signature (RC-027..029).

use crate::limits::CANDIDATES;
use crate::request::{Request, percent_decoded};
use event::envelope::KeyAge;
use event::reasons::RefuseReason;
use event::{Source, hex};
use hmac::{Hmac, KeyInit, Mac};
use secrets::Token;
use sha1::Sha1;
use subtle::{Choice, ConstantTimeEq};

/// The tokens that a request presents, by digest alone.
pub(crate) struct Presented {
    candidates: Vec<Token>,
    /// Whether anything was presented, even if it cannot match.
    pub any: bool,
}

/// Which entry of a list matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Matched(pub KeyAge);

impl Presented {
    /// Collects the candidates of a source.
    pub(crate) fn of(source: Source, request: &Request) -> Self {
        let mut found = Self {
            candidates: Vec::new(),
            any: false,
        };
        if source == Source::Branch
            && let Some(value) = request.header("x-branch-auth")
        {
            found.header(value);
        }
        if let Some(value) = request.header("authorization") {
            found.bearer(value);
        }
        if matches!(source, Source::Segment | Source::Branch) {
            request.query("token").for_each(|token| found.add(&token));
        }
        if source == Source::Segment
            && let Some(token) = request.path.strip_prefix("/t/")
        {
            found.add(&percent_decoded(token.trim_end_matches('/')));
        }
        found
    }

    /// `Bearer <token>`, the word in any case.
    fn bearer(&mut self, value: &str) {
        if let Some(one) = unanimous(value)
            && let Some((scheme, token)) = one.split_once(char::is_whitespace)
            && scheme.eq_ignore_ascii_case("bearer")
        {
            self.add(token);
        } else {
            self.any = true;
        }
    }

    fn header(&mut self, value: &str) {
        match unanimous(value) {
            Some(one) => self.add(one),
            None => self.any = true,
        }
    }

    fn add(&mut self, token: &str) {
        if !token.trim().is_empty() {
            self.any = true;
            if self.candidates.len() < CANDIDATES {
                self.candidates.push(Token::of(token));
            }
        }
    }

    /// Whether there is anything that could match.
    pub(crate) const fn has_candidate(&self) -> bool {
        !self.candidates.is_empty()
    }

    /// SHA-256 of each candidate, as hexadecimal digits.
    pub(crate) fn digests(&self) -> Vec<String> {
        let digest = |token: &Token| hex(token.digest().iter().copied()).collect();
        self.candidates.iter().map(digest).collect()
    }

    /// Why no token matches.
    pub(crate) const fn no_match(&self) -> RefuseReason {
        if self.any {
            RefuseReason::WrongCredential
        } else {
            RefuseReason::MissingCredential
        }
    }

    /// Compares every candidate with every configured token, in constant time and without an early exit. One candidate that
    /// matches an older entry makes the whole request older: its sender still has to switch somewhere.
    pub(crate) fn matches(&self, tokens: &[Token]) -> Option<Matched> {
        let (mut any, mut older) = (Choice::from(0), Choice::from(0));
        for candidate in &self.candidates {
            let (one, current) = compared(
                tokens
                    .iter()
                    .map(|token| candidate.digest().ct_eq(token.digest())),
            );
            any |= one;
            older |= one & !current;
        }
        matched(any, older)
    }
}

/// A header sent twice has its values joined by commas; it counts only if all of them are the same (RC-006).
fn unanimous(value: &str) -> Option<&str> {
    let mut parts = value.split(',').map(str::trim);
    let first = parts.next()?;
    parts.all(|part| part == first).then_some(first)
}

/// Whether any entry of a list is equal, and whether its first one is.
fn compared(equal: impl Iterator<Item = Choice>) -> (Choice, Choice) {
    let (mut any, mut current) = (Choice::from(0), Choice::from(0));
    for (place, equal) in equal.enumerate() {
        any |= equal;
        current |= equal & Choice::from(u8::from(place == 0));
    }
    (any, current)
}

fn matched(any: Choice, older: Choice) -> Option<Matched> {
    bool::from(any).then(|| {
        Matched(if bool::from(older) {
            KeyAge::Older
        } else {
            KeyAge::Current
        })
    })
}

/// The 20 bytes of an `X-Signature` header: 40 hexadecimal digits of either case, `sha1=` before them allowed.
pub(crate) fn signature(value: &str) -> Option<[u8; 20]> {
    let digits = unanimous(value)?;
    let digits = digits.strip_prefix("sha1=").unwrap_or(digits);
    if digits.len() != 40 {
        return None;
    }
    let mut bytes = [0_u8; 20];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().as_chunks::<2>().0) {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        *byte = u8::try_from(high? << 4 | low?).ok()?;
    }
    Some(bytes)
}

/// Tries every shared secret on the signed bytes, in constant time and without an early exit.
pub(crate) fn verifies(
    signature: Option<[u8; 20]>,
    signed: &[u8],
    secrets: &[telemetry::Secret],
) -> Option<Matched> {
    let presented = signature?;
    let (any, current) = compared(secrets.iter().map(|secret| {
        let mac = secret.lend(|key| {
            // HMAC takes keys of any length.
            Hmac::<Sha1>::new_from_slice(key.as_bytes())
                .ok()
                .map(|mac| mac.chain_update(signed).finalize().into_bytes())
        });
        mac.map_or(Choice::from(0), |mac| mac.as_slice().ct_eq(&presented))
    }));
    matched(any, any & !current)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, query: &str, headers: &[(&str, &str)]) -> Request {
        Request {
            method: "POST".into(),
            path: path.into(),
            raw_query: query.into(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            source_ip: None,
            request_id: "r-1".into(),
            body: String::new(),
            is_base64: false,
        }
    }

    fn age(source: Source, request: &Request) -> Option<KeyAge> {
        let tokens = [Token::of("new"), Token::of("old+1")];
        Presented::of(source, request)
            .matches(&tokens)
            .map(|Matched(age)| age)
    }

    #[test]
    fn tokens_are_taken_where_each_source_may_put_them() {
        event::rules!["RC-023", "RC-025"];
        use KeyAge::{Current, Older};
        use Source::{Branch, Braze, Segment};
        let bearer = |value| request("/", "", &[("AuThorization", value)]);
        for source in [Segment, Braze, Branch] {
            assert_eq!(age(source, &bearer("bearer  new ")), Some(Current));
            assert_eq!(age(source, &bearer("BEARER old+1")), Some(Older));
            assert_eq!(age(source, &bearer("Basic new")), None);
            assert_eq!(age(source, &bearer("new")), None);
        }
        let query = request("/", "a=b&token=old%2B1", &[]);
        assert_eq!(
            (age(Segment, &query), age(Braze, &query), age(Branch, &query)),
            (Some(Older), None, Some(Older))
        );
        let plus = request("/", "token=old+1", &[]);
        assert_eq!(age(Segment, &plus), Some(Older));
        let path = request("/t/new", "", &[]);
        assert_eq!(
            (age(Segment, &path), age(Braze, &path), age(Branch, &path)),
            (Some(Current), None, None)
        );
        let own = request("/", "", &[("X-Branch-Auth", "new")]);
        assert_eq!((age(Segment, &own), age(Branch, &own)), (None, Some(Current)));
    }

    #[test]
    fn every_token_is_tried_and_an_older_match_counts_as_older() {
        event::rules!["RC-022", "RC-037"];
        let names = ["t-0", "t-1", "t-2", "t-3"];
        let tokens = names.map(Token::of);
        let found = |presented: &[&str]| {
            let query: Vec<String> = presented.iter().map(|token| format!("token={token}")).collect();
            Presented::of(Source::Branch, &request("/", &query.join("&"), &[])).matches(&tokens)
        };
        for (place, name) in names.iter().enumerate() {
            let age = if place == 0 {
                KeyAge::Current
            } else {
                KeyAge::Older
            };
            assert_eq!(found(&[name]), Some(Matched(age)), "{name}");
            assert_eq!(found(&["x", "y", name]), Some(Matched(age)), "{name}");
        }
        assert_eq!(found(&["t-0", "t-2"]), Some(Matched(KeyAge::Older)));
        assert_eq!(found(&["t-0", "x"]), Some(Matched(KeyAge::Current)));
        // Equal in part, longer, shorter, in another case: all digests are 32 bytes, and none of these is equal.
        for wrong in ["t-", "t-00", "T-0", "t-4", "0-t"] {
            assert_eq!(found(&[wrong]), None, "{wrong}");
        }
        let twice = [Token::of("t-0"), Token::of("t-0")];
        let presented = Presented::of(Source::Branch, &request("/", "token=t-0", &[]));
        assert_eq!(presented.matches(&twice), Some(Matched(KeyAge::Current)));
    }

    #[test]
    fn a_header_sent_twice_counts_only_if_both_are_the_same() {
        event::rules!["RC-006"];
        let twice = |value| age(Source::Branch, &request("/", "", &[("x-branch-auth", value)]));
        assert_eq!(twice("new, new"), Some(KeyAge::Current));
        assert_eq!(twice("new,other"), None);
        let presented = Presented::of(
            Source::Branch,
            &request("/", "", &[("x-branch-auth", "new,other")]),
        );
        assert!(presented.any);
    }

    #[test]
    fn at_most_eight_candidates_are_looked_at() {
        event::rules!["RC-023"];
        let query: Vec<String> = (0..8)
            .map(|n| format!("token=x{n}"))
            .chain(["token=new".into()])
            .collect();
        assert_eq!(age(Source::Segment, &request("/", &query.join("&"), &[])), None);
    }

    #[test]
    fn odd_headers_do_not_panic() {
        event::rules!["RC-007"];
        for value in ["", " ", "é", "Bearer", "Bearer ", ",", ",,"] {
            let request = request(
                "/t/",
                "token=&token",
                &[("authorization", value), ("x-branch-auth", value)],
            );
            assert_eq!(age(Source::Branch, &request), None);
            assert_eq!(age(Source::Segment, &request), None);
        }
    }

    const V1: &str = r#"{"type":"track","messageId":"m-101","userId":"u-1","event":"Kettle Boiled","properties":{"litres":1.5}}"#;

    fn secrets() -> Vec<telemetry::Secret> {
        ["quay-lantern-01", "quay-lantern-02"]
            .map(|text| telemetry::Secret::new(text.to_owned()))
            .into()
    }

    #[test]
    fn every_shared_secret_is_tried() {
        event::rules!["RC-029"];
        let with = |hex: &str| verifies(signature(hex), V1.as_bytes(), &secrets()).map(|Matched(age)| age);
        assert_eq!(
            with("0a22aed7f281988867e586e84a9884a72e742247"),
            Some(KeyAge::Current)
        );
        assert_eq!(with("SHA1=0a"), None);
        assert_eq!(
            with("sha1=A0F2B2EB01CBB31F312E65520CA2C5335FDFD696"),
            Some(KeyAge::Older)
        );
        assert_eq!(with("0a22aed7f281988867e586e84a9884a72e742248"), None);
    }

    #[test]
    fn other_forms_of_a_signature_do_not_verify() {
        event::rules!["RC-028"];
        let good = "0a22aed7f281988867e586e84a9884a72e742247";
        assert!(signature(good).is_some() && signature(&format!("{good}, {good}")).is_some());
        for bad in [
            "",
            "0a22",
            good.trim_start_matches('0'),
            &format!("{good}0"),
            &good.replace('0', "g"),
            &format!("sha256={good}"),
            "é",
        ] {
            assert!(signature(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn every_change_of_one_bit_is_refused() {
        event::rules!["RC-027"];
        let good = signature("0a22aed7f281988867e586e84a9884a72e742247");
        for bit in 0..V1.len() * 8 {
            let mut body = V1.as_bytes().to_vec();
            body[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(verifies(good, &body, &secrets()), None, "bit {bit}");
        }
    }
}
