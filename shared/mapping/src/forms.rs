//! The forms that all routes share: the rules are in `spec/forms.md`. The same text means the same on every route.

mod currency;
mod json;
pub mod number;
pub mod text;
pub mod time;

pub use currency::{Currency, currency};
pub use json::{json_text, list, record_json_texts, unfolded};
pub use number::{any_number_of_text, boolean, number};
pub use text::{Placeholders, clean_address};
pub use time::epoch_millis;

#[cfg(test)]
mod page {
    //! The tables of the page, which the tests hold against the code.

    const PAGE: &str = include_str!("../spec/forms.md");

    /// The cells of the rows of the table below the line that starts with this text. A cell's words stand in backticks.
    pub(super) fn table(heading: &str) -> Vec<Vec<&'static str>> {
        let below = PAGE.split_once(heading).unwrap().1;
        let rows = below
            .lines()
            .skip(1)
            .skip_while(|line| !line.starts_with('|'))
            .take_while(|line| line.starts_with('|'))
            .skip(2);
        rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
            .collect()
    }

    /// The texts in backticks of a cell.
    pub(super) fn quoted(cell: &str) -> Vec<&str> {
        cell.split('`').skip(1).step_by(2).collect()
    }
}
