//! What a mapping records: warnings always, and for `--explain` which rule did what.

use event::reasons::Warning;

/// One thing that a rule did, for a person who asks why.
#[derive(Clone, PartialEq, Eq)]
pub struct TraceEntry {
    /// The rule's id, such as `SB-094`.
    pub rule: &'static str,
    /// The input's path, such as `properties.products[1].price`.
    pub path: String,
    /// What it gave: an output path such as `attributes[0].dob`, or why the value was dropped.
    pub result: String,
}

/// One place of the input of which a rule warns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warned {
    /// The rule's id, such as `SB-092`.
    pub rule: &'static str,
    /// What is wrong.
    pub warning: Warning,
    /// The input's path.
    pub path: String,
}

/// Collects warnings and, if asked to, their places and the rules' work. Without that, no path is ever written.
pub struct Trace {
    warnings: Vec<Warning>,
    explained: Option<Explained>,
}

#[derive(Default)]
struct Explained {
    changed: Option<String>,
    occurrences: Vec<Warned>,
    trace: Vec<TraceEntry>,
}

impl Trace {
    /// Collects warnings only: what delivery uses.
    pub const fn brief() -> Self {
        Self {
            warnings: Vec::new(),
            explained: None,
        }
    }

    /// Collects everything: what `switchyard map --explain` uses.
    pub fn explaining() -> Self {
        Self {
            warnings: Vec::new(),
            explained: Some(Explained::default()),
        }
    }

    /// An empty one that collects as much.
    #[must_use]
    pub fn empty(&self) -> Self {
        Self {
            warnings: Vec::new(),
            explained: self.explains().then(Explained::default),
        }
    }

    /// Adds what another one has collected.
    pub fn append(&mut self, other: Self) {
        for warning in other.warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        if let (Some(explained), Some(other)) = (&mut self.explained, other.explained) {
            explained.occurrences.extend(other.occurrences);
            explained.trace.extend(other.trace);
        }
    }

    /// Keeps the text of the event that own rules have changed, if somebody wants to know it.
    pub fn keep_changed(&mut self, event: &str) {
        if let Some(explained) = &mut self.explained {
            explained.changed = Some(event.to_owned());
        }
    }

    /// The text of the event that own rules have changed.
    pub fn changed(&self) -> Option<&str> {
        self.explained.as_ref()?.changed.as_deref()
    }

    /// Whether anybody wants to know more than the warnings.
    pub const fn explains(&self) -> bool {
        self.explained.is_some()
    }

    /// Raises a warning of a rule at a place of the input. `path` is called only if somebody wants to know.
    pub fn warn(&mut self, rule: &'static str, warning: Warning, path: impl FnOnce() -> String) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
        if let Some(explained) = &mut self.explained {
            let path = path();
            explained.occurrences.push(Warned { rule, warning, path });
        }
    }

    /// Records what a rule made of a value. `entry` gives the input's path and the result, only if somebody wants to know.
    pub fn record(&mut self, rule: &'static str, entry: impl FnOnce() -> (String, String)) {
        if let Some(explained) = &mut self.explained {
            let (path, result) = entry();
            explained.trace.push(TraceEntry { rule, path, result });
        }
    }

    /// Drops the entries from this number on: what they describe is not sent after all. Warnings stay.
    pub fn forget_from(&mut self, number: usize) {
        if let Some(explained) = &mut self.explained {
            explained.trace.truncate(number);
        }
    }

    /// Takes the entries from this number on out, to be put back behind others.
    pub fn take_from(&mut self, number: usize) -> Vec<TraceEntry> {
        match &mut self.explained {
            Some(explained) => explained.trace.split_off(number.min(explained.trace.len())),
            None => Vec::new(),
        }
    }

    /// Puts entries that were taken out behind the others.
    pub fn put_back(&mut self, entries: Vec<TraceEntry>) {
        if let Some(explained) = &mut self.explained {
            explained.trace.extend(entries);
        }
    }

    /// The warnings raised, each once, in the order of the route's own list.
    pub fn warnings(&self, order: &[Warning]) -> Vec<Warning> {
        if self.warnings.is_empty() {
            return Vec::new();
        }
        order
            .iter()
            .copied()
            .filter(|warning| self.warnings.contains(warning))
            .collect()
    }

    /// Every occurrence of a warning with its rule and path, in the order in which they were raised.
    pub fn occurrences(&self) -> &[Warned] {
        self.explained
            .as_ref()
            .map_or(&[], |explained| &explained.occurrences)
    }

    /// What the rules did, in order.
    pub fn entries(&self) -> &[TraceEntry] {
        self.explained.as_ref().map_or(&[], |explained| &explained.trace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_come_once_each_in_order_and_paths_only_on_request() {
        let order = [Warning::IdDerived, Warning::InvalidUrl, Warning::KeyRenamed];
        let mut brief = Trace::brief();
        brief.warn("SB-112", Warning::KeyRenamed, || panic!("nobody asked"));
        brief.warn("SB-012", Warning::IdDerived, || panic!("nobody asked"));
        brief.warn("SB-112", Warning::KeyRenamed, || panic!("nobody asked"));
        assert_eq!(brief.warnings(&order), [Warning::IdDerived, Warning::KeyRenamed]);

        let mut explaining = Trace::explaining();
        explaining.warn("SB-112", Warning::KeyRenamed, || "traits.$a".into());
        explaining.warn("SB-112", Warning::KeyRenamed, || "traits.$b".into());
        explaining.record("SB-112", || ("traits.$a".into(), "attributes[0].a".into()));
        assert_eq!(explaining.warnings(&order), [Warning::KeyRenamed]);
        assert_eq!(explaining.occurrences().len(), 2);
        assert_eq!(explaining.entries().len(), 1);
        explaining.forget_from(0);
        assert!(explaining.entries().is_empty() && explaining.occurrences().len() == 2);
    }
}
