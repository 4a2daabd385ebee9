//! The settings of a local run: the template's own, with the destinations' addresses put in.

use event::Destination;
use event::settings::Settings;
use std::collections::BTreeMap;
use toml_edit::{DocumentMut, Item, TableLike, table, value};

use super::Error;

/// Where the functions deliver to, such as `http://127.0.0.1:4000`.
pub type Destinations = BTreeMap<Destination, String>;

/// `base` (the text of a settings file) for a run that delivers to `destinations`: any host, no pauses; and with
/// the tables of `overrides` (TOML, may be empty) laid over it. All else stays as it is written: own rules need every digit
/// and the order of their tables.
///
/// # Errors
/// [`Error::Settings`] if the outcome is no valid settings file.
pub fn local_settings(base: &str, destinations: &Destinations, overrides: &str) -> Result<String, Error> {
    let mut local = read(base)?;
    let addresses = destinations.iter();
    let addresses = addresses.map(|(destination, url)| (destination.as_str(), "endpoint_url", value(url)));
    let others = [
        ("braze", "instance", value("")),
        ("braze", "allow_any_host", value(true)),
        ("delivery", "pause_s", value(0)),
        ("telemetry", "refusals_every", value("0s")),
    ];
    for (section, key, item) in addresses.chain(others) {
        if let Some(section) = local.entry(section).or_insert_with(table).as_table_like_mut() {
            section.insert(key, item);
        }
    }
    lay_over(local.as_table_mut(), read(overrides)?.as_table());
    let text = local.to_string();
    match Settings::load(&text) {
        Ok(_) => Ok(text),
        Err(invalid) => Err(Error::Settings(invalid.to_string())),
    }
}

fn read(text: &str) -> Result<DocumentMut, Error> {
    text.parse()
        .map_err(|error: toml_edit::TomlError| Error::Settings(error.to_string()))
}

fn lay_over(below: &mut dyn TableLike, above: &dyn TableLike) {
    for (key, item) in above.iter() {
        let both = below.get_mut(key).and_then(Item::as_table_like_mut);
        match (both, item.as_table_like()) {
            (Some(below), Some(above)) => lay_over(below, above),
            _ => {
                below.insert(key, item.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destinations() -> Destinations {
        let url = |port| format!("http://127.0.0.1:{port}");
        Destination::ALL.into_iter().zip((1..).map(url)).collect()
    }

    #[test]
    fn the_destinations_are_put_in_and_all_else_stays() {
        let text = local_settings("[braze]\nmax_objects = 9\n", &destinations(), "").unwrap();
        let settings = Settings::load(&text).unwrap();
        assert_eq!(settings.braze.endpoint_url, "http://127.0.0.1:1");
        assert_eq!(settings.segment.endpoint_url, "http://127.0.0.1:3");
        assert_eq!(settings.braze.max_objects, 9);
    }

    #[test]
    fn overrides_win() {
        let text = local_settings(
            "[braze]\nmax_objects = 9\n",
            &destinations(),
            "[braze]\nmax_objects = 3",
        );
        let settings = Settings::load(&text.unwrap()).unwrap();
        assert_eq!(settings.braze.max_objects, 3);
        assert!(settings.braze.allow_any_host);
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_name() {
        let refused = local_settings("", &destinations(), "[braze]\nmax_object = 3").unwrap_err();
        assert!(refused.to_string().contains("braze.max_object"), "{refused}");
    }

    #[test]
    fn own_rules_keep_their_digits_and_their_order() {
        let rules = r#"
[[segment_to_braze.rules]]
name = "first"
when = { "properties.price" = { at_least = 1.50, below = 9007199254740993 } }
rename = { "properties.z" = "properties.a", "properties.a" = "properties.b" }
default = { "properties.rate" = 1.50, "properties.big" = 1_000.0e+2 }

[[segment_to_braze.rules]]
[segment_to_braze.rules.values."properties.plan"]
"2" = 0.10
"1" = { z = 1, a = 2.0 }
"*" = "Other"

[[braze_to_segment.rules]]
drop = true
"#;
        let wanted = Settings::load(rules).unwrap();
        let other = "[routes]\nbraze_to_segment = true\n[segment_to_braze]\npages = \"all\"\n[braze]\nmax_objects = 9\n";
        for (base, overrides) in [
            (rules.to_owned(), other.to_owned()),
            (other.to_owned(), rules.to_owned()),
            (
                format!("{other}{rules}"),
                "[segment_to_braze]\npages = \"off\"".to_owned(),
            ),
        ] {
            let text = local_settings(&base, &destinations(), &overrides).unwrap();
            let settings = Settings::load(&text).unwrap();
            assert_eq!(
                settings.segment_to_braze.rules, wanted.segment_to_braze.rules,
                "{text}"
            );
            assert_eq!(
                settings.braze_to_segment.rules, wanted.braze_to_segment.rules,
                "{text}"
            );
            assert_eq!(settings.braze.max_objects, 9);
            assert_eq!(settings.braze.endpoint_url, "http://127.0.0.1:1");
        }
    }
}
