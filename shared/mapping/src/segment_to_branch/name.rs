//! What an event is called at Branch, and which Segment events Branch knows under a name of its own.

use super::gate::{Accepted, Target};
use crate::Trace;
use event::branch_events::{StandardEvent, normalized_name, standard_event};
use event::calls::BranchEndpoint;
use event::json::ObjectWriter;
use std::collections::HashMap;
use std::sync::OnceLock;

/// One line a row: the rule, the Segment events, the events' names in Branch's words, the name of Branch's API, and whether
/// the row is imported. `;` stands between several, `-` for none, `*` for any.
const TABLE: &str = include_str!("../../data/segment_to_branch.tsv");

/// What the table says of a Segment event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// The rule of the row.
    pub rule: &'static str,
    /// The standard event that it becomes; `None` if it is not imported.
    pub event: Option<&'static StandardEvent>,
}

/// The row of an event, by its name without spelling ([`normalized_name`]).
pub(super) fn row(normalized: &str) -> Option<Row> {
    static ROWS: OnceLock<HashMap<String, Row>> = OnceLock::new();
    ROWS.get_or_init(rows).get(normalized).copied()
}

fn rows() -> HashMap<String, Row> {
    let mut rows = HashMap::new();
    for line in TABLE.lines() {
        let mut cells = line.split('\t');
        let (Some(rule), Some(segment), Some(branch), Some(name)) =
            (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            continue;
        };
        let is_imported = cells.next() == Some("yes");
        let event = standard_event(name);
        // The names of Branch itself that are imported need no row: they are the standard events.
        let own = if is_imported { "" } else { branch };
        if event.is_some() || !is_imported {
            for name in segment.split(';').chain(own.split(';')) {
                let name = normalized_name(name);
                if !name.is_empty() {
                    rows.entry(name).or_insert(Row { rule, event });
                }
            }
        }
    }
    rows
}

/// Writes what the event is called at Branch, and says where it goes.
pub(super) fn write_name(
    out: &mut ObjectWriter<'_>,
    accepted: &Accepted<'_>,
    with_alias: bool,
    trace: &mut Trace,
) -> BranchEndpoint {
    let own_name = accepted.name.trim();
    let (endpoint, name) = match accepted.target {
        Target::Standard(event) => (BranchEndpoint::Standard, event.name),
        Target::Custom => (BranchEndpoint::Custom, own_name),
    };
    trace.record(accepted.rule, || ("event".into(), format!("name = {name}")));
    out.string("name", name);
    if with_alias && endpoint == BranchEndpoint::Standard {
        out.string("customer_event_alias", own_name);
    }
    endpoint
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_36_rows_of_which_11_rename_an_event() {
        assert_eq!(TABLE.lines().count(), 36);
        for (at, line) in TABLE.lines().enumerate() {
            assert!(line.starts_with(&format!("SR-{}\t", 101 + at)), "{line}");
            assert_eq!(line.split('\t').count(), 5, "{line}");
        }
        let renamed = rows().values().filter(|row| row.event.is_some()).count();
        assert_eq!(renamed, 11);
        assert_eq!(row("ORDER_COMPLETED").unwrap().event.unwrap().name, "PURCHASE");
        assert!(row("PAGE_VIEW").unwrap().event.is_none());
        assert!(row("SPEND_CREDITS").is_none() && row("CUSTOM").is_none());
    }
}
