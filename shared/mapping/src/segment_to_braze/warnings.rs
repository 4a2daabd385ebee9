//! The warnings of this route.

use event::reasons::Warning;

/// In the order of the list of reasons, row by row; those that only delivery raises are among them.
pub(super) const WARNINGS: [Warning; 39] = [
    Warning::SubscriptionLost,
    Warning::IdDerived,
    Warning::NotAnObject,
    Warning::PlaceholderUserId,
    Warning::TimeRepaired,
    Warning::NameRepaired,
    Warning::InvalidEmail,
    Warning::InvalidPhone,
    Warning::PhoneNotE164,
    Warning::InvalidGender,
    Warning::InvalidDob,
    Warning::InvalidCountry,
    Warning::InvalidLanguage,
    Warning::InvalidUrl,
    Warning::InvalidValue,
    Warning::NullIgnored,
    Warning::InvalidSubscriptionGroup,
    Warning::InvalidPushToken,
    Warning::ReservedTraitRemoved,
    Warning::KeyRenamed,
    Warning::KeyRemoved,
    Warning::NestedNullRemoved,
    Warning::NestedTimeRemoved,
    Warning::UnsupportedValue,
    Warning::TextCut,
    Warning::ReservedPropertyRemoved,
    Warning::TooManyProperties,
    Warning::ProductSkipped,
    Warning::QuantityFolded,
    Warning::InvalidCurrency,
    Warning::PropertiesRemoved,
    Warning::OrderWithoutProducts,
    Warning::EcommerceIncomplete,
    Warning::TriggerSkipped,
    Warning::CatalogSkipped,
    Warning::IdentityRejected,
    Warning::ItemRejected,
    Warning::UnmappedError,
    Warning::UnreadableAnswer,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warnings_stand_in_the_order_of_the_specification() {
        event::rules!["SB-302", "SB-330"];
        let page = include_str!("../../spec/segment-to-braze.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| warn | "));
        let cells = rows.filter_map(|row| row.split(" | ").next());
        let listed = cells
            .flat_map(|cell| cell.split(", "))
            .map(|name| name.trim_matches('`'));
        assert!(listed.eq(WARNINGS.iter().map(|warning| warning.as_str())));
    }
}
