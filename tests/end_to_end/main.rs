//! The whole system on this machine, with the real functions, the real template and IAM evaluated: what the vendors send goes
//! in at the Function URLs, and each test asserts on what the sandbox took and on what the queues hold in the end.

#[path = "../cases/json.rs"]
mod json;

mod outcomes;
mod page;
mod senders;
mod system;

mod branch;
mod closed_loop;
mod currents;
mod currents_files;
mod doctor;
mod fallback;
mod faults;
mod ingress;
mod line_bytes;
mod local_stack;
mod once;
mod own_rules;
mod pause;
mod refusals;
mod release;
mod replay;
mod revoked_key;
mod routes;
mod segment_to_braze;
mod upgrade;
