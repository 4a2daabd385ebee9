//! Which test proves which rule of the pages in `shared/*/spec`.

/// Names the rules that a test proves: the first line of its body, such as `event::rules!["RD-022", "RD-023"];`.
///
/// It compiles to nothing. `tests/cases/completeness.rs` reads these lines, and fails for an id that is on no page and for a
/// line that is in no test that runs.
#[macro_export]
macro_rules! rules {
    ($($id:literal),+ $(,)?) => {
        const _: &[&str] = &[$($id),+];
    };
}
