//! Where on earth: a latitude and a longitude.

use crate::segment_to_braze::number::numeric;
use event::json::{Decimal, Json, Object, ObjectWriter};

/// Degrees to either side.
const LATITUDE: i64 = 90;
const LONGITUDE: i64 = 180;

/// The object that Braze takes.
pub fn location(json: Json<'_>) -> Option<String> {
    let given = json.as_object()?;
    let latitude = degrees(&given, "latitude", LATITUDE)?;
    let longitude = degrees(&given, "longitude", LONGITUDE)?;
    let mut sent = String::new();
    let mut out = ObjectWriter::new(&mut sent);
    out.raw("latitude", &latitude);
    out.raw("longitude", &longitude);
    drop(out);
    Some(sent)
}

fn degrees(given: &Object<'_>, key: &str, most: i64) -> Option<String> {
    let number = numeric(given.get(key)?)?;
    (Decimal::parse(&number)?.abs() <= Decimal::from(most)).then_some(number)
}
