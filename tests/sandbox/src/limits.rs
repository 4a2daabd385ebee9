//! The vendors' numbers, from their public documentation.

/// What is read of any request; more is answered like a request that is too large.
pub(crate) const READ_BYTES: usize = 8 * 1024 * 1024;

/// Braze: objects of one `/users/track` request, three arrays together. Some contracts have 50.
pub(crate) const BRAZE_TRACK_OBJECTS: usize = 75;
/// Braze: entries of any other request.
pub(crate) const BRAZE_ENTRIES: usize = 50;
/// Braze: one request.
pub(crate) const BRAZE_BODY_BYTES: usize = 4_000_000;
pub(crate) const BRAZE_ITEM_BYTES: usize = 102_400;
/// Braze: the properties of a purchase, or of a campaign's or canvas's recipient.
pub(crate) const BRAZE_PROPERTIES_BYTES: usize = 51_200;
/// Braze: keys of a custom event's or purchase's properties.
pub(crate) const BRAZE_PROPERTIES: usize = 256;
/// Braze: characters of names and ids.
pub(crate) const BRAZE_NAME: usize = 255;
/// Braze: characters of a catalog's name and of an item's id.
pub(crate) const BRAZE_CATALOG_ID: usize = 250;
/// Braze: units of one purchase object.
pub(crate) const BRAZE_QUANTITY: u64 = 100;

pub(crate) const SEGMENT_EVENT_BYTES: usize = 32 * 1024;
/// Segment: one request.
pub(crate) const SEGMENT_BATCH_BYTES: usize = 500 * 1000;
/// Segment: events of one request.
pub(crate) const SEGMENT_BATCH_EVENTS: usize = 2500;
/// Segment: characters of a `messageId`.
pub(crate) const SEGMENT_MESSAGE_ID: usize = 99;
/// Segment: keys of `properties`.
pub(crate) const SEGMENT_PROPERTIES: usize = 10_000;
