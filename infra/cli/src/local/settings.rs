//! The settings of a local run: the template's own, with the destinations' addresses put in.

use event::settings::Settings;
use toml::{Table, Value};

use super::Error;

/// Where the functions deliver to, such as `http://127.0.0.1:4000`.
#[derive(Debug, Clone)]
pub struct Destinations {
    /// In place of Braze's REST endpoint.
    pub braze: String,
    /// In place of Branch's API.
    pub branch: String,
    /// In place of Segment's Tracking API.
    pub segment: String,
}

/// `base` (the text of a settings file) for a run that delivers to `destinations`: any host, no pauses; and with
/// the tables of `overrides` (TOML, may be empty) laid over it.
///
/// # Errors
/// [`Error::Settings`] if the outcome is no valid settings file.
pub fn local_settings(base: &str, destinations: &Destinations, overrides: &str) -> Result<String, Error> {
    let Destinations {
        braze,
        branch,
        segment,
    } = destinations;
    let mut local = read(base)?;
    for (table, key, value) in [
        ("braze", "endpoint_url", Value::String(braze.clone())),
        ("braze", "instance", Value::String(String::new())),
        ("braze", "allow_any_host", Value::Boolean(true)),
        ("branch", "endpoint_url", Value::String(branch.clone())),
        ("segment", "endpoint_url", Value::String(segment.clone())),
        ("delivery", "pause_s", Value::Integer(0)),
        ("telemetry", "refusals_every", Value::String("0s".to_owned())),
    ] {
        let entry = Table::from_iter([(key.to_owned(), value)]);
        lay_over(
            &mut local,
            Table::from_iter([(table.to_owned(), Value::Table(entry))]),
        );
    }
    lay_over(&mut local, read(overrides)?);
    let text = local.to_string();
    match Settings::load(&text) {
        Ok(_) => Ok(text),
        Err(invalid) => Err(Error::Settings(invalid.to_string())),
    }
}

fn read(text: &str) -> Result<Table, Error> {
    text.parse()
        .map_err(|error: toml::de::Error| Error::Settings(error.to_string()))
}

fn lay_over(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destinations() -> Destinations {
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        Destinations {
            braze: url(1),
            branch: url(2),
            segment: url(3),
        }
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
}
