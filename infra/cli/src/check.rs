//! `switchyard check`: whether settings and parameters can be used, and whether events become what their tests expect.

mod difference;
mod error;
mod parameters;
mod quota;
mod tests_of_user;

pub use error::Error;

use crate::account::AccountOptions;
use crate::{EXIT_CANNOT, map, terminal};
use clap::Args;
use event::settings::{Invalid, Settings};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tests_of_user::{Failure, UserTest};

/// Exit status when a test fails, or the account has no room.
const EXIT_FAILED: u8 = 1;

/// Where the tests are, beside the settings file.
const TESTS: &str = "tests";

/// Shown at the end of `switchyard check --help`.
pub const EXAMPLES: &str = "\
Examples:
  switchyard check
      reads infra/settings/switchyard.toml and runs infra/settings/tests
  switchyard check --settings my.toml --tests my-tests
  switchyard check --account --region eu-west-1
      before a deploy: also whether the account has the concurrent executions
      that the template reserves
  switchyard check --parameter-overrides Profile=busy AlarmEmail=me@example.com
      looks at these parameters too, and at those of infra/samconfig.toml

Tests are the *.json files of the folder and of the folders in it; a folder
without any test is an error. A file of tests is a JSON array. Each test has a
name, a route and an event, and of outcome, reason, changed and calls those that
it is about:
  [{\"name\": \"test accounts are dropped\", \"route\": \"segment_to_braze\",
    \"event\": {\"type\": \"track\", \"event\": \"Signed Up\", \"userId\": \"u-1\",
              \"properties\": {\"environment\": \"test\"}},
    \"outcome\": \"ignore\", \"reason\": \"own_rule\"}]
outcome is deliver, ignore or park. changed is the event after own rules, and
calls lists {\"endpoint\": \"POST /users/track\", \"body\": {...}}; both are as
`switchyard map --explain` shows them. An expected object is contained in the
actual one, a list has as many elements, and \"__absent__\" asks that a key is
missing.

Without --account nothing is asked of AWS. With it, IAM actions are needed:
lambda:GetAccountSettings, and cloudformation:DescribeStacks on the stack.

Exit status: 0 all is well, 1 a test fails or the account has no room, 2 the
settings, a parameter or a file of tests cannot be used, or AWS refuses.";

/// The options of `switchyard check`.
#[derive(Debug, Args)]
pub struct Options {
    /// The settings
    #[arg(long, value_name = "FILE", default_value = "infra/settings/switchyard.toml")]
    pub settings: PathBuf,
    /// The folder of tests [default: tests, beside the settings]
    #[arg(long, value_name = "FOLDER")]
    pub tests: Option<PathBuf>,
    /// Also look at the account that the stack will be deployed to
    #[arg(long)]
    pub account: bool,
    /// Which account.
    #[command(flatten)]
    pub deploys_to: AccountOptions,
    /// What the deploy will get
    #[command(flatten)]
    pub parameters: parameters::DeployParameters,
}

/// Does what the options say, and prints it.
pub async fn run(options: &Options) -> ExitCode {
    let checked = async {
        let passes = checked(options)?;
        let has_room = !options.account || quota::has_room(&options.deploys_to).await?;
        Ok(passes && has_room)
    };
    match checked.await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(EXIT_FAILED),
        Err::<_, Error>(error) => {
            terminal::error(&error);
            ExitCode::from(EXIT_CANNOT)
        }
    }
}

/// Whether all tests pass.
fn checked(options: &Options) -> Result<bool, Error> {
    let settings = map::settings(Some(&options.settings))?;
    destinations(&settings)?;
    terminal::line(format!(
        "{} {} can be used",
        terminal::good("✓"),
        options.settings.display()
    ));
    parameters::check(&options.parameters, &options.settings)?;
    let folder = match &options.tests {
        Some(folder) => folder.clone(),
        None => {
            let beside = options.settings.parent().unwrap_or(Path::new("")).join(TESTS);
            if !beside.is_dir() {
                terminal::line(format!(
                    "no tests: there is no folder {}; `switchyard check --help` shows a test",
                    beside.display()
                ));
                return Ok(true);
            }
            beside
        }
    };
    let tests = tests_of_user::read(&folder)?;
    let failures: Vec<(&UserTest, Failure)> = tests
        .iter()
        .filter_map(|test| Some((test, test.failure(&settings)?)))
        .collect();
    for (test, failure) in &failures {
        terminal::line(format!(
            "{} {}: {}\n    {}: expected {}\n    {}  got {}",
            terminal::bad("✗"),
            test.file.display(),
            terminal::strong(&test.name),
            failure.path,
            failure.expected,
            " ".repeat(failure.path.chars().count()),
            failure.actual
        ));
    }
    let (failed, place) = (failures.len(), folder.display());
    terminal::line(match (tests.len(), failed) {
        (1, 0) => format!("{} 1 test of {place} passes", terminal::good("✓")),
        (count, 0) => format!("{} {count} tests of {place} pass", terminal::good("✓")),
        (1, _) => terminal::bad("1 of 1 test fails".to_owned()),
        (count, 1) => terminal::bad(format!("1 of {count} tests fails")),
        (count, _) => terminal::bad(format!("{failed} of {count} tests fail")),
    });
    Ok(failures.is_empty())
}

/// Refuses addresses of destinations that cannot be used, as the functions do.
fn destinations(settings: &Settings) -> Result<(), Error> {
    let problems = delivery::destinations::problems(settings);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::Settings(Invalid(problems).into()))
    }
}
