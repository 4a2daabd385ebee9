//! Delete calls (section 13).

use super::identity::{Identity, Ids};
use super::no_identity;
use super::received::Received;
use crate::Trace;
use crate::rejected::Rejected;
use event::calls::{BrazeArray, BrazeCall, BrazeEndpoint, BrazeItem};
use event::reasons::{IgnoreReason, ParkReason};
use event::settings::SegmentToBraze;

/// The call that a delete asks for.
///
/// # Errors
/// Why it is not sent.
pub(super) fn delete(
    event: &Received<'_>,
    settings: &SegmentToBraze,
    trace: &mut Trace,
) -> Result<BrazeCall, Rejected> {
    if !settings.deletes {
        return Err(Rejected::ignore("SB-281", "type", IgnoreReason::DeleteOff));
    }
    let ids = Ids::new(event, settings);
    let identity = ids
        .without_contact(trace)
        .ok_or_else(|| no_identity(&ids, trace))?;
    let array = match identity {
        Identity::ExternalId(_) => BrazeArray::ExternalIds,
        Identity::BrazeId(_) => BrazeArray::BrazeIds,
        Identity::UserAlias(_) => BrazeArray::UserAliases,
        // Several people may share an address or a number.
        Identity::Email(_) | Identity::Phone(_) => {
            return Err(Rejected::park("SB-280", "userId", ParkReason::NoIdentity));
        }
    };
    trace.record("SB-280", || {
        ("type".into(), format!("{}[0]: profile deleted", array.as_str()))
    });
    Ok(BrazeCall {
        endpoint: BrazeEndpoint::Delete(array),
        items: vec![BrazeItem {
            array,
            json: identity.json(),
            users: vec![identity.user_key()],
            operators: false,
            subscriber: None,
        }],
    })
}
