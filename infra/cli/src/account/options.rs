//! Which account, region and stack a command works on.

use clap::Args;

/// The options of every command that reaches a deployed stack.
#[derive(Debug, Clone, Default, Args)]
pub struct AccountOptions {
    /// The deployed stack
    #[arg(long, value_name = "NAME", default_value = "switchyard")]
    pub stack: String,
    /// A profile of ~/.aws [default: AWS_PROFILE, else as the AWS CLI finds keys]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// The region [default: AWS_REGION, else that of the profile]
    #[arg(long, value_name = "NAME")]
    pub region: Option<String>,
}
