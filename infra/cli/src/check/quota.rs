//! Whether an account has the concurrent executions that the template reserves (RI-015).

use crate::account::{AccountOptions, Concurrency, DeployedStack, Error, UNRESERVED_LEAST};
use crate::terminal;

/// What the template reserves with its default parameters.
const RESERVED: u64 = 231;
/// What it reserves more where it reads Currents files.
const RESERVED_FOR_FILES: u64 = 5;

/// Prints whether the stack can be deployed there.
///
/// # Errors
/// If AWS does not tell.
pub(super) async fn has_room(options: &AccountOptions) -> Result<bool, Error> {
    let stack = DeployedStack::find(options).await?;
    let concurrency = Concurrency::read(stack.api()).await?;
    let deployed = stack.parameters().await?;
    let reserves = deployed.map(|parameters| {
        parameters
            .get("ReserveConcurrency")
            .is_none_or(|value| value == "true")
    });
    let (has_room, line) = verdict(concurrency, reserves);
    let mark = if has_room {
        terminal::good("✓")
    } else {
        terminal::bad("✗")
    };
    terminal::line(format!("{mark} {line}"));
    Ok(has_room)
}

/// Whether there is room, and the words for it. `reserves`: whether a stack that is deployed already reserves executions;
/// `None` if there is none.
fn verdict(concurrency: Concurrency, reserves: Option<bool>) -> (bool, String) {
    let Concurrency { quota, unreserved } = concurrency;
    let of = format!("of the quota of {quota} concurrent executions {unreserved} are unreserved");
    let wanted = format!(
        "the template reserves {RESERVED}, {RESERVED_FOR_FILES} more with Currents files, and Lambda wants {UNRESERVED_LEAST} left"
    );
    match reserves {
        Some(true) => (true, format!("{of}, and the stack has its share of the others")),
        _ if unreserved >= RESERVED + UNRESERVED_LEAST => (true, format!("{of}: {wanted}")),
        Some(false) => (
            true,
            format!(
                "{of}; the stack reserves none (ReserveConcurrency=false), so a burst may be answered 429"
            ),
        ),
        None => (
            false,
            format!(
                "{of}, too few: {wanted}\n    deploy with --parameter-overrides ReserveConcurrency=false, or ask for more at \
                 Service Quotas, `Concurrent executions` of AWS Lambda: it costs nothing"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = include_str!("../../../template.yaml");

    /// The number that follows the words.
    fn number_after(text: &str, words: &str) -> u64 {
        let (_, rest) = text.split_once(words).unwrap();
        let number = rest.split(|c: char| !c.is_ascii_digit()).next();
        number.unwrap().parse().unwrap()
    }

    #[test]
    fn the_numbers_are_those_of_the_template() {
        event::rules!["RI-015"];
        let of = |value: &str| match value.strip_prefix("!Ref ") {
            Some(parameter) => {
                let (_, declared) = TEMPLATE.split_once(&format!("\n  {parameter}:\n")).unwrap();
                number_after(declared, "Default: ")
            }
            None => value.parse().unwrap(),
        };
        let reserved = TEMPLATE.split("[ConcurrencyIsReserved, ").skip(1);
        let reserved: Vec<u64> = reserved.map(|rest| of(rest.split_once(',').unwrap().0)).collect();
        assert_eq!(reserved.len(), 7);
        assert_eq!(reserved.iter().sum::<u64>(), RESERVED + RESERVED_FOR_FILES);
    }

    #[test]
    fn a_new_stack_needs_its_executions_and_a_deployed_one_has_them() {
        event::rules!["RI-015"];
        let room = |quota, unreserved, reserves| verdict(Concurrency { quota, unreserved }, reserves);
        for (quota, unreserved, reserves, has_room) in [
            (1000, 1000, None, true),
            (331, 331, None, true),
            (330, 330, None, false),
            (10, 10, None, false),
            (1000, 330, None, false),
            (500, 269, Some(true), true),
            (10, 10, Some(false), true),
        ] {
            assert_eq!(
                room(quota, unreserved, reserves).0,
                has_room,
                "{quota} {unreserved}"
            );
        }
        let (_, line) = room(10, 10, None);
        assert!(
            line.contains("ReserveConcurrency=false") && line.contains("Service Quotas"),
            "{line}"
        );
        assert!(room(10, 10, Some(false)).1.contains("429"));
    }
}
