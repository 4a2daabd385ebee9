//! Braze's numbers. Sources: Braze docs "API limits", "User track", "Catalogs", "Migrate users"; `segment-to-braze.md`.

use event::calls::BrazeEndpoint;

/// Items of a request to any endpoint but `/users/track` (SB-512, "Packing").
pub const ITEMS: usize = 50;
/// Objects of a `/users/track` request of an account with the older limit (SB-545).
pub const OBJECTS_OF_OLD_ACCOUNTS: usize = 50;
/// What Braze says when a request holds more objects than the account allows (SB-545).
pub const TOO_MANY_OBJECTS: &str = "Max Input Length Exceeded";
/// Bytes of a response that are read (SB-505).
pub const MAX_RESPONSE_BYTES: usize = 256 * 1024;
/// Characters of Braze's words that a parked event carries (SB-539).
pub const DETAIL_CHARACTERS: usize = 500;
/// From here on `X-RateLimit-Reset` is in milliseconds (SB-555).
pub const RESET_IS_MILLIS_FROM: f64 = 100_000_000_000.0;

/// The endpoints that share a rate limit, and so a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PauseGroup {
    /// Aliases, identification, merges and deletes.
    Identity,
    /// Attributes, events and purchases.
    Track,
    /// `/v2/subscription/status/set`.
    Subscription,
    /// Campaigns and canvases.
    Messaging,
    /// Catalog items.
    Catalogs,
}

/// The pause group of an endpoint.
pub const fn pause_group(endpoint: &BrazeEndpoint) -> PauseGroup {
    match endpoint {
        BrazeEndpoint::AliasNew
        | BrazeEndpoint::Identify { .. }
        | BrazeEndpoint::Merge
        | BrazeEndpoint::Delete(_) => PauseGroup::Identity,
        BrazeEndpoint::Track => PauseGroup::Track,
        BrazeEndpoint::SubscriptionStatus(_) => PauseGroup::Subscription,
        BrazeEndpoint::CampaignTrigger { .. } | BrazeEndpoint::CanvasTrigger { .. } => PauseGroup::Messaging,
        BrazeEndpoint::CatalogUpsert { .. }
        | BrazeEndpoint::CatalogUpdate { .. }
        | BrazeEndpoint::CatalogDelete { .. } => PauseGroup::Catalogs,
    }
}

/// The rank of an endpoint: in a wave, lower ones are sent first (SB-300).
pub const fn rank(endpoint: &BrazeEndpoint) -> u8 {
    match endpoint {
        BrazeEndpoint::AliasNew => 1,
        BrazeEndpoint::Identify { .. } => 2,
        BrazeEndpoint::Merge => 3,
        BrazeEndpoint::Track => 4,
        BrazeEndpoint::SubscriptionStatus(_) => 5,
        BrazeEndpoint::CampaignTrigger { .. } => 6,
        BrazeEndpoint::CanvasTrigger { .. } => 7,
        BrazeEndpoint::CatalogUpsert { .. }
        | BrazeEndpoint::CatalogUpdate { .. }
        | BrazeEndpoint::CatalogDelete { .. } => 8,
        BrazeEndpoint::Delete(_) => 9,
    }
}

/// Whether an endpoint changes who a user is: ranks 1 to 3.
pub const fn is_identity(endpoint: &BrazeEndpoint) -> bool {
    rank(endpoint) <= 3
}

/// Whether a request may name an item once only: recipients and catalog items.
pub const fn names_once(endpoint: &BrazeEndpoint) -> bool {
    matches!(rank(endpoint), 6..=8)
}
