//! What `switchyard map` prints of one event: one line of JSON.

use crate::{Trace, Warned, branch_to_segment, braze_to_segment, segment_to_branch, segment_to_braze};
use event::calls::{BranchCall, BrazeCall, Mapped, OwnRules, SegmentCall, Verdict};
use event::json::{ArrayWriter, ObjectWriter};
use event::reasons::Warning;
use event::settings::Settings;
use event::{Route, Timestamp};

/// One printed event.
pub struct Printed {
    /// The line, without its end.
    pub line: String,
    /// Whether the event would be parked.
    pub is_parked: bool,
}

/// Maps one event and prints what became of it. With `explain` every warning has its path, and `explain` lists what each
/// rule did.
pub fn print(route: Route, text: &str, settings: &Settings, explain: bool) -> Printed {
    print_received(route, text, None, settings, explain)
}

/// The same of an event of which is known when it was received.
pub fn print_received(
    route: Route,
    text: &str,
    received_at: Option<Timestamp>,
    settings: &Settings,
    explain: bool,
) -> Printed {
    let mut trace = if explain {
        Trace::explaining()
    } else {
        Trace::brief()
    };
    let explained = |trace: Trace| explain.then_some(trace);
    match route {
        Route::SegmentToBraze => {
            let mapped = segment_to_braze::map(text, received_at, settings, &mut trace);
            printed(text, &mapped, explained(trace).as_ref())
        }
        Route::SegmentToBranch => {
            let mapped = segment_to_branch::map(text, settings, &mut trace);
            printed(text, &mapped, explained(trace).as_ref())
        }
        Route::BranchToSegment => {
            let mapped = branch_to_segment::map(text, settings, &mut trace);
            printed(text, &mapped, explained(trace).as_ref())
        }
        Route::BrazeToSegment => {
            let mapped = braze_to_segment::map(text, settings, &mut trace);
            printed(text, &mapped, explained(trace).as_ref())
        }
    }
}

/// A call as it is shown: its endpoint, such as `POST /v1/batch`, and its body if the event were alone.
trait Shown {
    fn endpoint(&self) -> String;
    fn body(&self) -> String;
}

impl Shown for BrazeCall {
    fn endpoint(&self) -> String {
        let (method, path) = self.endpoint.target();
        format!("{} {path}", method.as_str())
    }

    fn body(&self) -> String {
        BrazeCall::body(self)
    }
}

impl Shown for BranchCall {
    fn endpoint(&self) -> String {
        format!("POST {}", self.endpoint.path())
    }

    fn body(&self) -> String {
        self.body.clone()
    }
}

impl Shown for SegmentCall {
    fn endpoint(&self) -> String {
        "POST /v1/batch".to_owned()
    }

    fn body(&self) -> String {
        self.body.clone()
    }
}

fn printed<C: Shown>(text: &str, mapped: &Mapped<C>, explained: Option<&Trace>) -> Printed {
    let mut line = String::new();
    let mut out = ObjectWriter::new(&mut line);
    out.string("id", mapped.id.as_str());
    match &mapped.verdict {
        Verdict::Deliver { calls, warnings } => {
            out.string("outcome", "deliver");
            {
                let mut list = out.array("calls");
                for call in calls {
                    let mut entry = list.object();
                    entry.string("endpoint", &call.endpoint());
                    entry.raw("body", &call.body());
                }
            }
            if !warnings.is_empty() {
                write_warnings(out.array("warnings"), warnings, explained);
            }
        }
        Verdict::Ignore(reason) => {
            out.string("outcome", "ignore");
            out.string("reason", reason.as_str());
            if let OwnRules::DroppedBy(row) = &mapped.own_rules {
                out.string("own_rule", row);
            }
        }
        Verdict::Park(reason) => {
            out.string("outcome", "park");
            out.string("reason", reason.as_str());
        }
    }
    if let Some(trace) = explained {
        if let Some(changed) = trace.changed() {
            out.raw("received", text.trim());
            out.raw("changed", changed);
        }
        let mut list = out.array("explain");
        for note in trace.entries() {
            let mut entry = list.object();
            entry.string("rule", note.rule);
            entry.string("path", &note.path);
            entry.string("result", &note.result);
        }
    }
    drop(out);
    Printed {
        line,
        is_parked: matches!(mapped.verdict, Verdict::Park(_)),
    }
}

fn write_warnings(mut out: ArrayWriter<'_>, warnings: &[Warning], explained: Option<&Trace>) {
    for warning in warnings {
        let Some(trace) = explained else {
            out.string(warning.as_str());
            continue;
        };
        for Warned { rule, path, .. } in trace.occurrences().iter().filter(|of| of.warning == *warning) {
            let mut entry = out.object();
            entry.string("reason", warning.as_str());
            entry.string("rule", rule);
            entry.string("path", path);
        }
    }
}
