//! Properties of custom events and purchases.

use serde_json::Value;

use crate::form::{Fields, object};
use crate::limits::{BRAZE_NAME, BRAZE_PROPERTIES};

/// The properties, if there are any; `reserved` are names that may not be among them.
pub(super) fn check(fields: &Fields, reserved: &[&str], most_bytes: usize) -> Result<(), String> {
    let Some(properties) = fields.get("properties") else {
        return Ok(());
    };
    check_size(properties, "properties", most_bytes)?;
    let properties = object(properties, "properties")?;
    if properties.len() > BRAZE_PROPERTIES {
        return Err(format!("'properties' has over {BRAZE_PROPERTIES} keys"));
    }
    for key in properties.keys() {
        if reserved.contains(&key.as_str()) {
            return Err(format!("'{key}' is a reserved property"));
        }
        check_name(key)?;
    }
    Ok(())
}

/// A name of a property or attribute: not blank, 255 characters, no `$` at its beginning.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err("a name is blank".to_owned());
    }
    if name.starts_with('$') {
        return Err(format!("{name:?} begins with $"));
    }
    if name.chars().count() > BRAZE_NAME {
        return Err(format!("a name is over {BRAZE_NAME} characters"));
    }
    Ok(())
}

/// A limit on a member's compact JSON.
pub(super) fn check_size(value: &Value, name: &str, most_bytes: usize) -> Result<(), String> {
    if value.to_string().len() > most_bytes {
        return Err(format!("'{name}' is over {most_bytes} bytes"));
    }
    Ok(())
}
