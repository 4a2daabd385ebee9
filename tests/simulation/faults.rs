//! The faults of section 10 of `reliability.md`: those that a world draws, and where the others are tested.

macro_rules! faults {
    ($($id:ident $what:literal,)*) => {
        /// A fault that a world draws.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault { $(#[doc = $what] $id),* }

        impl Fault {
            /// All that are drawn.
            pub const ALL: &[(Self, &'static str)] = &[$((Self::$id, $what)),*];
        }
    };
}

faults! {
    F03 "body sent as base64",
    F04 "gzip cut off",
    F06 "unknown content encoding",
    F07 "header case",
    F08 "credential header absent or not ASCII",
    F11 "forged events behind a signed first one",
    F13 "odd form of the signature",
    F14 "captured request sent again",
    F15 "old or future event times",
    F16 "secret store down",
    F17 "sender uses the new key before the cache knows",
    F18 "flood of bad signatures and tokens",
    F19 "no key configured",
    F20 "empty probe",
    F21 "authentic body that is not JSON",
    F22 "deep nesting",
    F23 "not UTF-8",
    F24 "lone surrogate, huge number, duplicate key",
    F25 "one odd element in a batch",
    F26 "many events in a request",
    F27 "SQS slow",
    F28 "cold start",
    F29 "concurrency used up",
    F30 "container frozen after the answer",
    F31 "panic in a receiver",
    F36 "SendMessageBatch 200 with Failed",
    F37 "SQS blames the sender",
    F38 "entry in neither list",
    F40 "event over 1 MiB",
    F41 "characters SQS refuses",
    F42 "one of two queues fails",
    F43 "SQS down",
    F44 "SQS and S3 down",
    F45 "crash of a receiver or a re-ingest run",
    F46 "poisoned fallback object",
    F47 "envelope newer than the code",
    F49 "message delivered twice",
    F55 "throttled receives count",
    F59 "visibility change fails in part",
    F60 "parked queue refuses",
    F61 "poison record, empty body",
    F62 "message for another destination",
    F68 "crash of a deliverer at a drawn await",
    F69 "answer lost after sending",
    F70 "429: seconds, date, reset, garbage, huge",
    F71 "5xx for hours",
    F72 "DNS, connect or TLS fails",
    F73 "one bad event in a refused batch",
    F74 "2xx that names failed items",
    F75 "key revoked for hours",
    F76 "redirect",
    F79 "mapping panics",
    F84 "answer huge, slow or broken",
    F85 "dead pooled connections after a freeze",
    F86 "clock jumps by hours in a freeze",
    F87 "late events to Branch",
    F89 "secret does not parse, or is emptied",
}

/// The faults that no world draws, and what answers them instead.
pub const ELSEWHERE: &[(&str, &[u8])] = &[
    (
        "numbers and permissions of the template: tests/contracts/template.rs",
        &[1, 2, 51, 52, 53, 54, 57, 64, 65, 94],
    ),
    (
        "cases of receipt: shared/receipt/src",
        &[5, 9, 10, 12, 32, 33, 34, 35, 39, 48],
    ),
    (
        "cases of delivery: shared/delivery/src",
        &[56, 58, 63, 67, 77, 78, 80, 81],
    ),
    (
        "what Lambda hands over and takes back: shared/aws/src/queue_event.rs",
        &[50],
    ),
    ("replay and doctor: infra/cli", &[66, 88]),
    ("settings: shared/delivery/src/destinations", &[83]),
    ("circles: tests/properties/echoes", &[82]),
    (
        "logs, metrics and counts, looked at in every world: container.rs",
        &[90, 91, 92, 93],
    ),
];
