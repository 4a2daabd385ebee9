//! Whether a request is its sender's: the tables of 4.2.

use crate::credential::{Matched, Presented, verifies};
use event::Source;
use event::envelope::{Auth, KeyAge};
use event::reasons::RefuseReason;
use event::settings::UnsignedBatchTail;
use secrets::ReceiverSecret;

/// What proved the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// How.
    pub auth: Auth,
    /// By which entry.
    pub key: KeyAge,
    /// How many events are taken although nothing proves them (RC-033).
    pub unproven: usize,
}

/// What a request presents.
pub struct Presentation {
    /// Its tokens.
    pub tokens: Presented,
    /// Its `X-Signature`, if that has the right form.
    pub signature: Option<[u8; 20]>,
    /// Whether it has an `X-Signature` of any form.
    pub signature_given: bool,
}

/// Whether the secret has any entry that this source can be proved by.
pub fn is_configured(source: Source, secret: &ReceiverSecret) -> bool {
    !secret.tokens.is_empty() || (source == Source::Segment && !secret.shared_secrets.is_empty())
}

fn no_match(presented: bool) -> RefuseReason {
    if presented {
        RefuseReason::WrongCredential
    } else {
        RefuseReason::MissingCredential
    }
}

/// The proof by token: all that Braze and Branch have.
pub fn by_token(presentation: &Presentation, secret: &ReceiverSecret) -> Result<Proof, RefuseReason> {
    let Matched(key) = presentation
        .tokens
        .matches(&secret.tokens)
        .ok_or_else(|| no_match(presentation.tokens.any))?;
    Ok(Proof {
        auth: Auth::Token,
        key,
        unproven: 0,
    })
}

/// The proof of a Segment body (RC-031). `signed` are the signed bytes, `events` how many elements an array has.
pub fn of_segment(
    presentation: &Presentation,
    secret: &ReceiverSecret,
    signed: &[u8],
    events: usize,
    tail: UnsignedBatchTail,
) -> Result<Proof, RefuseReason> {
    if secret.shared_secrets.is_empty() {
        return by_token(presentation, secret);
    }
    let Matched(key) = verifies(presentation.signature, signed, &secret.shared_secrets)
        .ok_or_else(|| no_match(presentation.signature_given))?;
    let token = presentation.tokens.matches(&secret.tokens);
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
    if events < 2 || token.is_some() && tail != UnsignedBatchTail::Reject {
        return Ok(Proof {
            auth,
            key,
            unproven: 0,
        });
    }
    match tail {
        UnsignedBatchTail::Accept => Ok(Proof {
            auth,
            key,
            unproven: events - 1,
        }),
        UnsignedBatchTail::Reject => Err(RefuseReason::TailRejected),
        UnsignedBatchTail::RequireToken if secret.tokens.is_empty() => Err(RefuseReason::Unconfigured),
        UnsignedBatchTail::RequireToken => Err(RefuseReason::TailUnproven),
    }
}

/// Whether a refusal may have come from a secret that has changed since it was fetched (RC-035).
pub const fn may_be_stale(reason: RefuseReason) -> bool {
    matches!(
        reason,
        RefuseReason::WrongCredential
            | RefuseReason::MissingCredential
            | RefuseReason::TailUnproven
            | RefuseReason::Unconfigured
    )
}
