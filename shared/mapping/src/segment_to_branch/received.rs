//! One event as Segment sends it, opened as far as the rules look.

use super::user_data::Locale;
use super::value::{is_blank, number};
use crate::Trace;
use crate::forms::boolean;
use crate::forms::text::identity_text;
use crate::integrations::Integrations;
use event::json::{Json, Kind, Object};
use event::reasons::Warning;

/// An event; what is absent or of another type is empty.
#[derive(Default)]
pub(super) struct Received<'a> {
    /// `type`
    pub event_type: Option<Json<'a>>,
    /// `event`
    pub name: Option<Json<'a>>,
    pub message_id: Option<Json<'a>>,
    pub user_id: Option<Json<'a>>,
    pub anonymous_id: Option<Json<'a>>,
    pub timestamp: Option<Json<'a>>,
    pub original_timestamp: Option<Json<'a>>,
    pub properties: Object<'a>,
    integrations: Object<'a>,
    pub context: Context<'a>,
}

/// The parts of `context` that rules look at.
#[derive(Default)]
pub(super) struct Context<'a> {
    pub ip: Option<Json<'a>>,
    pub user_agent: Option<Json<'a>>,
    pub locale: Option<Json<'a>>,
    pub device: Object<'a>,
    pub os: Object<'a>,
    pub app: Object<'a>,
    pub screen: Object<'a>,
    pub page: Object<'a>,
    pub library: Object<'a>,
    pub integration: Object<'a>,
    integrations: Object<'a>,
    pub consent: Object<'a>,
    /// `dma_eea`, `dma_ad_personalization` and `dma_ad_user_data`
    pub dma: [Option<Json<'a>>; DMA.len()],
}

/// The flags of the Digital Markets Act.
pub(super) const DMA: [&str; 3] = ["dma_eea", "dma_ad_personalization", "dma_ad_user_data"];

/// What type a field has.
#[derive(Clone, Copy)]
enum Type {
    String,
    /// A string, or an integer.
    Id,
    /// A string or a number.
    Text,
    Number,
    Boolean,
    Locale,
    Object,
}

impl Type {
    /// Whether a value that is not blank can be read as this type.
    fn reads(self, value: Json<'_>) -> bool {
        match self {
            Self::String => value.kind() == Kind::String,
            Self::Id => identity_text(value).is_some(),
            Self::Text => matches!(value.kind(), Kind::String | Kind::Number),
            Self::Number => number(value).is_some(),
            Self::Boolean => boolean(value).is_some(),
            Self::Locale => value
                .as_str()
                .is_some_and(|locale| Locale::read(&locale).is_some()),
            Self::Object => value.kind() == Kind::Object,
        }
    }
}

/// The members of objects inside `context`.
const MEMBERS: [(&str, &str, Type); 17] = [
    ("device", "type", Type::String),
    ("device", "id", Type::Id),
    ("device", "advertisingId", Type::Id),
    ("device", "adTrackingEnabled", Type::Boolean),
    ("device", "manufacturer", Type::Text),
    ("device", "model", Type::Text),
    ("os", "name", Type::String),
    ("os", "version", Type::Text),
    ("app", "version", Type::Text),
    ("screen", "width", Type::Number),
    ("screen", "height", Type::Number),
    ("screen", "density", Type::Number),
    ("page", "url", Type::Text),
    ("page", "referrer", Type::Text),
    ("library", "name", Type::String),
    ("integration", "name", Type::String),
    ("consent", "categoryPreferences", Type::Object),
];

/// Warns of a value that has not its type (SR-012).
fn check(path: impl FnOnce() -> String, value: Json<'_>, of: Type, trace: &mut Trace) {
    if !is_blank(value) && !of.reads(value) {
        trace.warn("SR-012", Warning::FieldUnreadable, path);
    }
}

impl<'a> Received<'a> {
    /// Opens an event; `None` if it is no JSON object. Warns of values that no rule can read.
    pub(super) fn open(received: Json<'a>, trace: &mut Trace) -> Option<Self> {
        let mut event = Self::default();
        for (key, value) in received.as_object()? {
            let (place, of) = match key.as_ref() {
                // Without these two there is no event to warn of.
                "type" => {
                    event.event_type = Some(value);
                    continue;
                }
                "event" => {
                    event.name = Some(value);
                    continue;
                }
                "messageId" => (&mut event.message_id, Type::Id),
                "userId" => (&mut event.user_id, Type::Id),
                "anonymousId" => (&mut event.anonymous_id, Type::Id),
                "timestamp" => (&mut event.timestamp, Type::String),
                "originalTimestamp" => (&mut event.original_timestamp, Type::String),
                "properties" | "integrations" | "context" => {
                    check(|| key.to_string(), value, Type::Object, trace);
                    let object = object(value);
                    match key.as_ref() {
                        "properties" => event.properties = object,
                        "integrations" => event.integrations = object,
                        _ => event.context = Context::open(object, trace),
                    }
                    continue;
                }
                _ => continue,
            };
            check(|| key.to_string(), value, of, trace);
            *place = Some(value);
        }
        Some(event)
    }

    /// What it says of the destinations that it is for.
    pub(super) const fn integrations(&self) -> Integrations<'_, 'a> {
        Integrations {
            own: &self.integrations,
            of_context: &self.context.integrations,
        }
    }
}

impl<'a> Context<'a> {
    fn open(members: Object<'a>, trace: &mut Trace) -> Self {
        let mut context = Self::default();
        for (key, value) in members {
            if let Some(place) = DMA
                .iter()
                .position(|flag| *flag == key)
                .and_then(|at| context.dma.get_mut(at))
            {
                *place = Some(value);
                continue;
            }
            let text = match key.as_ref() {
                "ip" => Some((&mut context.ip, Type::String)),
                "userAgent" => Some((&mut context.user_agent, Type::String)),
                "locale" => Some((&mut context.locale, Type::Locale)),
                _ => None,
            };
            if let Some((place, of)) = text {
                check(|| format!("context.{key}"), value, of, trace);
                *place = Some(value);
                continue;
            }
            let place = match key.as_ref() {
                "device" => &mut context.device,
                "os" => &mut context.os,
                "app" => &mut context.app,
                "screen" => &mut context.screen,
                "page" => &mut context.page,
                "library" => &mut context.library,
                "integration" => &mut context.integration,
                "integrations" => &mut context.integrations,
                "consent" => &mut context.consent,
                _ => continue,
            };
            check(|| format!("context.{key}"), value, Type::Object, trace);
            *place = object(value);
            for (_, member, of) in MEMBERS.iter().filter(|(object, ..)| *object == key) {
                if let Some(value) = place.get(member) {
                    check(|| format!("context.{key}.{member}"), value, *of, trace);
                }
            }
        }
        context
    }
}

fn object(value: Json<'_>) -> Object<'_> {
    value.as_object().unwrap_or_default()
}
