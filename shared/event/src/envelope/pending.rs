//! What lies in the fallback bucket until a queue can take it: one request of Branch.

use super::{KeyAge, OpenError, VERSION};
use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// A request that waits in the fallback bucket, version 1.
///
/// It holds a payload, so it cannot be printed:
/// ```compile_fail,E0277
/// fn print(pending: event::envelope::Pending) -> String {
///     format!("{pending:?}")
/// }
/// ```
#[derive(Serialize, Deserialize)]
pub struct Pending {
    v: u64,
    /// The id of the HTTP request.
    pub request_id: String,
    /// When it came.
    pub first_received_at: Timestamp,
    /// Its `Content-Encoding`, such as `gzip`.
    pub content_encoding: Option<String>,
    /// Its body as received, in base64.
    pub body_base64: String,
    /// What is known of its sender.
    pub auth: PendingAuth,
}

/// What is known of the sender of a pending request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum PendingAuth {
    /// A token proved it.
    Verified {
        /// By which entry.
        key: KeyAge,
    },
    /// There was no secret to compare with.
    Deferred {
        /// SHA-256 of each token that it presents, as 64 hexadecimal digits.
        digests: Vec<String>,
    },
}

impl Pending {
    /// A pending request of this version.
    pub const fn new(
        request_id: String,
        first_received_at: Timestamp,
        content_encoding: Option<String>,
        body_base64: String,
        auth: PendingAuth,
    ) -> Self {
        Self {
            v: VERSION,
            request_id,
            first_received_at,
            content_encoding,
            body_base64,
            auth,
        }
    }

    /// Reads an object.
    ///
    /// # Errors
    /// [`OpenError`] if it is no pending request, or one of a newer version.
    pub fn open(object: &[u8]) -> Result<Self, OpenError> {
        #[derive(Deserialize)]
        struct Version {
            v: u64,
        }
        match serde_json::from_slice(object) {
            Ok(Version { v: VERSION }) => {}
            Ok(Version { v }) if v > VERSION => return Err(OpenError::Newer),
            _ => return Err(OpenError::Unreadable),
        }
        serde_json::from_slice(object).map_err(|_| OpenError::Unreadable)
    }

    /// The bytes of the object.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Every member serialises.
        serde_json::to_vec(self).unwrap_or_default()
    }
}
