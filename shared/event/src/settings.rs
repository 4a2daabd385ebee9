//! What a user may choose: `switchyard.toml`, with defaults for all that it leaves out.
//!
//! Unknown keys and impossible values are refused at start, each with the key's full name and what to write instead.

mod branch;
mod branch_to_segment;
mod braze;
mod braze_to_segment;
mod delivery;
mod loop_check;
mod own_rules;
mod pattern;
mod problem;
mod receipt;
mod routes;
mod segment;
mod segment_to_branch;
mod segment_to_braze;
mod span;
mod telemetry;

pub use branch::*;
pub use branch_to_segment::*;
pub use braze::*;
pub use braze_to_segment::*;
pub use delivery::*;
pub use own_rules::{Change, Comparison, Condition, Form, Path, PathError, Row, Rows, Step, Test, Work};
pub use pattern::Pattern;
pub use problem::{Invalid, Problem, Problems};
pub use receipt::*;
pub use routes::*;
pub use segment::*;
pub use segment_to_branch::*;
pub use segment_to_braze::*;
pub use span::Span;
pub use telemetry::*;

use delivery::MAX_HOLD_HORIZON;
use serde::{Deserialize, Serialize};

/// All settings. [`Default`] is the specification's.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// `[routes]`: which routes are on.
    pub routes: Routes,
    /// `[receipt]`: how requests are taken.
    pub receipt: Receipt,
    /// `[delivery]`: what holds for all destinations.
    pub delivery: Delivery,
    /// `[telemetry]`: what is logged.
    pub telemetry: Telemetry,
    /// `[segment]`: how Segment is reached.
    pub segment: Segment,
    /// `[braze]`: how Braze is reached.
    pub braze: Braze,
    /// `[branch]`: how Branch is reached.
    pub branch: Branch,
    /// `[segment_to_braze]`: how events are mapped.
    pub segment_to_braze: SegmentToBraze,
    /// `[segment_to_branch]`: how events are mapped.
    pub segment_to_branch: SegmentToBranch,
    /// `[branch_to_segment]`: how events are mapped.
    pub branch_to_segment: BranchToSegment,
    /// `[braze_to_segment]`: how events are mapped.
    pub braze_to_segment: BrazeToSegment,
}

impl Settings {
    /// Reads the text of a settings file.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once: what is no TOML, unknown keys with the nearest valid one, values of the
    /// wrong type or out of range, and combinations that cannot work.
    pub fn load(text: &str) -> Result<Self, Invalid> {
        let mut problems = Problems::default();
        match Self::read(text, true, &mut problems) {
            Ok(settings) => problems.into_result().map(|()| settings),
            Err(Invalid(others)) => {
                let own = problems.into_list().into_iter();
                Err(Invalid(own.chain(others).collect()))
            }
        }
    }

    /// Reads the text as a deliverer does, which may be older than the file: keys that it does not know are left out.
    ///
    /// Gives the settings, and what is wrong with own rules, which concerns the events of their route alone (OR-013).
    ///
    /// # Errors
    /// Everything else that is wrong with it.
    pub fn load_known(text: &str) -> Result<(Self, Vec<Problem>), Invalid> {
        let mut of_own_rules = Problems::default();
        let settings = Self::read(text, false, &mut of_own_rules)?;
        Ok((settings, of_own_rules.into_list()))
    }

    fn read(text: &str, refuses_unknown: bool, of_own_rules: &mut Problems) -> Result<Self, Invalid> {
        let mut table: toml::Table = text.parse().map_err(Invalid::not_toml)?;
        segment_to_braze::apply_compat(&mut table);
        let mut problems = Problems::default();
        let own_rules = own_rules::take(text, &mut table, of_own_rules);
        let mut unknown: Vec<String> = Vec::new();
        let mut note = |path: serde_ignored::Path<'_>| unknown.push(path.to_string());
        let read = serde_ignored::Deserializer::new(toml::Value::Table(table), &mut note);
        let mut settings: Self = serde_path_to_error::deserialize(read)
            .map_err(|error| Invalid::from_type(&error.path().to_string(), error.inner()))?;
        own_rules.put_into(&mut settings);
        if refuses_unknown {
            problems.unknown_keys(&unknown);
        }
        settings.check(&mut problems);
        problems.into_result().map(|()| settings)
    }

    /// Reads what a receiver needs of a settings file: `[routes]`, `[receipt]` and `[telemetry]`. A mistake elsewhere must not
    /// stop it, and neither must a key that a newer version has there (RI-048).
    ///
    /// Gives the settings, and the full names of keys in these tables that it does not know.
    ///
    /// # Errors
    /// What is no TOML, and values in these tables that are of the wrong type or out of range.
    pub fn load_for_receipt(text: &str) -> Result<(Self, Vec<String>), Invalid> {
        let mut table: toml::Table = text.parse().map_err(Invalid::not_toml)?;
        table.retain(|name, _| matches!(name, "routes" | "receipt" | "telemetry"));
        let mut unknown: Vec<String> = Vec::new();
        let mut note = |path: serde_ignored::Path<'_>| unknown.push(path.to_string());
        let read = serde_ignored::Deserializer::new(toml::Value::Table(table), &mut note);
        let settings: Self = serde_path_to_error::deserialize(read)
            .map_err(|error| Invalid::from_type(&error.path().to_string(), error.inner()))?;
        let mut problems = Problems::default();
        settings.receipt.check(&mut problems);
        settings.telemetry.check(&mut problems);
        problems.into_result().map(|()| (settings, unknown))
    }

    fn check(&self, problems: &mut Problems) {
        self.receipt.check(problems);
        self.delivery.check(problems);
        self.telemetry.check(problems);
        self.segment.check(problems);
        self.braze.check(problems);
        self.branch.check(problems);
        self.segment_to_braze.check(problems);
        self.segment_to_branch.check(problems);
        self.branch_to_segment.check(problems);
        self.braze_to_segment.check(problems);
        loop_check::check(self, problems);
        for (key, horizon) in [
            ("braze.horizon", self.braze.horizon),
            ("segment.horizon", self.segment.horizon),
        ] {
            if horizon > MAX_HOLD_HORIZON {
                let most = "the most that `delivery.hold_horizon`, which must not be below it, can be";
                problems.add(
                    key,
                    format!("is {horizon}; it must be at most {MAX_HOLD_HORIZON}, {most}"),
                );
            } else if self.delivery.hold_horizon < horizon {
                problems.add("delivery.hold_horizon", format!("must not be below `{key}`"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Route;

    #[test]
    fn an_empty_file_gives_the_defaults() {
        let settings = Settings::load("").unwrap();
        assert!(settings.routes.segment_to_braze);
        assert_eq!(settings.receipt.max_events, 10_000);
    }

    #[test]
    fn a_receiver_looks_at_its_own_tables_alone() {
        crate::rules!["RI-048"];
        for elsewhere in [
            "[segment_to_braze]\norders = \"purchase\"",
            "[brazee]\nx = 1",
            "[braze]\nhorizon = \"99d\"",
            "[delivery]\npause_s = \"many\"",
            "surprise = true",
        ] {
            assert!(Settings::load(elsewhere).is_err(), "{elsewhere}");
            let (_, unknown) = Settings::load_for_receipt(elsewhere).unwrap();
            assert!(unknown.is_empty(), "{elsewhere}");
        }
        let newer = "[receipt]\nmax_events = 5\nmax_evnts = 6\n[routes]\nbraze_to_mars = true";
        let (settings, unknown) = Settings::load_for_receipt(newer).unwrap();
        assert_eq!(settings.receipt.max_events, 5);
        assert_eq!(unknown, ["receipt.max_evnts", "routes.braze_to_mars"]);
        for (own, key) in [
            ("[receipt]\nmax_events = 0", "`receipt.max_events`"),
            (
                "[telemetry]\nrefusals_every = \"2m\"",
                "`telemetry.refusals_every`",
            ),
            ("[routes]\nsegment_to_braze = 1", "`routes.segment_to_braze`"),
            ("[receipt", "no TOML"),
        ] {
            let error = Settings::load_for_receipt(own).err().unwrap().to_string();
            assert!(error.contains(key), "{error}");
        }
    }

    #[test]
    fn a_mistake_in_own_rules_is_one_of_its_route() {
        crate::rules!["OR-012", "OR-013"];
        for (mistake, route) in [
            ("[[segment_to_branch.rules]]\nrenmae = 3", Route::SegmentToBranch),
            ("[braze_to_segment]\nrules = \"none\"", Route::BrazeToSegment),
            (
                "[[segment_to_braze.triggers]]\nwhen = 7\ncampaign_id = \"c\"",
                Route::SegmentToBraze,
            ),
            (
                "[[segment_to_braze.catalogs]]\nevent = \"E\"\ncatalog = \"c\"\nwhen = { a = { abov = 1 } }",
                Route::SegmentToBraze,
            ),
        ] {
            let text = format!("{mistake}\n[braze]\nmax_objects = 9\n[receipt]\nmax_events = 7");
            assert!(Settings::load(&text).is_err(), "{mistake}");
            let (settings, problems) = Settings::load_known(&text).unwrap();
            assert_eq!(settings.braze.max_objects, 9);
            assert!(!problems.is_empty(), "{mistake}");
            for problem in problems {
                assert_eq!(problem.own_rules_of(), Some(route), "{problem}");
            }
            let (settings, unknown) = Settings::load_for_receipt(&text).unwrap();
            assert_eq!((settings.receipt.max_events, unknown.len()), (7, 0), "{mistake}");
        }
        let both = "[[segment_to_braze.rules]]\ndrop = 1\n[braze]\nmax_objects = 900";
        let Invalid(problems) = Settings::load(both).unwrap_err();
        let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, ["segment_to_braze.rules.0.drop", "braze.max_objects"]);
        assert!(problems[1].own_rules_of().is_none());
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_valid_one() {
        let error = Settings::load("[receipt]\nmax_evnts = 5\n[brazee]\n")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`receipt.max_evnts`") && error.contains("`receipt.max_events`"),
            "{error}"
        );
        assert!(error.contains("`brazee`") && error.contains("`braze`"), "{error}");
    }

    #[test]
    fn a_value_of_the_wrong_type_is_refused_with_its_key() {
        let error = Settings::load("[receipt]\nmax_events = \"many\"\n")
            .unwrap_err()
            .to_string();
        assert!(error.contains("`receipt.max_events`"), "{error}");
    }

    #[test]
    fn a_wrong_value_is_refused_in_words_that_say_what_to_write() {
        for (text, wanted) in [
            (
                "[segment_to_braze]\norders = \"purchase\"",
                "`segment_to_braze.orders` is \"purchase\"; it must be one of \"purchases\", \"ecommerce\", \"both\"; \
                 did you mean \"purchases\"?",
            ),
            (
                "[segment_to_braze]\norders = \"none of them\"",
                "`segment_to_braze.orders` is \"none of them\"; it must be one of \"purchases\", \"ecommerce\", \"both\"",
            ),
            (
                "[segment_to_braze]\nanonymous = true",
                "`segment_to_braze.anonymous` cannot be used; it must be a text in quotes",
            ),
            (
                "[segment_to_braze]\ncut_strings_at = -1",
                "`segment_to_braze.cut_strings_at` is integer -1; it must be a whole number of 0 or more",
            ),
            (
                "segment_to_braze = 3",
                "`segment_to_braze` is integer 3; it must be a table",
            ),
            (
                "[segment_to_braze]\ndeletes = \"no\"",
                "`segment_to_braze.deletes` is string \"no\"; it must be true or false",
            ),
            (
                "[braze]\nhorizon = \"11d\"",
                "`braze.horizon` is 11d; it must be at most 10d, the most that `delivery.hold_horizon`, which must not be \
                 below it, can be",
            ),
        ] {
            assert_eq!(Settings::load(text).unwrap_err().to_string(), wanted, "{text}");
        }
    }

    #[test]
    fn a_value_out_of_range_is_refused_with_its_range() {
        let error = Settings::load("[receipt]\nmax_events = 0\n")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`receipt.max_events`") && error.contains("1 to 10000"),
            "{error}"
        );
    }
}
