//! The account's quota of concurrent executions of Lambda, in one region.

use reqwest::Method;
use serde::Deserialize;

use super::Error;
use super::api::Api;

/// Executions that Lambda leaves to functions without a reservation. AWS docs "Configuring reserved concurrency".
pub(crate) const UNRESERVED_LEAST: u64 = 100;
/// The version of this operation, which came later than the others. AWS docs "Lambda API reference".
const VERSION: &str = "2016-08-19";

/// The quota, and what of it no function has reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Concurrency {
    #[serde(rename = "ConcurrentExecutions")]
    pub(crate) quota: u64,
    #[serde(rename = "UnreservedConcurrentExecutions")]
    pub(crate) unreserved: u64,
}

impl Concurrency {
    /// `lambda:GetAccountSettings`.
    pub(crate) async fn read(api: &Api) -> Result<Self, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Found {
            account_limit: Concurrency,
        }
        let found: Found = api
            .lambda_of(VERSION, Method::GET, "account-settings", Vec::new())
            .await?;
        Ok(found.account_limit)
    }
}
