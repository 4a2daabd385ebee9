//! Settings of which the file names one of a few words.

use serde::{Deserialize, Serialize};

/// A setting of which the file names one of a few words.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant),* }
    };
}

choice! {
    /// Which time an event has at Braze.
    TimeSource {
        /// The event's own.
        #[default]
        Timestamp,
        /// That of its receipt by Segment.
        ReceivedAt,
    }
}

choice! {
    /// Which marks stop an event.
    LoopGuard {
        /// Those of Braze.
        #[default]
        Braze,
        /// Those of Switchyard too.
        Strict,
    }
}

choice! {
    /// What happens to users known by an anonymous id only.
    Anonymous {
        /// Their events are ignored.
        #[default]
        Ignore,
        /// They get an alias profile.
        Alias,
    }
}

choice! {
    /// How an anonymous user becomes a known one.
    AnonymousMerge {
        /// By `/users/identify`.
        #[default]
        Identify,
        /// By `/users/merge`.
        Merge,
    }
}

choice! {
    /// What of an address is sent.
    Address {
        /// City and country.
        #[default]
        Fields,
        /// These, and the whole as a custom attribute.
        FieldsAndObject,
    }
}

choice! {
    /// What an empty text in traits means.
    EmptyStrings {
        /// An empty text.
        #[default]
        Keep,
        /// The attribute is to be removed.
        Unset,
        /// Nothing.
        Drop,
    }
}

choice! {
    /// What happens to digits that are no E.164 number.
    InvalidPhone {
        /// They are sent as they are.
        #[default]
        Send,
        /// They are left out.
        Drop,
    }
}

choice! {
    /// How birthdays are read of which neither part must be the day, such as 03/04/1988.
    DobOrder {
        /// Not at all: they are left out.
        #[default]
        None,
        /// The day first.
        DayFirst,
        /// The month first.
        MonthFirst,
    }
}

choice! {
    /// Where the user's id stands in for a missing `cart_id`.
    CartIdFallback {
        /// In events of the cart.
        #[default]
        Cart,
        /// In checkouts and orders too.
        All,
    }
}

choice! {
    /// What order events become.
    Orders {
        /// Purchases.
        #[default]
        Purchases,
        /// Recommended ecommerce events.
        Ecommerce,
        /// Both: Braze then counts revenue twice.
        Both,
    }
}

choice! {
    /// Which properties a purchase has.
    PurchaseProperties {
        /// Those of the order and of the product.
        #[default]
        All,
        /// Those of the product.
        Product,
        /// None.
        None,
    }
}

choice! {
    /// What any other track with `revenue` becomes.
    RevenuePurchases {
        /// A custom event.
        #[default]
        Off,
        /// A purchase.
        Instead,
        /// Both.
        Also,
    }
}

choice! {
    /// Which page or screen calls are sent.
    Views {
        /// None.
        #[default]
        Off,
        /// Those with a name.
        Named,
        /// All.
        All,
    }
}

choice! {
    /// What group calls become.
    Group {
        /// A custom attribute.
        #[default]
        Attribute,
        /// A subscription state.
        Subscription,
        /// Nothing.
        Off,
    }
}

choice! {
    /// Which alias calls are sent.
    Alias {
        /// Those of an anonymous previous id.
        #[default]
        Anonymous,
        /// Those of two known profiles too.
        Merge,
        /// None.
        Off,
    }
}

choice! {
    /// What the previous id of an alias call is.
    AliasPreviousId {
        /// Anonymous if it is the event's anonymous id, else an external id.
        #[default]
        Auto,
        /// An external id.
        ExternalId,
        /// Anonymous.
        Anonymous,
    }
}
