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
    /// Each with the rule that raised it.
    warnings: Vec<(&'static str, Warning)>,
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

    /// Adds what another one has collected, but for what this one has already.
    pub fn append_new(&mut self, mut other: Self) {
        if let (Some(explained), Some(other)) = (&self.explained, &mut other.explained) {
            other
                .occurrences
                .retain(|warned| !explained.occurrences.contains(warned));
            other.trace.retain(|entry| !explained.trace.contains(entry));
        }
        self.append(other);
    }

    /// Adds of what an attempt that was given up has collected only the warnings of these rules: those that say why.
    pub fn append_of(&mut self, rules: &[&str], mut other: Self) {
        other.warnings.retain(|(rule, _)| rules.contains(rule));
        if let Some(other) = &mut other.explained {
            other.occurrences.retain(|warned| rules.contains(&warned.rule));
            other.trace.clear();
        }
        self.append(other);
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
        if !self.warnings.contains(&(rule, warning)) {
            self.warnings.push((rule, warning));
        }
        if let Some(explained) = &mut self.explained {
            let path = path();
            explained.occurrences.push(Warned { rule, warning, path });
        }
    }

    /// Raises a warning that may have been raised at this place already.
    pub fn warn_once(&mut self, rule: &'static str, warning: Warning, path: impl FnOnce() -> String) {
        let mut one = self.empty();
        one.warn(rule, warning, path);
        self.append_new(one);
    }

    /// Records what a rule made of a value. `entry` gives the input's path and the result, only if somebody wants to know.
    pub fn record(&mut self, rule: &'static str, entry: impl FnOnce() -> (String, String)) {
        if let Some(explained) = &mut self.explained {
            let (path, result) = entry();
            explained.trace.push(TraceEntry { rule, path, result });
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
            .filter(|warning| self.warnings.iter().any(|(_, raised)| raised == warning))
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
    }

    #[test]
    fn of_an_attempt_given_up_only_the_named_rules_are_told() {
        for mut trace in [Trace::brief(), Trace::explaining()] {
            let mut attempt = trace.empty();
            attempt.warn("SB-208", Warning::TextCut, || "properties.order_id".into());
            attempt.warn("SB-212", Warning::InvalidCurrency, || {
                "properties.currency".into()
            });
            attempt.record("SB-200", || ("event".into(), "events[0].name".into()));
            trace.append_of(&["SB-212"], attempt);
            let order = [Warning::TextCut, Warning::InvalidCurrency];
            assert_eq!(trace.warnings(&order), [Warning::InvalidCurrency]);
            assert!(trace.entries().is_empty());
            assert_eq!(trace.occurrences().len(), usize::from(trace.explains()));
        }
    }

    #[test]
    fn what_was_told_is_not_told_again() {
        let mut trace = Trace::explaining();
        trace.warn("SB-049", Warning::InvalidValue, || "userId".into());
        trace.record("SB-040", || ("anonymousId".into(), "user_alias".into()));
        let mut other = trace.empty();
        other.append_new(Trace::explaining());
        for path in ["userId", "anonymousId"] {
            other.warn("SB-049", Warning::InvalidValue, || path.into());
            other.record("SB-040", || (path.into(), "user_alias".into()));
        }
        trace.append_new(other);
        trace.warn_once("SB-049", Warning::InvalidValue, || "anonymousId".into());
        assert_eq!((trace.occurrences().len(), trace.entries().len()), (2, 2));
    }
}
