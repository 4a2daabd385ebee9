//! What a user may choose: `switchyard.toml`, with defaults for all that it leaves out.
//!
//! Unknown keys and impossible values are refused at start, each with the key's full name and what to write instead.

mod branch;
mod branch_to_segment;
mod braze;
mod braze_to_segment;
mod delivery;
mod grammar;
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
pub use own_rules::{
    Change, Comparison, Condition, Form, Path, PathError, Row, Rows, Step, Test, Work, write_key,
};
pub use pattern::Pattern;
pub use problem::{Invalid, Problem, Problems, did_you_mean};
pub use receipt::*;
pub use routes::*;
pub use segment::*;
pub use segment_to_branch::*;
pub use segment_to_braze::*;
pub use span::Span;
pub use telemetry::*;

use crate::Route;
use delivery::MAX_HOLD_HORIZON;

/// The longest `timeout` of Braze and of Segment: twice as much and 4 s fit in a minute, the time-out of their functions (RI-016).
pub const MAX_TIMEOUT: Span = Span::seconds(28);
/// The longest `timeout` of Branch, whose function has half a minute (RI-016).
pub const MAX_BRANCH_TIMEOUT: Span = Span::seconds(13);

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use toml::Spanned;
use toml::de::{DeString, DeValue, ValueDeserializer};

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
    /// Everything that is wrong with it, at once: what is no TOML, unknown keys with the nearest valid one, and values of the
    /// wrong type; then, if all can be read, values out of range and combinations that cannot work.
    pub fn load(text: &str) -> Result<Self, Invalid> {
        let mut problems = Problems::default();
        let (read, _) = Self::read(text, &mut problems);
        problems.unknown_keys(&read.unknown);
        // Defaults stand for what cannot be read, so no comparison with them would be true.
        if read.is_whole {
            read.settings.check(&mut problems);
        }
        problems.into_result().map(|()| read.settings)
    }

    /// Reads the text as a deliverer does, which starts with any: what it cannot use has its default and is reported, so that
    /// nothing is parked by a time that nobody can have meant. The file may be newer than the deliverer, so keys that it does
    /// not know are left out (RI-048).
    pub fn load_usable(text: &str) -> (Self, Vec<Problem>) {
        let mut problems = Problems::default();
        let (mut read, own_rules) = Self::read(text, &mut problems);
        let mut impossible = Problems::default();
        read.settings.check(&mut impossible);
        let impossible = impossible.into_list();
        if !impossible.is_empty() {
            let mut taken = BTreeSet::new();
            let once = impossible.iter().filter(|problem| taken.insert(&problem.key));
            once.for_each(|problem| problem.take_out_of(&mut read.table));
            read = Read::of(read.table, &mut problems);
            own_rules.put_into(&mut read.settings);
        }
        (read.settings, [problems.into_list(), impossible].concat())
    }

    /// Reads the text with defaults for what cannot be read, and tells what that is. Gives the own rules apart too.
    fn read(text: &str, problems: &mut Problems) -> (Read, own_rules::OwnRules) {
        let mut usable = String::new();
        let mut file = grammar::parse(text, &mut usable, problems);
        let is_toml = problems.is_empty();
        let own_rules = own_rules::take(text, &mut file, problems);
        let before = problems.len();
        let table = tables(file, problems);
        let mut read = Read::of(table, problems);
        read.is_whole = is_toml && problems.len() == before;
        own_rules.clone().put_into(&mut read.settings);
        (read, own_rules)
    }

    /// Reads what a receiver needs of a settings file: `[routes]`, `[receipt]` and `[telemetry]`. A mistake in another table
    /// must not stop it, not even what is no TOML, and neither must a key that a newer version has there (RI-048).
    ///
    /// Gives the settings, and the full names of keys in these tables that it does not know.
    ///
    /// # Errors
    /// What is no TOML in these tables or outside of all, and values in them that are of the wrong type or out of range.
    pub fn load_for_receipt(text: &str) -> Result<(Self, Vec<String>), Invalid> {
        let is_own = |table: &str| matches!(table, "routes" | "receipt" | "telemetry");
        let mut problems = Problems::default();
        let mut usable = String::new();
        let file = grammar::parse(text, &mut usable, &mut problems);
        problems.retain(|table| is_own(table) || table.is_empty());
        let own = file.into_iter().filter(|(name, _)| is_own(name.get_ref()));
        let Read {
            settings, unknown, ..
        } = Read::of(tables(own, &mut problems), &mut problems);
        settings.receipt.check(&mut problems);
        settings.telemetry.check(&mut problems);
        problems.into_result().map(|()| (settings, unknown))
    }

    /// Where the mapping of a route looks for own rules.
    fn rules_mut(&mut self, route: Route) -> &mut Rows {
        match route {
            Route::SegmentToBraze => &mut self.segment_to_braze.rules,
            Route::SegmentToBranch => &mut self.segment_to_branch.rules,
            Route::BranchToSegment => &mut self.branch_to_segment.rules,
            Route::BrazeToSegment => &mut self.braze_to_segment.rules,
        }
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
        for (key, timeout, most) in [
            ("braze.timeout", self.braze.timeout, MAX_TIMEOUT),
            ("segment.timeout", self.segment.timeout, MAX_TIMEOUT),
            ("branch.timeout", self.branch.timeout, MAX_BRANCH_TIMEOUT),
        ] {
            problems.range(key, timeout, Span::seconds(1), most);
        }
        problems.range(
            "branch.max_age",
            self.branch.max_age,
            Span::seconds(1),
            MAX_HOLD_HORIZON,
        );
        for (key, horizon) in [
            ("braze.horizon", self.braze.horizon),
            ("segment.horizon", self.segment.horizon),
        ] {
            if horizon == Span::seconds(0) {
                problems.add(key, "is 0s; it must be at least 1s");
            }
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

/// A table of a file, or a key outside of all tables.
type Entry<'f> = (Spanned<DeString<'f>>, Spanned<DeValue<'f>>);

/// What could be read of the tables of a file.
struct Read {
    settings: Settings,
    /// The full names of keys that are no settings.
    unknown: Vec<String>,
    /// Whether every table could be read.
    is_whole: bool,
    /// The tables that could.
    table: toml::Table,
}

impl Read {
    /// Tables that cannot be read are told and left out one by one, so that no mistake hides another.
    fn of(mut table: toml::Table, problems: &mut Problems) -> Self {
        let before = problems.len();
        segment_to_braze::apply_compat(&mut table);
        loop {
            let mut unknown: Vec<String> = Vec::new();
            let mut note = |path: serde_ignored::Path<'_>| unknown.push(path.to_string());
            let read = serde_ignored::Deserializer::new(toml::Value::Table(table.clone()), &mut note);
            let settings = match serde_path_to_error::deserialize(read) {
                Ok(settings) => Some(settings),
                Err(error) => {
                    let unreadable = problems.of_type(&error.path().to_string(), error.inner());
                    // Without such a table it is none that goes.
                    table.remove(unreadable).is_none().then(Settings::default)
                }
            };
            if let Some(settings) = settings {
                return Self {
                    settings,
                    unknown,
                    is_whole: problems.len() == before,
                    table,
                };
            }
        }
    }
}

/// The values of each table. A number that no setting can hold is told, and its table is left out.
fn tables<'f>(file: impl IntoIterator<Item = Entry<'f>>, problems: &mut Problems) -> toml::Table {
    let mut table = toml::Table::new();
    for (name, value) in file {
        let name = name.into_inner().into_owned();
        match serde_path_to_error::deserialize(ValueDeserializer::from(value)) {
            Ok(value) => {
                table.insert(name, value);
            }
            Err(error) => problems.too_large(&name, &error.path().to_string()),
        }
    }
    table
}

#[cfg(test)]
mod tests;
