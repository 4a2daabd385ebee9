//! Delete calls (section 13).

use super::closed::Closed;
use super::identity::{Identity, Ids};
use super::nobody;
use super::received::Received;
use crate::Notes;
use event::calls::{BrazeArray, BrazeCall, BrazeEndpoint, BrazeItem};
use event::reasons::{IgnoreReason, ParkReason};
use event::settings::SegmentToBraze;

/// The call that a delete asks for.
///
/// # Errors
/// Why it is not sent.
pub fn delete(
    event: &Received<'_>,
    settings: &SegmentToBraze,
    notes: &mut Notes,
) -> Result<BrazeCall, Closed> {
    if !settings.deletes {
        return Err(Closed::ignored("SB-281", "type", IgnoreReason::DeleteOff));
    }
    let ids = Ids::new(event, settings);
    let identity = ids.without_contact(notes).ok_or_else(|| nobody(&ids, notes))?;
    let array = match identity {
        Identity::ExternalId(_) => BrazeArray::ExternalIds,
        Identity::BrazeId(_) => BrazeArray::BrazeIds,
        Identity::UserAlias(_) => BrazeArray::UserAliases,
        // Several people may share an address or a number.
        Identity::Email(_) | Identity::Phone(_) => {
            return Err(Closed::parked("SB-280", "userId", ParkReason::NoIdentity));
        }
    };
    notes.tell("SB-280", || {
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
