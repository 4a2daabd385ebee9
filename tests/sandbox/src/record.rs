//! What the sandbox has seen.

use crate::faults::Fault;

/// Who is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Vendor {
    /// The Braze REST API.
    Braze,
    /// The Branch v2 event API.
    Branch,
    /// The Segment HTTP Tracking API.
    Segment,
}

impl Vendor {
    /// The name, as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Braze => "Braze",
            Self::Branch => "Branch",
            Self::Segment => "Segment",
        }
    }

    /// The vendor that has this path. Braze refuses unknown paths: it has the most.
    pub(crate) fn of(path: &str) -> Self {
        if path.starts_with("/v2/event/") {
            Self::Branch
        } else if path.starts_with("/v1/") {
            Self::Segment
        } else {
            Self::Braze
        }
    }
}

/// One request, with what came of it. Keys are left out.
#[derive(Clone, Debug)]
pub struct Received {
    /// Whose path it was for.
    pub vendor: Vendor,
    /// Such as `POST`.
    pub method: String,
    /// The path, without a query.
    pub path: String,
    /// The headers with names in lower case, without `authorization`.
    pub headers: Vec<(String, String)>,
    /// The body; Branch's key in it is written `<branch_key>`.
    pub body: String,
    /// The status answered; `None` if the connection ended without an answer.
    pub status: Option<u16>,
    /// The body answered.
    pub answer: String,
    /// The fault that was played.
    pub fault: Option<Fault>,
}

impl Received {
    /// A header's value, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Method and path, such as `POST /users/track`.
    pub fn endpoint(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// What the vendor does with an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemResult {
    /// It is taken.
    Accepted,
    /// It is taken already: Segment knows its `messageId`, and does not count it again.
    Repeated,
    /// It is answered as if it were taken, and then dropped.
    Discarded {
        /// Why.
        reason: String,
    },
    /// Named in the answer, or with the whole request.
    Refused {
        /// The vendor's message.
        reason: String,
    },
}

/// What a vendor counts: an object of an array; at Branch, and where a request is refused as a whole, the whole body.
#[derive(Clone, Debug)]
pub struct Item {
    /// Who got it.
    pub vendor: Vendor,
    /// The position of its request in [`State::requests`].
    pub request: usize,
    /// Method and path, such as `POST /users/track`.
    pub endpoint: String,
    /// The array's key, such as `purchases`; empty for the whole body.
    pub array: String,
    /// The position in that array.
    pub index: usize,
    /// Its JSON text, as it was sent.
    pub json: String,
    /// What became of it.
    pub result: ItemResult,
    /// What the vendor silently leaves out of it, such as a country that it does not know.
    pub losses: Vec<String>,
}

/// Everything seen so far, in the order in which it came.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// In the order of their answers.
    pub requests: Vec<Received>,
    /// The items of all requests that were judged (none where a fault came in between).
    pub items: Vec<Item>,
}

impl State {
    /// The items that a vendor has taken, each once.
    pub fn accepted(&self, vendor: Vendor) -> impl Iterator<Item = &Item> {
        self.items
            .iter()
            .filter(move |item| item.vendor == vendor && item.result == ItemResult::Accepted)
    }

    /// The items that were answered as if they were taken, and then dropped.
    pub fn discarded(&self) -> impl Iterator<Item = &Item> {
        let lost = |item: &&Item| matches!(item.result, ItemResult::Discarded { .. });
        self.items.iter().filter(lost)
    }

    /// The items that were refused for what they are, by no script.
    pub fn refused(&self) -> impl Iterator<Item = &Item> {
        let refused = |item: &&Item| matches!(item.result, ItemResult::Refused { .. });
        self.items.iter().filter(refused)
    }

    /// The items that were taken without some part of them.
    pub fn impaired(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| !item.losses.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::Vendor;

    #[test]
    fn paths_do_not_collide() {
        for (path, vendor) in [
            ("/users/track", Vendor::Braze),
            ("/v2/subscription/status/set", Vendor::Braze),
            ("/catalogs/products/items", Vendor::Braze),
            ("/v2/event/standard", Vendor::Branch),
            ("/v2/event/custom", Vendor::Branch),
            ("/v1/batch", Vendor::Segment),
        ] {
            assert_eq!(Vendor::of(path), vendor, "{path}");
        }
    }
}
