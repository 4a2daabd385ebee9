//! One event as Segment sends it, opened as far as the rules look.

use crate::integrations::Integrations;
use crate::{Trace, own_rules};
use event::Timestamp;
use event::json::{Json, Object};
use event::reasons::Warning;
use event::settings::{Compat, Condition};
use std::borrow::Cow;

/// The names of Segment's Braze destinations, in the order in which their settings count.
pub(super) const INTEGRATIONS: [&str; 3] = ["Braze Cloud Mode (Actions)", "Braze", "Appboy"];

/// What a RudderStack customer's events may call it too.
const RUDDERSTACK_NAMES: [&str; 2] = ["BRAZE", "braze"];

/// An event; `null` is as good as absent.
#[derive(Default)]
pub(super) struct Received<'a> {
    members: Object<'a>,
    /// `properties`, those of a track, page or screen.
    pub properties: Object<'a>,
    /// `traits`, if present.
    pub traits: Option<Object<'a>>,
    pub context: Object<'a>,
    /// `context.traits`, if present.
    pub context_traits: Option<Object<'a>>,
    integrations: Object<'a>,
    context_integrations: Object<'a>,
    /// When Switchyard received it, where that is known.
    pub received_at: Option<Timestamp>,
}

/// Where the objects stand that are looked through for ids. Their paths are written only when somebody asks for them.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// An object at this path.
    Object(&'static str),
    /// The settings of an integration of this name, in `integrations` of the event or of its context.
    Integration(&'static str, &'static str),
}

impl Place {
    /// The path of one of its keys.
    pub(super) fn below(self, key: &str) -> String {
        match self {
            Self::Object(path) => format!("{path}.{key}"),
            Self::Integration(all, name) => format!("{all}.{name}.{key}"),
        }
    }
}

/// What an event says to one of Segment's Braze destinations.
pub(super) struct Integration<'a> {
    /// Where that stands.
    pub place: Place,
    /// What it says.
    pub settings: Object<'a>,
}

impl<'a> Received<'a> {
    /// Opens the text of an event; `None` if it is no JSON object.
    pub(super) fn open(event: Json<'a>, trace: &mut Trace) -> Option<Self> {
        let members = event.as_object()?;
        let mut read = |of: &Object<'a>, key: &str, path: &'static str| {
            let value = of.present(key)?;
            let object = value.as_object();
            if object.is_none() {
                trace.warn("SB-013", Warning::NotAnObject, || path.to_owned());
            }
            Some(object.unwrap_or_default())
        };
        let traits = read(&members, "traits", "traits");
        let properties = read(&members, "properties", "properties").unwrap_or_default();
        let context = read(&members, "context", "context").unwrap_or_default();
        let context_traits = read(&context, "traits", "context.traits");
        let integrations = read(&members, "integrations", "integrations").unwrap_or_default();
        let context_integrations = read(&context, "integrations", "context.integrations").unwrap_or_default();
        Some(Self {
            integrations,
            context_integrations,
            members,
            properties,
            traits,
            context,
            context_traits,
            received_at: None,
        })
    }

    /// The value of one of the event's own keys.
    pub(super) fn get(&self, key: &str) -> Option<Json<'a>> {
        self.members.present(key)
    }

    /// Whether a condition of the user holds for it.
    pub(super) fn meets(&self, when: &Condition) -> bool {
        own_rules::holds(when, &self.members)
    }

    /// An object of `context`; absent and other values are empty.
    pub(super) fn of_context(&self, key: &str) -> Object<'a> {
        self.context
            .get(key)
            .and_then(Json::as_object)
            .unwrap_or_default()
    }

    /// `traits`, `context.traits` and `properties`, with their paths, where present.
    pub(super) fn profiles(&self) -> impl Iterator<Item = (&'static str, &Object<'a>)> {
        let traits = self.traits.iter().map(|traits| ("traits", traits));
        let of_context = self
            .context_traits
            .iter()
            .map(|traits| ("context.traits", traits));
        traits
            .chain(of_context)
            .chain(std::iter::once(("properties", &self.properties)))
    }

    /// What it says of the destinations that it is for.
    pub(super) const fn integrations(&self) -> Integrations<'_, 'a> {
        Integrations {
            own: &self.integrations,
            of_context: &self.context_integrations,
        }
    }

    /// The settings of Segment's Braze destinations, the event's own before those of its context, with their places.
    pub(super) fn integration_settings(&self, compat: Compat) -> impl Iterator<Item = Integration<'a>> {
        let more: &[&'static str] = match compat {
            Compat::Rudderstack => &RUDDERSTACK_NAMES,
            _ => &[],
        };
        [
            ("integrations", &self.integrations),
            ("context.integrations", &self.context_integrations),
        ]
        .into_iter()
        .flat_map(move |(path, all)| {
            INTEGRATIONS.iter().chain(more).filter_map(move |&name| {
                let settings = all.get(name)?.as_object()?;
                Some(Integration {
                    place: Place::Integration(path, name),
                    settings,
                })
            })
        })
    }

    /// The event's name as it was received, if it is text.
    pub(super) fn name(&self) -> Option<Cow<'a, str>> {
        crate::forms::text::text(self.get("event")?)
    }
}
