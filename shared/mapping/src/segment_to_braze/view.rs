//! Page and screen calls (section 10).

use super::members::{Member, Parent, members};
use super::name::event_name;
use super::properties::PROPERTIES;
use super::received::Received;
use crate::Trace;
use crate::forms::text::{is_blank, text};
use crate::rejected::Rejected;
use event::json::Json;
use event::reasons::{IgnoreReason, Warning};
use event::settings::{SegmentToBraze, Views};
use std::borrow::Cow;

/// The keys of a view's own names.
const OWN_NAMES: [&str; 2] = ["name", "category"];

/// What was viewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// A page of a web site.
    Page,
    /// A screen of an app.
    Screen,
}

/// What a view is called: its own name and its category.
pub(super) struct Viewed<'a> {
    name: Option<Named<'a>>,
    category: Option<Named<'a>>,
}

/// A text and where it stands.
struct Named<'a> {
    text: Cow<'a, str>,
    path: &'static str,
}

/// What names a view: a template, the setting that holds it, and the name if it gives nothing.
struct Naming<'s> {
    setting: &'static str,
    template: &'s str,
    fallback: &'static str,
}

impl View {
    const fn wanted(self, settings: &SegmentToBraze) -> Views {
        match self {
            Self::Page => settings.pages,
            Self::Screen => settings.screens,
        }
    }

    const fn off(self) -> IgnoreReason {
        match self {
            Self::Page => IgnoreReason::PageOff,
            Self::Screen => IgnoreReason::ScreenOff,
        }
    }

    const fn unnamed(self) -> IgnoreReason {
        match self {
            Self::Page => IgnoreReason::PageUnnamed,
            Self::Screen => IgnoreReason::ScreenUnnamed,
        }
    }

    const fn naming(self, is_named: bool, settings: &SegmentToBraze) -> Naming<'_> {
        let (setting, template) = match (self, is_named) {
            (Self::Page, true) => ("settings.segment_to_braze.page_event", &settings.page_event),
            (Self::Page, false) => (
                "settings.segment_to_braze.page_event_unnamed",
                &settings.page_event_unnamed,
            ),
            (Self::Screen, true) => ("settings.segment_to_braze.screen_event", &settings.screen_event),
            (Self::Screen, false) => (
                "settings.segment_to_braze.screen_event_unnamed",
                &settings.screen_event_unnamed,
            ),
        };
        let fallback = match self {
            Self::Page => "Loaded a Page",
            Self::Screen => "Loaded a Screen",
        };
        Naming {
            setting,
            template: template.as_str(),
            fallback,
        }
    }

    /// Decides on a view by its name.
    ///
    /// # Errors
    /// Why it is not sent.
    pub(super) fn filter<'a>(
        self,
        event: &Received<'a>,
        settings: &SegmentToBraze,
    ) -> Result<Viewed<'a>, Rejected> {
        let viewed = Viewed::of(event);
        match self.wanted(settings) {
            Views::Off => Err(Rejected::ignore("SB-240", "type", self.off())),
            Views::Named if viewed.name.is_none() => Err(Rejected::ignore("SB-240", "name", self.unnamed())),
            Views::Named | Views::All => Ok(viewed),
        }
    }

    /// The name of the custom event that the view becomes.
    ///
    /// # Errors
    /// Nothing of the name is left.
    pub(super) fn event_name(
        self,
        event: &Received<'_>,
        viewed: &Viewed<'_>,
        settings: &SegmentToBraze,
        trace: &mut Trace,
    ) -> Result<String, Rejected> {
        for (key, given) in OWN_NAMES.iter().filter_map(|key| Some((key, event.get(key)?))) {
            if text(given).is_none() && !is_blank(given) {
                trace.warn("SB-243", Warning::InvalidValue, || (*key).to_owned());
            }
        }
        let naming = self.naming(viewed.name.is_some(), settings);
        let filled = viewed.filled(naming.template);
        let (given, is_filled) = match filled.trim() {
            "" => (naming.fallback, false),
            name => (name, true),
        };
        let path = viewed.name.as_ref().map_or(naming.setting, |name| name.path);
        let name = event_name(given, path, trace)?;
        trace.record("SB-242", || {
            (naming.setting.into(), format!("events[0].name = {name}"))
        });
        for (place, named) in [("{name}", &viewed.name), ("{category}", &viewed.category)] {
            let is_placed = [place, "{full_name}"]
                .iter()
                .any(|place| naming.template.contains(place));
            if let (true, Some(named)) = (is_filled && is_placed, named) {
                trace.record("SB-241", || (named.path.into(), "events[0].name".into()));
            }
        }
        Ok(name)
    }
}

impl<'a> Viewed<'a> {
    fn of(event: &Received<'a>) -> Self {
        let either = |key: &str, path: &'static str, below: &'static str| {
            let named = |json, path| {
                Some(Named {
                    text: text(json)?,
                    path,
                })
            };
            let own = event.get(key).and_then(|json| named(json, path));
            own.or_else(|| named(event.properties.get(key)?, below))
        };
        Self {
            name: either("name", "name", "properties.name"),
            category: either("category", "category", "properties.category"),
        }
    }

    /// The template with the names in their places: one pass, so that a name that looks like a place stays a name.
    fn filled(&self, template: &str) -> String {
        let text = |named: &'_ Option<Named<'a>>| named.as_ref().map(|named| named.text.to_string());
        let given = [text(&self.category), text(&self.name)];
        let full_name = given
            .iter()
            .flatten()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" ");
        let [category, name] = given.each_ref().map(|text| text.as_deref().unwrap_or_default());
        let places = [
            ("{full_name}", full_name.as_str()),
            ("{category}", category),
            ("{name}", name),
        ];
        let mut filled = String::with_capacity(template.len() + full_name.len());
        let mut rest = template;
        while let Some(letter) = rest.chars().next() {
            let place = places
                .iter()
                .find_map(|(place, text)| Some((rest.strip_prefix(place)?, text)));
            match place {
                Some((after, text)) => {
                    filled.push_str(text);
                    rest = after;
                }
                None => {
                    filled.push(letter);
                    rest = rest.get(letter.len_utf8()..).unwrap_or_default();
                }
            }
        }
        filled
    }
}

/// The properties of a view: the event's, with its own name and category where they lack them. `made` holds the texts of
/// these two.
pub(super) fn view_properties<'m>(
    event: &'m Received<'_>,
    made: &'m [(&'static str, String)],
) -> Vec<Member<'m>> {
    let mut properties: Vec<Member<'m>> = members(&event.properties, PROPERTIES).collect();
    for (key, json) in made {
        if event.properties.present(key).is_some() {
            continue;
        }
        let Ok(value) = Json::parse(json) else { continue };
        properties.retain(|member| member.key != *key);
        properties.push(Member {
            key,
            name: key,
            value,
            parent: Parent::Event,
        });
    }
    properties
}

/// The event's own name and category as JSON strings.
pub(super) fn own_names(event: &Received<'_>) -> Vec<(&'static str, String)> {
    let own = |key: &'static str| {
        let text = event.get(key).and_then(text)?;
        let mut json = String::with_capacity(text.len() + 2);
        event::json::write_string(&mut json, &text);
        Some((key, json))
    };
    OWN_NAMES.into_iter().filter_map(own).collect()
}
