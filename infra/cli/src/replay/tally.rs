//! The counts of a replay: all that it prints.

use std::collections::BTreeMap;

use event::ports::QueueName;

use super::plan::{Message, Stay};

/// Counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Parked messages or dead letters that were replayed.
    replayed: usize,
    /// Messages sent, by queue.
    sent: BTreeMap<QueueName, usize>,
    stays: BTreeMap<Stay, usize>,
    /// Events that the settings would park again.
    parked_again: usize,
    is_stopped: bool,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.replayed += other.replayed;
        self.parked_again += other.parked_again;
        for (queue, count) in other.sent {
            *self.sent.entry(queue).or_default() += count;
        }
        for (stay, count) in other.stays {
            *self.stays.entry(stay).or_default() += count;
        }
    }

    pub(crate) fn replays(&mut self, messages: &[Message]) {
        self.replayed += 1;
        for message in messages {
            *self.sent.entry(message.to).or_default() += 1;
        }
    }

    pub(crate) fn stays(&mut self, stay: Stay) {
        *self.stays.entry(stay).or_default() += 1;
    }

    pub(crate) fn parks_again(&mut self, is_parked: bool) {
        self.parked_again += usize::from(is_parked);
    }

    pub(crate) fn stop(&mut self) {
        self.is_stopped = true;
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Whether anything was done.
    pub(crate) fn is_begun(&self) -> bool {
        self.replayed > 0 || self.parked_again > 0 || !self.stays.is_empty()
    }

    pub(crate) fn replayed(&self) -> usize {
        self.replayed
    }

    /// Whether all that was selected went out.
    pub(crate) fn is_clean(&self) -> bool {
        self.stays.is_empty() && self.parked_again == 0 && !self.is_stopped
    }

    /// Such as `replayed 12 messages: 10 to braze, 2 to segment`.
    pub(crate) fn lines(&self, is_dry_run: bool) -> Vec<String> {
        let by_destination: Vec<String> = self
            .sent
            .iter()
            .map(|(queue, count)| match queue {
                QueueName::Destination(destination) => format!("{count} to {destination}"),
                QueueName::BrazeFiles | QueueName::Parked => format!("{count} to be read again"),
            })
            .collect();
        let verb = if is_dry_run { "would replay" } else { "replayed" };
        let mut first = format!("{verb} {}", messages(self.replayed));
        if !by_destination.is_empty() {
            first.push_str(&format!(": {}", by_destination.join(", ")));
        }
        let mut lines = vec![first];
        if self.parked_again > 0 {
            lines.push(format!(
                "{} of their events would be parked again",
                self.parked_again
            ));
        }
        let stays = self
            .stays
            .iter()
            .map(|(stay, count)| format!("left {}: {}", messages(*count), stay.as_str()));
        lines.extend(stays);
        if self.is_stopped {
            lines.push("stopped by Ctrl-C; run it again to go on".to_owned());
        }
        lines
    }
}

fn messages(count: usize) -> String {
    format!("{count} {}", if count == 1 { "message" } else { "messages" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::Destination;

    #[test]
    fn a_replay_prints_counts_only() {
        event::rules!["RD-192"];
        let message = |destination| Message {
            to: QueueName::Destination(destination),
            body: r#"{"email":"ada@example.com"}"#.to_owned(),
            group: None,
            may_count_twice: false,
        };
        let mut tally = Tally::default();
        assert_eq!(tally.lines(false), ["replayed 0 messages"]);
        tally.replays(&[message(Destination::Braze), message(Destination::Branch)]);
        let mut other = Tally::default();
        other.replays(&[message(Destination::Braze)]);
        other.stays(Stay::Unreadable);
        assert!(tally.is_clean() && !other.is_clean());
        tally.add(other);
        assert_eq!(
            tally.lines(false),
            [
                "replayed 2 messages: 2 to braze, 1 to branch",
                "left 1 message: still unreadable (see them with `switchyard parked --show`)",
            ]
        );
        tally.parks_again(true);
        assert_eq!(tally.lines(true)[1], "1 of their events would be parked again");
    }
}
