//! Comparing JSON: members in any order, numbers by their text.

use event::json::{Json, Kind};

/// Where two values differ, as a JSON pointer with what was wanted and what came; `None` if they do not.
pub fn difference(wanted: Json<'_>, got: Json<'_>) -> Option<String> {
    let here = || Some(format!(": wanted {}, got {}", wanted.raw(), got.raw()));
    if wanted.kind() != got.kind() {
        return here();
    }
    match wanted.kind() {
        Kind::Null => None,
        Kind::Bool | Kind::Number => {
            if wanted.raw() == got.raw() {
                None
            } else {
                here()
            }
        }
        Kind::String => {
            if wanted.as_str() == got.as_str() {
                None
            } else {
                here()
            }
        }
        Kind::Array => {
            let (wanted, got) = (wanted.as_array().unwrap(), got.as_array().unwrap());
            if wanted.len() != got.len() {
                return Some(format!(": wanted {} elements, got {}", wanted.len(), got.len()));
            }
            let mut pairs = wanted.into_iter().zip(got).enumerate();
            pairs.find_map(|(at, (wanted, got))| difference(wanted, got).map(|path| format!("/{at}{path}")))
        }
        Kind::Object => {
            let (wanted, got) = (wanted.as_object().unwrap(), got.as_object().unwrap());
            for (key, value) in wanted.iter() {
                let path = match got.get(key) {
                    Some(got) => difference(value, got),
                    None => Some(format!(": wanted {}, got nothing", value.raw())),
                };
                if let Some(path) = path {
                    return Some(format!("/{key}{path}"));
                }
            }
            let more = got.iter().find(|(key, _)| wanted.get(key).is_none());
            more.map(|(key, value)| format!("/{key}: wanted nothing, got {}", value.raw()))
        }
    }
}

/// The value at a JSON pointer (RFC 6901).
pub fn at<'a>(json: Json<'a>, pointer: &str) -> Option<Json<'a>> {
    pointer.split('/').skip(1).try_fold(json, |json, token| {
        let key = token.replace("~1", "/").replace("~0", "~");
        match json.kind() {
            Kind::Array => json.as_array()?.get(key.parse::<usize>().ok()?).copied(),
            _ => json.as_object()?.get(&key),
        }
    })
}
