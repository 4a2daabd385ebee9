//! What `switchyard local` takes.

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use event::{Descriptor, Destination};
use reqwest::Url;
use std::collections::BTreeMap;

/// Shown at the end of `switchyard local --help`.
pub const EXAMPLES: &str = "\
Examples:
  cargo local
      everything on this machine, until Ctrl-C
  cargo local --once
      the same, but it ends after the samples
  SEGMENT_WRITE_KEY=… cargo local --segment https://api.segment.io
      deliver to the real Segment

The samples are the files of infra/samples. Keys for real destinations come
from the environment: BRAZE_REST_API_KEY, BRANCH_KEY, SEGMENT_WRITE_KEY.

MiniStack (in target/local/ministack) plays Lambda, SQS, Secrets Manager and
CloudFormation. It runs the compiled functions of this repository as
infra/template.yaml describes them. A sandbox plays Braze, Branch and Segment.
Needed: python3 (3.10 or newer) with venv, and on the first run a package index.

While it stays up, it prints a line for each item that arrives at the sandbox.

Exit status: 0 all samples arrived, 1 some did not, 2 the machine or the call is
at fault.";

/// The options of `switchyard local`.
#[derive(Debug, Args)]
pub struct Options {
    /// End after the samples, with status 1 if any did not arrive
    #[arg(long)]
    pub once: bool,
    /// Where the user has said that events are delivered to.
    #[command(flatten)]
    addresses: Addresses,
    /// MiniStack's port [default: a free one]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
}

impl Options {
    /// The address that the user has named for a destination; without one the sandbox plays it.
    pub(crate) fn address(&self, destination: Destination) -> Option<&str> {
        self.addresses.0.get(&destination).map(String::as_str)
    }
}

/// An option of its name for every destination, such as `--braze <URL>`.
#[derive(Debug, Default)]
struct Addresses(BTreeMap<Destination, String>);

impl Args for Addresses {
    fn augment_args(command: Command) -> Command {
        let option = |Descriptor { name, title, .. }: Descriptor| {
            Arg::new(name)
                .long(name)
                .value_name("URL")
                .value_parser(address)
                .help(format!(
                    "Deliver to this address instead of the sandbox's {title}"
                ))
        };
        command.args(Destination::ALL.map(|destination| option(destination.descriptor())))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Addresses {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut addresses = Self::default();
        addresses.update_from_arg_matches(matches)?;
        Ok(addresses)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for destination in Destination::ALL {
            if let Some(address) = matches.get_one::<String>(destination.as_str()) {
                self.0.insert(destination, address.clone());
            }
        }
        Ok(())
    }
}

/// A destination's address as the settings want it: a URL without a slash at its end.
fn address(given: &str) -> Result<String, String> {
    let url = Url::parse(given).map_err(|error| format!("{error}; it looks like https://example.com"))?;
    match (url.scheme(), url.host_str()) {
        ("http" | "https", Some(_)) => Ok(given.trim_end_matches('/').to_owned()),
        _ => Err("it must begin with https:// or http://".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn addresses_are_urls_of_the_web() {
        assert_eq!(
            address("http://127.0.0.1:4000/").unwrap(),
            "http://127.0.0.1:4000"
        );
        assert_eq!(
            address("https://api.segment.io").unwrap(),
            "https://api.segment.io"
        );
        for wrong in [
            "",
            "api.segment.io",
            "ftp://api.segment.io",
            "mailto:ada@example.com",
        ] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
