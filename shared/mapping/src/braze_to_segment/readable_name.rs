//! A readable name for an event type that is not in the table.

use super::value::is_name;

/// What parts of an event type before the last one are called.
const WORDS: [(&str, &str); 20] = [
    ("pushnotification", "Push Notification"),
    ("inappmessage", "In-App Message"),
    ("contentcard", "Content Card"),
    ("newsfeedcard", "News Feed Card"),
    ("featureflag", "Feature Flag"),
    ("liveactivity", "Live Activity"),
    ("email", "Email"),
    ("sms", "SMS"),
    ("rcs", "RCS"),
    ("line", "LINE"),
    ("whatsapp", "WhatsApp"),
    ("subscriptiongroup", "Subscription Group"),
    ("banner", "Banner"),
    ("webhook", "Webhook"),
    ("canvas", "Canvas"),
    ("canvasstep", "Canvas Step"),
    ("campaigns", "Campaign"),
    ("landingpage", "Landing Page"),
    ("contentoptimizer", "Content Optimizer"),
    ("costep", "Content Optimizer Step"),
];

/// What the last part of an event type is called.
const VERBS: [(&str, &str); 22] = [
    ("Send", "Sent"),
    ("Delivery", "Delivered"),
    ("Open", "Opened"),
    ("Click", "Clicked"),
    ("Impression", "Viewed"),
    ("Bounce", "Bounced"),
    ("StateChange", "State Changed"),
    ("SoftBounce", "Soft Bounced"),
    ("Abort", "Aborted"),
    ("Retry", "Retried"),
    ("Dismiss", "Dismissed"),
    ("Failure", "Failed"),
    ("DeliveryFailure", "Delivery Failed"),
    ("Rejection", "Rejected"),
    ("Read", "Read"),
    ("InboundReceive", "Inbound Received"),
    ("Deferral", "Deferred"),
    ("Unsubscribe", "Unsubscribed"),
    ("Conversion", "Converted"),
    ("Entry", "Entered"),
    ("FormSubmission", "Form Submitted"),
    ("Response", "Responded"),
];

/// Last words that become a past form although their part is not in the table.
const LAST_WORDS: [(&str, &str); 2] = [("Change", "Changed"), ("Click", "Clicked")];

/// The readable name of an event type, if it has one.
pub(super) fn readable_name(event_type: &str) -> Option<String> {
    let mut parts: Vec<&str> = event_type
        .split('.')
        .filter(|part| !part.trim_matches(is_gap).is_empty())
        .collect();
    if parts.first() == Some(&"users") {
        parts.remove(0);
    }
    if parts.len() >= 2 && matches!(parts.first(), Some(&("messages" | "behaviors"))) {
        parts.remove(0);
    }
    let (last, before) = parts.split_last()?;
    let mut phrases: Vec<String> = before
        .iter()
        .map(|part| phrase(&WORDS, part).map_or_else(|| joined(words(part)), str::to_owned))
        .collect();
    phrases.push(phrase(&VERBS, last).map_or_else(|| joined(past(words(last))), str::to_owned));
    Some(phrases.join(" ")).filter(|name| is_name(name))
}

const fn is_gap(c: char) -> bool {
    matches!(c, '_' | '-' | ' ')
}

fn phrase(table: &[(&str, &'static str)], part: &str) -> Option<&'static str> {
    let row = table.iter().find(|(word, _)| word.eq_ignore_ascii_case(part));
    row.map(|(_, phrase)| *phrase)
}

/// The words of a part: `QRCodeClick` has three.
fn words(part: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before: Option<char> = None;
    let mut rest = part.chars().peekable();
    while let Some(c) = rest.next() {
        let begins = c.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && rest.peek().is_some_and(char::is_ascii_lowercase))
            });
        if (begins || is_gap(c)) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if !is_gap(c) {
            word.push(c);
        }
        before = Some(c);
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn past(mut words: Vec<String>) -> Vec<String> {
    if let Some(last) = words.last_mut()
        && let Some(phrase) = phrase(&LAST_WORDS, last)
    {
        phrase.clone_into(last);
    }
    words
}

/// The words with their first letters made upper case, and spaces between them.
fn joined(mut words: Vec<String>) -> String {
    for word in &mut words {
        if let Some(first) = word.get_mut(..1) {
            first.make_ascii_uppercase();
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_becomes_words() {
        event::rules!["BZ-060", "BZ-061", "BZ-062", "BZ-063", "BZ-064", "BZ-065"];
        for (event_type, wanted) in [
            (
                "users.messages.banner.DeliveryFailure",
                Some("Banner Delivery Failed"),
            ),
            ("users.behaviors.app.ThemeChange", Some("App Theme Changed")),
            ("users.messages.viber.QRCodeClick", Some("Viber QR Code Clicked")),
            ("users.behaviors.wallet_pass.Add2Go", Some("Wallet Pass Add2 Go")),
            ("users.messages.SMS._.theme_change", Some("SMS Theme Changed")),
            ("users.messages.Viber.DELIVERY", Some("Viber Delivered")),
            (
                "users.messages.holoDisplay.ShortLinkClick",
                Some("Holo Display Short Link Clicked"),
            ),
            ("users.messages", Some("Messages")),
            ("users.messages.messages.Send", Some("Messages Sent")),
            ("users.campaigns.Pause", Some("Campaign Pause")),
            ("canvas", Some("Canvas")),
            ("..email..", Some("Email")),
            ("users.été.Über", Some("été Über")),
            ("users", None),
            ("users.-", None),
            ("[REDACTED]", None),
            ("\u{2003}x.\u{2003}", Some("\u{2003}x \u{2003}")),
        ] {
            assert_eq!(readable_name(event_type).as_deref(), wanted, "{event_type}");
        }
    }
}
