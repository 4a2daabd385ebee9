//! Currencies as ISO 4217.

use event::currency::is_currency;
use event::json::Json;

/// The code, in upper case.
pub fn currency(json: Json<'_>) -> Option<String> {
    let code = json.as_str()?.trim().to_ascii_uppercase();
    is_currency(&code).then_some(code)
}
