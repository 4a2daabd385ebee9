//! A deployed stack: its queues by their names in the template.

use std::collections::BTreeMap;

use event::Destination;

use super::api::Api;
use super::queue::Queue;
use super::xml::{pairs, parse};
use super::{AccountOptions, Error};

/// The stack that the options name.
#[derive(Debug)]
pub(crate) struct DeployedStack {
    api: Api,
    name: String,
}

impl DeployedStack {
    /// Finds credentials and region; the first call says whether the stack exists.
    pub(crate) async fn find(options: &AccountOptions) -> Result<Self, Error> {
        Ok(Self {
            api: Api::of_account(options).await?,
            name: options.stack.clone(),
        })
    }

    /// The stack of this name at an API.
    #[cfg(test)]
    pub(crate) fn at(api: Api, name: &str) -> Self {
        Self {
            api,
            name: name.to_owned(),
        }
    }

    /// The AWS APIs of its region.
    pub(crate) fn api(&self) -> &Api {
        &self.api
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The parameters that it was deployed with; `None` if there is no such stack.
    pub(crate) async fn parameters(&self) -> Result<Option<BTreeMap<String, String>>, Error> {
        const ACTION: &str = "DescribeStacks";
        let form = [("StackName".to_owned(), self.name.clone())];
        match self.api.cloudformation(ACTION, &form).await {
            Ok(answer) => {
                let document = parse(ACTION, &answer)?;
                Ok(Some(pairs(&document, "ParameterKey", "ParameterValue")))
            }
            Err(Error::Refused {
                status: 400, body, ..
            }) if body.contains("does not exist") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The queue of parked events.
    pub(crate) async fn parked_queue(&self) -> Result<Queue<'_>, Error> {
        self.queue("ParkedQueue").await
    }

    /// The queue that a destination's function takes events from.
    pub(crate) async fn destination_queue(&self, destination: Destination) -> Result<Queue<'_>, Error> {
        self.queue(&format!("{}Queue", destination.descriptor().title))
            .await
    }

    /// The dead-letter queue behind it.
    pub(crate) async fn dead_letter_queue(&self, destination: Destination) -> Result<Queue<'_>, Error> {
        self.queue(&format!("{}DeadQueue", destination.descriptor().title))
            .await
    }

    /// The queue of Currents files, or the one behind it; `None` if the stack reads none.
    pub(crate) async fn files_queue(&self, logical_id: &str) -> Result<Option<Queue<'_>>, Error> {
        match self.queue(logical_id).await {
            Ok(queue) => Ok(Some(queue)),
            // A condition of the template leaves it out. That the stack is there, other calls say.
            Err(Error::Refused {
                status: 400, body, ..
            }) if body.contains(logical_id) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// An object of the fallback bucket; `None` if it is gone.
    pub(crate) async fn fallback_object(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let bucket = self.physical_id("FallbackBucket").await?;
        self.api.object(&bucket, key).await
    }

    /// Of a queue the physical id is its URL.
    async fn queue(&self, logical_id: &str) -> Result<Queue<'_>, Error> {
        let url = self.physical_id(logical_id).await?;
        Ok(Queue::at(&self.api, url))
    }

    async fn physical_id(&self, logical_id: &str) -> Result<String, Error> {
        const ACTION: &str = "DescribeStackResource";
        let form = [
            ("StackName".to_owned(), self.name.clone()),
            ("LogicalResourceId".to_owned(), logical_id.to_owned()),
        ];
        let answer = self.api.cloudformation(ACTION, &form).await?;
        let unexpected = || Error::Unexpected {
            operation: format!("{ACTION} {logical_id}"),
            detail: "no PhysicalResourceId".to_owned(),
        };
        let document = parse(ACTION, &answer)?;
        let id = document
            .descendants()
            .find(|node| node.tag_name().name() == "PhysicalResourceId")
            .and_then(|node| node.text());
        id.map(str::to_owned).ok_or_else(unexpected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = include_str!("../../../template.yaml");

    #[test]
    fn the_template_has_every_queue_that_is_asked_for() {
        for destination in Destination::ALL {
            for kind in ["Queue", "DeadQueue"] {
                let resource = format!(
                    "\n  {}{kind}:\n    Type: AWS::SQS::Queue\n",
                    destination.descriptor().title
                );
                assert!(TEMPLATE.contains(&resource), "{resource}");
            }
        }
        assert!(TEMPLATE.contains("\n  ParkedQueue:\n    Type: AWS::SQS::Queue\n"));
    }
}
