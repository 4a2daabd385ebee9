//! What CloudFormation knows about the stack.

use std::collections::BTreeMap;

use crate::account::xml::{child, pairs, parse};
use crate::account::{DeployedStack, Error};

/// A deployed stack: its parameters, outputs and resources.
pub(super) struct Deployment {
    pub(super) status: String,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) outputs: BTreeMap<String, String>,
    resources: Vec<Resource>,
}

struct Resource {
    logical_id: String,
    physical_id: String,
    kind: String,
}

impl Deployment {
    pub(super) async fn read(stack: &DeployedStack) -> Result<Self, Error> {
        const DESCRIBE: &str = "DescribeStacks";
        let form = [("StackName".to_owned(), stack.name().to_owned())];
        let answer = stack.api().cloudformation(DESCRIBE, &form).await?;
        let document = parse(DESCRIBE, &answer)?;
        let status = document
            .descendants()
            .find(|node| node.tag_name().name() == "StackStatus")
            .and_then(|node| node.text());
        Ok(Self {
            status: status.unwrap_or_default().to_owned(),
            parameters: pairs(&document, "ParameterKey", "ParameterValue"),
            outputs: pairs(&document, "OutputKey", "OutputValue"),
            resources: resources(stack).await?,
        })
    }

    /// The name, URL or ARN of a resource; `None` if the stack has none, by a condition of the template.
    pub(super) fn physical_id(&self, logical_id: &str) -> Option<&str> {
        let found = self.resources.iter().find(|one| one.logical_id == logical_id);
        found.map(|one| one.physical_id.as_str())
    }

    /// The physical ids of all resources of a type.
    pub(super) fn of_type(&self, kind: &str) -> impl Iterator<Item = &str> {
        let of_kind = self.resources.iter().filter(move |one| one.kind == kind);
        of_kind.map(|one| one.physical_id.as_str())
    }

    /// Whether a parameter is `true`.
    pub(super) fn is_true(&self, parameter: &str) -> bool {
        self.parameters
            .get(parameter)
            .is_some_and(|value| value == "true")
    }
}

async fn resources(stack: &DeployedStack) -> Result<Vec<Resource>, Error> {
    const LIST: &str = "ListStackResources";
    let mut resources = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let mut form = vec![("StackName".to_owned(), stack.name().to_owned())];
        form.extend(next.take().map(|token| ("NextToken".to_owned(), token)));
        let answer = stack.api().cloudformation(LIST, &form).await?;
        let document = parse(LIST, &answer)?;
        let members = document
            .descendants()
            .filter(|node| node.tag_name().name() == "member");
        resources.extend(members.filter_map(|member| {
            Some(Resource {
                logical_id: child(member, "LogicalResourceId")?.to_owned(),
                physical_id: child(member, "PhysicalResourceId")?.to_owned(),
                kind: child(member, "ResourceType")?.to_owned(),
            })
        }));
        next = document
            .descendants()
            .find(|node| node.tag_name().name() == "NextToken")
            .and_then(|node| node.text())
            .map(str::to_owned);
        if next.is_none() {
            return Ok(resources);
        }
    }
}
