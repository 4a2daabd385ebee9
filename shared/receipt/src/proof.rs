//! Whether a request is its sender's: the tables of 4.2.

use crate::credential::{Matched, Presented, signature, verifies};
use crate::request::Request;
use event::Source;
use event::envelope::{Auth, KeyAge};
use event::reasons::RefuseReason;
use event::settings::UnsignedBatchTail;
use secrets::ReceiverSecret;

/// What proved the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) auth: Auth,
    pub(crate) key: KeyAge,
    /// How many events are taken although nothing proves them (RC-033).
    pub(crate) unproven: usize,
}

/// What a request presents.
pub(crate) struct Credentials {
    pub(crate) tokens: Presented,
    /// Segment's `X-Signature`, if that has the right form.
    signature: Option<[u8; 20]>,
    /// Whether there is an `X-Signature` of any form.
    has_signature_header: bool,
}

impl Credentials {
    pub(crate) fn of(source: Source, request: &Request) -> Self {
        let header = request
            .header("x-signature")
            .filter(|_| source == Source::Segment);
        Self {
            tokens: Presented::of(source, request),
            signature: header.and_then(signature),
            has_signature_header: header.is_some(),
        }
    }

    /// Whether any of them could match some secret: only then a newer secret is worth a fetch (RC-035).
    pub(crate) fn have_right_form(&self) -> bool {
        self.signature.is_some() || self.tokens.has_candidate()
    }
}

/// Whether the secret has any entry that this source can be proved by.
pub(crate) fn configured(source: Source, secret: &ReceiverSecret) -> Result<(), RefuseReason> {
    let is_configured =
        !secret.tokens.is_empty() || (source == Source::Segment && !secret.shared_secrets.is_empty());
    is_configured.then_some(()).ok_or(RefuseReason::Unconfigured)
}

/// The proof by token: all that Braze and Branch have.
pub(crate) fn by_token(credentials: &Credentials, secret: &ReceiverSecret) -> Result<Proof, RefuseReason> {
    let Matched(key) = credentials
        .tokens
        .matches(&secret.tokens)
        .ok_or(credentials.tokens.no_match())?;
    Ok(Proof {
        auth: Auth::Token,
        key,
        unproven: 0,
    })
}

/// The proof of a Segment body (RC-031). `signed` are the signed bytes, `events` how many elements an array has.
pub(crate) fn of_segment(
    credentials: &Credentials,
    secret: &ReceiverSecret,
    signed: &[u8],
    events: usize,
    tail: UnsignedBatchTail,
) -> Result<Proof, RefuseReason> {
    if secret.shared_secrets.is_empty() {
        return by_token(credentials, secret);
    }
    let Matched(key) = verifies(credentials.signature, signed, &secret.shared_secrets).ok_or(
        if credentials.has_signature_header {
            RefuseReason::WrongCredential
        } else {
            RefuseReason::MissingCredential
        },
    )?;
    let token = credentials.tokens.matches(&secret.tokens);
    let auth = if token.is_some() {
        Auth::SignatureAndToken
    } else {
        Auth::Signature
    };
    let key = if token == Some(Matched(KeyAge::Older)) {
        KeyAge::Older
    } else {
        key
    };
    let proof = |unproven| Proof { auth, key, unproven };
    if events < 2 || token.is_some() && tail != UnsignedBatchTail::Reject {
        return Ok(proof(0));
    }
    match tail {
        UnsignedBatchTail::Accept => Ok(proof(events - 1)),
        UnsignedBatchTail::Reject => Err(RefuseReason::TailRejected),
        UnsignedBatchTail::RequireToken if secret.tokens.is_empty() => Err(RefuseReason::Unconfigured),
        UnsignedBatchTail::RequireToken => Err(RefuseReason::TailUnproven),
    }
}
