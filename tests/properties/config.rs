//! How many cases a property has, and where its counterexamples are kept: beside the tests, so that each one found is tried
//! by everybody from then on.

use proptest::prelude::ProptestConfig;
use proptest::test_runner::FileFailurePersistence;

/// So many cases, or as many as `PROPTEST_CASES` says. `counterexamples` is a file below `tests/proptest-regressions`; commit what a failing test writes there.
macro_rules! cases {
    ($count:expr, $counterexamples:literal) => {
        crate::config::config(
            $count,
            concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/proptest-regressions/",
                $counterexamples,
                ".txt"
            ),
        )
    };
}

pub(crate) use cases;

pub fn config(cases: u32, counterexamples: &'static str) -> ProptestConfig {
    let mut config = ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(counterexamples))),
        ..ProptestConfig::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    config
}
