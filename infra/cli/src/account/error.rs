//! Why a call to AWS did not work, and who must do what about it.

/// What stops a command that reaches a deployed stack.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Whoever runs the command signs in.
    #[error(
        "no AWS credentials were found; sign in, or name a profile with --profile. After `aws sso login`:\n  \
         eval \"$(aws configure export-credentials --format env)\""
    )]
    NoCredentials(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Whoever runs the command names the region.
    #[error("no AWS region is set; name it with --region or AWS_REGION")]
    NoRegion,
    /// Whoever runs the command names another stack or region, or gets the permission.
    #[error(
        "{operation} was refused with {status}: {body}\n  \
         Check --stack, --region and --profile; --help lists the IAM actions that the command needs."
    )]
    Refused {
        /// The call.
        operation: String,
        /// The HTTP status.
        status: u16,
        /// The beginning of the answer.
        body: String,
    },
    /// Whoever runs the command looks at the network, and runs it again.
    #[error("{operation} got no answer; try again")]
    NoAnswer {
        /// The call.
        operation: String,
        /// What went wrong on the way.
        #[source]
        source: reqwest::Error,
    },
    /// An answer has a form that this version does not know.
    #[error("{operation} was answered with something unexpected: {detail}")]
    Unexpected {
        /// The call.
        operation: String,
        /// What was odd.
        detail: String,
    },
}
