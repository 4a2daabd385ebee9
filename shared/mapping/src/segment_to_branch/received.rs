//! One event as Segment sends it, opened as far as the rules look.

use super::value::is_blank;
use event::json::{Json, Object};
use std::borrow::Cow;

/// An event; what is absent or of another type is empty.
#[derive(Default)]
pub struct Received<'a> {
    /// `type`
    pub event_type: Option<Json<'a>>,
    /// `event`
    pub name: Option<Json<'a>>,
    /// `messageId`
    pub message_id: Option<Json<'a>>,
    /// `userId`
    pub user_id: Option<Json<'a>>,
    /// `anonymousId`
    pub anonymous_id: Option<Json<'a>>,
    /// `timestamp`
    pub timestamp: Option<Json<'a>>,
    /// `originalTimestamp`
    pub original_timestamp: Option<Json<'a>>,
    /// `properties`
    pub properties: Object<'a>,
    /// `context`
    pub context: Context<'a>,
}

/// The parts of `context` that rules look at.
#[derive(Default)]
pub struct Context<'a> {
    /// `ip`
    pub ip: Option<Json<'a>>,
    /// `userAgent`
    pub user_agent: Option<Json<'a>>,
    /// `locale`
    pub locale: Option<Json<'a>>,
    /// `device`
    pub device: Object<'a>,
    /// `os`
    pub os: Object<'a>,
    /// `app`
    pub app: Object<'a>,
    /// `screen`
    pub screen: Object<'a>,
    /// `page`
    pub page: Object<'a>,
    /// `library`
    pub library: Object<'a>,
    /// `integration`
    pub integration: Object<'a>,
}

impl<'a> Received<'a> {
    /// Opens the text of an event; `None` if it is no JSON object.
    pub fn open(received: Json<'a>) -> Option<Self> {
        let mut event = Self::default();
        for (key, value) in received.as_object()? {
            let place = match key.as_ref() {
                "type" => &mut event.event_type,
                "event" => &mut event.name,
                "messageId" => &mut event.message_id,
                "userId" => &mut event.user_id,
                "anonymousId" => &mut event.anonymous_id,
                "timestamp" => &mut event.timestamp,
                "originalTimestamp" => &mut event.original_timestamp,
                "properties" => {
                    event.properties = object(value);
                    continue;
                }
                "context" => {
                    event.context = Context::open(object(value));
                    continue;
                }
                _ => continue,
            };
            *place = Some(value);
        }
        Some(event)
    }
}

impl<'a> Context<'a> {
    fn open(members: Object<'a>) -> Self {
        let mut context = Self::default();
        for (key, value) in members {
            let place = match key.as_ref() {
                "ip" => {
                    context.ip = Some(value);
                    continue;
                }
                "userAgent" => {
                    context.user_agent = Some(value);
                    continue;
                }
                "locale" => {
                    context.locale = Some(value);
                    continue;
                }
                "device" => &mut context.device,
                "os" => &mut context.os,
                "app" => &mut context.app,
                "screen" => &mut context.screen,
                "page" => &mut context.page,
                "library" => &mut context.library,
                "integration" => &mut context.integration,
                _ => continue,
            };
            *place = object(value);
        }
        context
    }
}

fn object(value: Json<'_>) -> Object<'_> {
    value.as_object().unwrap_or_default()
}

/// The properties of an event, while the rules take from them what they write elsewhere.
pub struct Properties<'a> {
    members: Vec<Option<(Cow<'a, str>, Json<'a>)>>,
}

impl<'a> Properties<'a> {
    /// Those that are not blank.
    pub fn new(members: Object<'a>) -> Self {
        let members = members
            .into_iter()
            .filter(|(_, value)| !is_blank(*value))
            .map(Some)
            .collect();
        Self { members }
    }

    /// The property of this key, unless it was taken.
    pub fn get(&self, key: &str) -> Option<Json<'a>> {
        self.iter().find(|(own, _)| *own == key).map(|(_, value)| value)
    }

    /// Takes the property of this key out.
    pub fn take(&mut self, key: &str) {
        let is_this =
            |member: &Option<(Cow<'a, str>, Json<'a>)>| member.as_ref().is_some_and(|(own, _)| own == key);
        if let Some(member) = self.members.iter_mut().find(|member| is_this(member)) {
            *member = None;
        }
    }

    /// Those that were not taken, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Json<'a>)> {
        self.members
            .iter()
            .flatten()
            .map(|(key, value)| (key.as_ref(), *value))
    }
}
