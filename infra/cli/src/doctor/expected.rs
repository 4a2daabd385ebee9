//! The numbers of the template that a deployed stack is compared with. A test holds them to `infra/template.yaml`.

/// A function as the template has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedFunction {
    /// Its folder under `functions/`; deployed, the name of the stack comes before it.
    pub name: &'static str,
    /// Its logical id in the template.
    pub logical_id: &'static str,
    /// In seconds.
    pub timeout: u64,
    /// In MB.
    pub memory: u64,
    /// What it takes its messages from.
    pub event_source: Option<ExpectedEventSource>,
}

/// An event source as the template has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedEventSource {
    /// The parameter that pauses it.
    pub parameter: &'static str,
    /// With `Profile=quiet`.
    pub quiet: Batching,
    /// With `Profile=busy`.
    pub busy: Batching,
    /// The most invocations at once.
    pub concurrency: u64,
}

/// How messages are gathered for one invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batching {
    /// The most messages.
    pub size: u64,
    /// For how many seconds.
    pub window: u64,
}

impl ExpectedEventSource {
    /// How messages are gathered with a value of the parameter `Profile`.
    pub fn batching(&self, profile: &str) -> Batching {
        if profile == "busy" { self.busy } else { self.quiet }
    }
}

const fn batching(size: u64, window: u64) -> Batching {
    Batching { size, window }
}

/// A queue as the template has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedQueue {
    /// Its name after the stack's, if it had one.
    pub name: &'static str,
    /// Its logical id in the template.
    pub logical_id: &'static str,
    /// In seconds; SQS's own default where the template says nothing.
    pub visibility: u64,
    /// In seconds.
    pub retention: u64,
    /// After how many receives a message goes to the dead-letter queue, if there is one.
    pub receives: Option<u64>,
}

const fn receiver(name: &'static str, logical_id: &'static str, timeout: u64) -> ExpectedFunction {
    ExpectedFunction {
        name,
        logical_id,
        timeout,
        memory: 512,
        event_source: None,
    }
}

const fn deliverer(
    name: &'static str,
    logical_id: &'static str,
    timeout: u64,
    parameter: &'static str,
    concurrency: u64,
    [quiet, busy]: [Batching; 2],
) -> ExpectedFunction {
    ExpectedFunction {
        name,
        logical_id,
        timeout,
        memory: 512,
        event_source: Some(ExpectedEventSource {
            parameter,
            quiet,
            busy,
            concurrency,
        }),
    }
}

/// The functions. Source: `reliability.md`, section 8; CF-123 for the last one.
pub const FUNCTIONS: [ExpectedFunction; 7] = [
    receiver("receive-segment", "ReceiveSegment", 10),
    receiver("receive-braze", "ReceiveBraze", 10),
    receiver("receive-branch", "ReceiveBranch", 60),
    deliverer(
        "deliver-braze",
        "DeliverBraze",
        60,
        "PauseBraze",
        10,
        [batching(25, 1), batching(100, 5)],
    ),
    deliverer(
        "deliver-branch",
        "DeliverBranch",
        30,
        "PauseBranch",
        5,
        [batching(10, 0), batching(20, 1)],
    ),
    deliverer(
        "deliver-segment",
        "DeliverSegment",
        60,
        "PauseSegment",
        10,
        [batching(25, 1), batching(100, 5)],
    ),
    ExpectedFunction {
        memory: 1024,
        ..deliverer(
            READ_BRAZE_FILES,
            "ReadBrazeFiles",
            120,
            "PauseBrazeFiles",
            4,
            [batching(1, 0); 2],
        )
    },
];

/// The function that is deployed only where Currents files are read.
pub const READ_BRAZE_FILES: &str = "read-braze-files";

/// SQS's default.
const DEFAULT_VISIBILITY: u64 = 30;
const TWELVE_DAYS: u64 = 1_036_800;
const FOURTEEN_DAYS: u64 = 1_209_600;

const fn waiting(name: &'static str, logical_id: &'static str, visibility: u64) -> ExpectedQueue {
    ExpectedQueue {
        name,
        logical_id,
        visibility,
        retention: TWELVE_DAYS,
        receives: Some(500),
    }
}

const fn kept(name: &'static str, logical_id: &'static str) -> ExpectedQueue {
    ExpectedQueue {
        name,
        logical_id,
        visibility: DEFAULT_VISIBILITY,
        retention: FOURTEEN_DAYS,
        receives: None,
    }
}

/// The queues, each with the one behind it. Source: `reliability.md`, section 8.
pub const QUEUES: [ExpectedQueue; 9] = [
    waiting("braze", "BrazeQueue", 365),
    kept("braze-dead", "BrazeDeadQueue"),
    waiting("branch", "BranchQueue", 185),
    kept("branch-dead", "BranchDeadQueue"),
    waiting("segment", "SegmentQueue", 365),
    kept("segment-dead", "SegmentDeadQueue"),
    waiting("braze-files", "BrazeFilesQueue", 720),
    kept("braze-files-dead", "BrazeFilesDeadQueue"),
    kept("parked", "ParkedQueue"),
];
