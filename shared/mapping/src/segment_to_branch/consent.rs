//! What the user consents to, for the Digital Markets Act (SR-189 to SR-194).

use super::properties::Properties;
use super::received::{Context, DMA};
use super::value::is_blank;
use crate::Trace;
use crate::forms::boolean;
use event::json::{Json, ObjectWriter};
use event::reasons::Warning;
use event::settings::{Consent, DmaEea};

/// The words of Google's consent mode.
const GRANTED: &str = "granted";
const DENIED: &str = "denied";

/// Writes the flags, and takes out the properties that they use.
pub(super) fn write(
    out: &mut ObjectWriter<'_>,
    context: &Context<'_>,
    settings: &Consent,
    properties: &mut Properties<'_>,
    trace: &mut Trace,
) {
    let categories = [
        &[][..],
        &settings.dma_ad_personalization,
        &settings.dma_ad_user_data,
    ];
    let mut flags = [None; DMA.len()];
    for ((place, key), (names, given)) in flags
        .iter_mut()
        .zip(DMA)
        .zip(categories.into_iter().zip(context.dma))
    {
        let of_categories = of_categories(names, context, trace);
        let stated = stated(key, given, context, properties, trace);
        let denied = of_categories.filter(|given| !given).map(|flag| ("SR-191", flag));
        let is_eea = key == "dma_eea" && settings.dma_eea == DmaEea::Always;
        let found = denied
            .or(stated.map(|(_, flag)| ("SR-189", flag)))
            .or(of_categories.map(|flag| ("SR-191", flag)))
            .or(is_eea.then_some(("SR-192", true)));
        if let Some((rule, flag)) = found {
            let path = || match (rule, stated) {
                ("SR-189", Some((place, _))) => format!("{place}.{key}"),
                ("SR-192", _) => "settings.segment_to_branch.consent.dma_eea".into(),
                _ => "context.consent.categoryPreferences".into(),
            };
            trace.record(rule, || (path(), format!("user_data.{key}")));
            if let (Some(("properties", _)), "SR-191") = (stated, rule) {
                trace.record(rule, || {
                    (
                        format!("properties.{key}"),
                        "left out: a consent category is refused".into(),
                    )
                });
            }
            out.bool(key, flag);
            *place = Some(flag);
        }
    }
    let [is_eea, personalization, user_data] = flags;
    let is_whole = personalization.is_some() && user_data.is_some();
    let is_any = personalization.is_some() || user_data.is_some();
    if (is_eea == Some(true) && !is_whole) || (is_eea.is_none() && is_any) {
        trace.warn("SR-194", Warning::ConsentIncomplete, || {
            "user_data.dma_eea".into()
        });
    }
}

/// What the event states of a flag itself, and where. A property that says it is taken out.
fn stated(
    key: &str,
    of_context: Option<Json<'_>>,
    context: &Context<'_>,
    properties: &mut Properties<'_>,
    trace: &mut Trace,
) -> Option<(&'static str, bool)> {
    let mut read = |place: &'static str, value: Option<Json<'_>>| {
        let value = value.filter(|value| !is_blank(*value))?;
        let flag = flag(value);
        if flag.is_none() {
            trace.warn("SR-189", Warning::InvalidConsent, || format!("{place}.{key}"));
        }
        Some((place, flag?))
    };
    let of_property = read("properties", properties.get(key));
    if of_property.is_some() {
        properties.take(key);
    }
    let of_context = read("context", of_context);
    let of_consent = read("context.consent", context.consent.get(key));
    of_property.or(of_context).or(of_consent)
}

/// What the consent categories of Segment say of a flag: false if one of them is refused, true if all are given.
fn of_categories(names: &[String], context: &Context<'_>, trace: &mut Trace) -> Option<bool> {
    if names.is_empty() {
        return None;
    }
    let given = context.consent.get("categoryPreferences")?.as_object()?;
    let mut are_all_given = true;
    for name in names {
        let value = given.get(name).filter(|value| !is_blank(*value));
        match value.map(boolean) {
            Some(Some(false)) => return Some(false),
            Some(Some(true)) => {}
            Some(None) => {
                are_all_given = false;
                trace.warn("SR-191", Warning::InvalidConsent, || {
                    format!("context.consent.categoryPreferences.{name}")
                });
            }
            None => are_all_given = false,
        }
    }
    are_all_given.then_some(true)
}

/// A boolean, or the word for it.
fn flag(value: Json<'_>) -> Option<bool> {
    boolean(value).or_else(|| {
        let text = value.as_str()?;
        let text = text.trim();
        if text.eq_ignore_ascii_case(GRANTED) {
            Some(true)
        } else {
            text.eq_ignore_ascii_case(DENIED).then_some(false)
        }
    })
}
