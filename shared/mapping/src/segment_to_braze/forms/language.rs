//! Languages as ISO 639-1.

/// The code of the language that a tag such as `en-GB` or `pt_BR` begins with.
pub fn language(text: &str) -> Option<String> {
    let code = text.split(['-', '_']).next()?.trim().to_ascii_lowercase();
    isolang::Language::from_639_1(&code).map(|_| code)
}
