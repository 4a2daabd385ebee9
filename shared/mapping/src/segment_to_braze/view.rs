//! Page and screen calls (section 10).

use super::closed::Closed;
use super::names::{Member, Parent, members};
use super::number::text;
use super::properties::PROPERTIES;
use super::received::Received;
use event::json::Json;
use event::reasons::IgnoreReason;
use event::settings::{SegmentToBraze, Views};
use std::borrow::Cow;

/// What was viewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// A page of a web site.
    Page,
    /// A screen of an app.
    Screen,
}

/// What a view is called: its own name and its category.
pub struct Viewed<'a> {
    name: Option<Cow<'a, str>>,
    category: Option<Cow<'a, str>>,
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

    /// The templates for a view with a name and for one without, and the name when they give nothing.
    fn templates(self, settings: &SegmentToBraze) -> (&str, &str, &'static str) {
        match self {
            Self::Page => (
                &settings.page_event,
                &settings.page_event_unnamed,
                "Loaded a Page",
            ),
            Self::Screen => (
                &settings.screen_event,
                &settings.screen_event_unnamed,
                "Loaded a Screen",
            ),
        }
    }

    /// Decides on a view by its name.
    ///
    /// # Errors
    /// Why it is not sent.
    pub fn passed<'a>(self, event: &Received<'a>, settings: &SegmentToBraze) -> Result<Viewed<'a>, Closed> {
        let viewed = Viewed::of(event);
        match self.wanted(settings) {
            Views::Off => Err(Closed::ignored("SB-240", "type", self.off())),
            Views::Named if viewed.name.is_none() => Err(Closed::ignored("SB-240", "name", self.unnamed())),
            Views::Named | Views::All => Ok(viewed),
        }
    }

    /// The name of the custom event that the view becomes.
    pub fn event_name(self, viewed: &Viewed<'_>, settings: &SegmentToBraze) -> String {
        let (named, unnamed, fallback) = self.templates(settings);
        let template = if viewed.name.is_some() { named } else { unnamed };
        let name = viewed.filled(template);
        let name = name.trim();
        if name.is_empty() { fallback } else { name }.to_owned()
    }
}

impl<'a> Viewed<'a> {
    fn of(event: &Received<'a>) -> Self {
        let either = |key: &str| {
            let own = event.get(key).and_then(text);
            own.or_else(|| event.properties.get(key).and_then(text))
        };
        Self {
            name: either("name"),
            category: either("category"),
        }
    }

    /// The template with the names in their places: one pass, so that a name that looks like a place stays a name.
    fn filled(&self, template: &str) -> String {
        let name = self.name.as_deref().unwrap_or_default();
        let category = self.category.as_deref().unwrap_or_default();
        let full_name = match (&self.category, &self.name) {
            (Some(category), Some(name)) => format!("{category} {name}"),
            (Some(one), None) | (None, Some(one)) => one.to_string(),
            (None, None) => String::new(),
        };
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
pub fn view_properties<'m>(event: &'m Received<'_>, made: &'m [(&'static str, String)]) -> Vec<Member<'m>> {
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
pub fn own_names(event: &Received<'_>) -> Vec<(&'static str, String)> {
    let own = |key: &'static str| {
        let text = event.get(key).and_then(text)?;
        let mut json = String::with_capacity(text.len() + 2);
        event::json::write_string(&mut json, &text);
        Some((key, json))
    };
    ["name", "category"].into_iter().filter_map(own).collect()
}
