//! The forms that all routes share: the rules are in `spec/forms.md`. The same text means the same on every route.

mod address;
pub mod boolean;
pub mod currency;
pub mod email;
pub mod identity_text;
mod list;
pub mod number;
mod placeholder;
pub mod text;
pub mod timestamp;

pub use address::clean_address;
pub use boolean::boolean;
pub use currency::{Currency, currency};
pub use list::{json_text, list, may_hold_json_text, unfolded};
pub use number::{number, spelled_number};
pub use placeholder::Placeholders;
pub use timestamp::epoch_millis;

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
