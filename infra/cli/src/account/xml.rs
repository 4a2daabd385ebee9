//! Answers in XML.

use std::collections::BTreeMap;

use roxmltree::{Document, Node};

use super::Error;

/// Reads an answer.
pub(crate) fn parse<'a>(operation: &str, answer: &'a str) -> Result<Document<'a>, Error> {
    Document::parse(answer).map_err(|error| Error::Unexpected {
        operation: operation.to_owned(),
        detail: error.to_string(),
    })
}

/// The text of an element's child.
pub(crate) fn child<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let found = node.children().find(|child| child.tag_name().name() == name)?;
    Some(found.text().unwrap_or_default())
}

/// What the members of a document say by key.
pub(crate) fn pairs(document: &Document<'_>, key: &str, value: &str) -> BTreeMap<String, String> {
    let members = document
        .descendants()
        .filter(|node| node.tag_name().name() == "member");
    members
        .filter_map(|member| Some((child(member, key)?.to_owned(), child(member, value)?.to_owned())))
        .collect()
}
