//! Rows of every kind, as a user writes them.

use event::Route;
use event::settings::{Form, Settings};
use proptest::prelude::*;
use proptest::sample::select;

/// Keys of events and of rows alike, so that paths meet something.
pub const KEYS: &[&str] = &[
    "type",
    "event",
    "userId",
    "name",
    "messageId",
    "id",
    "timestamp",
    "properties",
    "traits",
    "context",
    "origin",
    "integration",
    "library",
    "products",
    "custom_data",
    "segment_message_id",
    "user_data",
    "event_type",
    "user",
    "a",
    "b",
    "a.b",
];

/// What the loop guards read.
const MARKS: &[&str] = &[
    "context.integration.name",
    "context.integration",
    "context.library.name",
    "context",
    "properties.dispatch_id",
    "properties.event_id",
    "properties",
    "messageId",
    "event",
    "type",
    "origin",
    "custom_data.segment_message_id",
    "custom_data",
    "name",
    "id",
];

/// One row: its lines, and the paths of what it may change.
#[derive(Debug, Clone)]
pub struct Row {
    pub lines: String,
    pub paths: Vec<String>,
}

impl Row {
    fn of(lines: String, paths: &[&str]) -> Self {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        Self { lines, paths }
    }

    /// The same for the events that a condition holds for.
    pub fn when(self, condition: &str) -> Self {
        let lines = format!("when = {condition}\n{}", self.lines);
        Self { lines, ..self }
    }
}

/// A part of a path.
fn part() -> impl Strategy<Value = String> + Clone {
    select(KEYS).prop_map(|key| match key.contains('.') {
        true => format!("\"{key}\""),
        false => key.to_owned(),
    })
}

/// A path of one to four parts.
fn path() -> impl Strategy<Value = String> + Clone {
    let part = (part(), select(&["", "", "", "[*]"][..]));
    let parts = proptest::collection::vec(part, 1..4);
    let random = parts.prop_map(|parts| {
        let parts: Vec<String> = parts.into_iter().map(|(key, each)| key + each).collect();
        parts.join(".")
    });
    prop_oneof![4 => random, 1 => select(MARKS).prop_map(str::to_owned)]
}

/// Two paths that a value may move between: equal up to their last `[*]`, and different.
fn two_paths() -> impl Strategy<Value = (String, String)> + Clone {
    let plain = || path().prop_map(|path| path.replace("[*]", ""));
    let each = (path(), plain(), plain()).prop_map(|(way, from, to)| {
        let way = format!("{}[*]", way.trim_end_matches("[*]"));
        (format!("{way}.{from}"), format!("{way}.{to}"))
    });
    prop_oneof![3 => (plain(), plain()), 2 => each].prop_filter("two paths", |(from, to)| from != to)
}

/// What a condition asks of the values of one path.
fn test() -> impl Strategy<Value = String> + Clone {
    let scalar = select(&["'track'", "'*a*'", "1", "27.50", "-1e3", "true", "false"][..]);
    let number = select(&["0", "27.5", "9007199254740993", "-1e2"][..]);
    let operator = prop_oneof![
        any::<bool>().prop_map(|exists| format!("exists = {exists}")),
        (select(&["above", "at_least", "below", "at_most"][..]), number)
            .prop_map(|(operator, number)| format!("{operator} = {number}")),
        scalar.clone().prop_map(|scalar| format!("contains = {scalar}")),
        select(&["0", "0.5", "50", "100"][..]).prop_map(|percent| format!("percent = {percent}")),
    ];
    let operators = prop_oneof![
        operator.clone(),
        (operator, any::<bool>()).prop_map(|(one, exists)| match one.starts_with("exists") {
            true => one,
            false => format!("{one}, exists = {exists}"),
        }),
    ];
    let leaf = prop_oneof![
        scalar.prop_map(str::to_owned),
        operators.prop_map(|operators| format!("{{ {operators} }}")),
    ];
    leaf.prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|test| format!("{{ not = {test} }}")),
            proptest::collection::vec(inner, 1..3).prop_map(|tests| format!("[{}]", tests.join(", "))),
        ]
    })
}

/// A condition of every form.
fn condition() -> impl Strategy<Value = String> + Clone {
    let tests = proptest::collection::btree_map(path(), test(), 0..3);
    let table = tests.prop_map(|tests| {
        let tests: Vec<String> = tests
            .iter()
            .map(|(path, test)| format!("'{path}' = {test}"))
            .collect();
        format!("{{ {} }}", tests.join(", "))
    });
    prop_oneof![
        2 => table.clone(),
        1 => proptest::collection::vec(table, 1..3).prop_map(|tables| format!("[{}]", tables.join(", "))),
    ]
}

/// A row without a condition.
pub fn change() -> impl Strategy<Value = Row> + Clone {
    let forms: Vec<&str> = Form::ALL.iter().map(|form| form.as_str()).collect();
    prop_oneof![
        3 => (select(&["rename", "copy"][..]), two_paths()).prop_map(|(key, (from, to))| {
            Row::of(format!("{key} = {{ '{from}' = '{to}' }}"), &[&from, &to])
        }),
        1 => path().prop_map(|path| {
            let entries = "{ 'a' = 1.50, '*' = { x = [true] } }";
            Row::of(format!("values = {{ '{path}' = {entries} }}"), &[&path])
        }),
        1 => (path(), select(forms)).prop_map(|(path, form)| {
            Row::of(format!("convert = {{ '{path}' = '{form}' }}"), &[&path])
        }),
        1 => path().prop_map(|path| Row::of(format!("default = {{ '{path}' = 'track' }}"), &[&path])),
        1 => path().prop_map(|path| Row::of(format!("set = {{ '{path}' = {{ a = [1, 2.0] }} }}"), &[&path])),
        1 => (path(), path()).prop_map(|(one, other)| {
            Row::of(format!("remove = ['{one}', '{other}']"), &[&one, &other])
        }),
    ]
}

pub fn drop() -> Row {
    Row::of("drop = true".to_owned(), &[])
}

/// A row of any kind; most change something, some drop.
pub fn row() -> impl Strategy<Value = Row> + Clone {
    let drop = Just(drop());
    prop_oneof![
        6 => change(),
        4 => (condition(), change()).prop_map(|(condition, change)| change.when(&condition)),
        1 => (condition(), drop).prop_map(|(condition, drop)| drop.when(&condition)),
    ]
}

pub fn rows() -> impl Strategy<Value = Vec<Row>> + Clone {
    proptest::collection::vec(row(), 1..6)
}

/// The settings with these rows, below other lines.
pub fn settings_with(lines: &str, route: Route, rows: &[Row]) -> Settings {
    let mut text = lines.to_owned();
    for row in rows {
        text.push_str(&format!("[[{route}.rules]]\n{}\n", row.lines));
    }
    Settings::load(&text).unwrap_or_else(|error| panic!("{text}{error}"))
}

pub fn settings(route: Route, rows: &[Row]) -> Settings {
    settings_with("", route, rows)
}
