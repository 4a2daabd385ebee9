//! Attributes that Braze defines (6.1): what of the traits they are filled with.

use super::super::event_context::EventContext;
use super::super::forms::{Form, Reading};
use super::super::value::{Rewrite, without_attribute};
use super::Traits;
use super::fields::{ADDRESS_TRAIT, Candidate, FIELDS, Field, FieldForm};
use crate::Trace;
use event::json::{Json, Kind, ObjectWriter};
use event::reasons::Warning;
use event::settings::{Address, EmptyStrings};

/// Writes the fields that the traits give.
pub(super) fn write(
    out: &mut ObjectWriter<'_>,
    traits: &Traits<'_, '_>,
    event_context: &EventContext<'_, '_>,
    identity_field: Option<&'static str>,
    trace: &mut Trace,
) {
    let source = Source {
        traits,
        event_context,
    };
    for field in &FIELDS {
        let Some(Filled { json, rule, from }) = source.filled(field, trace) else {
            continue;
        };
        let path = || source.path(from);
        if identity_field == Some(field.name) {
            trace.record("SB-071", || (path(), "left out: the identity comes first".into()));
        } else {
            traits.record(rule, path, field.name, trace);
            out.raw(field.name, &json);
        }
    }
    if trace.explains() {
        source.record_rest_of_address(trace);
    }
}

/// What a field is sent as, with the rule and the candidate that gave it.
struct Filled {
    json: String,
    rule: &'static str,
    from: Candidate,
}

struct Source<'s, 'e, 'a> {
    traits: &'s Traits<'e, 'a>,
    event_context: &'s EventContext<'e, 'a>,
}

impl<'a> Source<'_, '_, 'a> {
    /// The first candidate that is null or valid, else what an empty one asks for.
    fn filled(&self, field: &Field, trace: &mut Trace) -> Option<Filled> {
        let mut blank = None;
        for (number, from) in field.candidates.iter().copied().enumerate() {
            let Some(value) = self.at(from) else {
                continue;
            };
            let path = || self.path(from);
            let sent = |json: String, rule| Some(Filled { json, rule, from });
            let filled = if value.is_null() {
                if field.null_is_sent {
                    sent("null".into(), "SB-083")
                } else {
                    trace.warn("SB-083", Warning::NullIgnored, path);
                    None
                }
            } else {
                match self.reading(field, value, &path, trace) {
                    Reading::Sent(json) => sent(json, "SB-080"),
                    Reading::SentDespite(json, warning) => {
                        trace.warn(field.form.rule(), warning, path);
                        sent(json, "SB-080")
                    }
                    Reading::Silent => {
                        trace.record("SB-093", || (path(), "left out: says nothing".into()));
                        None
                    }
                    Reading::Blank => {
                        blank = blank.or(Some(number));
                        continue;
                    }
                    Reading::Invalid(warning) => {
                        trace.warn(field.form.rule(), warning, path);
                        continue;
                    }
                }
            };
            self.record_others(field, number, trace);
            return filled;
        }
        self.blank(field, blank?, trace)
    }

    fn reading(
        &self,
        field: &Field,
        value: Json<'_>,
        path: &dyn Fn() -> String,
        trace: &mut Trace,
    ) -> Reading {
        if let FieldForm::Of(form) = field.form {
            return form.read(value, self.event_context.settings);
        }
        match value.kind() {
            Kind::Object if without_attribute(value, path, trace) => Reading::Silent,
            Kind::Object => {
                let tidied = Rewrite {
                    cut_at: 0,
                    sanitize: true,
                };
                let mut json = String::with_capacity(value.raw().len());
                tidied.inside(&mut json, value, path, trace);
                Reading::Sent(json)
            }
            Kind::String if value.as_str().is_some_and(|text| text.trim().is_empty()) => Reading::Blank,
            _ => Reading::Invalid(Warning::InvalidValue),
        }
    }

    /// What a field is sent as when it is empty.
    fn blank(&self, field: &Field, number: usize, trace: &mut Trace) -> Option<Filled> {
        let from = *field.candidates.get(number)?;
        self.record_others(field, number, trace);
        let is_text = matches!(field.form, FieldForm::Of(Form::Name));
        let json = match self.event_context.settings.empty_strings {
            EmptyStrings::Keep if is_text => "\"\"",
            EmptyStrings::Unset if field.null_is_sent => "null",
            EmptyStrings::Keep | EmptyStrings::Unset | EmptyStrings::Drop => {
                trace.record("SB-091", || (self.path(from), "left out: empty".into()));
                return None;
            }
        };
        Some(Filled {
            json: json.into(),
            rule: "SB-091",
            from,
        })
    }

    fn at(&self, candidate: Candidate) -> Option<Json<'a>> {
        let settings = self.event_context.settings;
        let context = &self.event_context.event.context;
        let from_context = self.traits.is_identify && self.event_context.platform.is_some();
        match candidate {
            Candidate::Trait(name) => self.traits.members.get(name),
            Candidate::OfAddress(name) => {
                let address = self.traits.members.get(ADDRESS_TRAIT)?;
                match address.kind() {
                    Kind::Null => Some(address),
                    Kind::Object => address.as_object()?.get(name),
                    _ => None,
                }
            }
            Candidate::Locale(key) if from_context && settings.locale_from_context => context.present(key),
            Candidate::Location if from_context && settings.location_from_context => {
                context.present("location")
            }
            Candidate::OfLocation(key) if from_context && settings.location_from_context => {
                context.present("location")?.as_object()?.present(key)
            }
            Candidate::Locale(_) | Candidate::Location | Candidate::OfLocation(_) => None,
        }
    }

    fn path(&self, candidate: Candidate) -> String {
        match candidate {
            Candidate::Trait(name) => self.traits.below(name),
            Candidate::OfAddress(name) => format!("{}.{name}", self.traits.below(ADDRESS_TRAIT)),
            Candidate::Locale(key) => format!("context.{key}"),
            Candidate::Location => "context.location".into(),
            Candidate::OfLocation(key) => format!("context.location.{key}"),
        }
    }

    /// Records the candidates beside the one of this number.
    fn record_others(&self, field: &Field, number: usize, trace: &mut Trace) {
        if !trace.explains() {
            return;
        }
        for (at, candidate) in field.candidates.iter().enumerate() {
            if at != number && self.at(*candidate).is_some() {
                trace.record("SB-005", || {
                    let result = format!("left out: {} is read from elsewhere", field.name);
                    (self.path(*candidate), result)
                });
            }
        }
    }

    /// Records the parts of an address that no field is read from.
    fn record_rest_of_address(&self, trace: &mut Trace) {
        let address = self.traits.members.get(ADDRESS_TRAIT).and_then(Json::as_object);
        let Some(address) = address.filter(|_| self.event_context.settings.address == Address::Fields) else {
            return;
        };
        trace.record("SB-085", || {
            let result = "left out but for city and country: address = \"fields\"";
            (self.traits.below(ADDRESS_TRAIT), result.into())
        });
        let rest = address.iter().map(|(key, _)| key);
        for key in rest.filter(|key| !matches!(*key, "city" | "country")) {
            trace.record("SB-085", || {
                let path = format!("{}.{key}", self.traits.below(ADDRESS_TRAIT));
                (path, "left out: address = \"fields\"".into())
            });
        }
    }
}
