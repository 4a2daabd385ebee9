//! What a record is made of: the writer's schema, and no other (CF-055).

use crate::limits::{FIELDS, LEVELS, NAME_BYTES, NODES};
use event::json::{Json, Kind, Object, write_string};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Why a schema cannot be used. Who writes the file must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SchemaFault {
    /// It is no JSON, or no schema.
    #[error("the schema in the file's header is no Avro schema")]
    NoSchema,
    /// Its root is no record.
    #[error("the file's schema is not that of a record")]
    NoRecord,
    /// It is over one of the [`crate::limits`].
    #[error("the file's schema is too large")]
    TooLarge,
    /// It is nested deeper than [`LEVELS`].
    #[error("the file's schema is nested deeper than 16 levels")]
    Deep,
}

/// A type, with the places of the types below it. Its name is that of Avro.
pub(crate) enum Node {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
    /// The symbols, as JSON text.
    Enum(Vec<String>),
    Array(usize),
    Map(usize),
    Union(Vec<usize>),
    Record(Vec<Field>),
}

/// A field of a record. Fields that can be nothing but null have no bytes and no text, so they are left out.
pub struct Field {
    /// The key of a value in each record.
    pub name: String,
    /// `"name":`
    pub(crate) key: String,
    pub(crate) node: usize,
}

/// A schema whose root is a record.
pub struct Schema {
    /// The full name of the root, such as `dataexport.S3.inner.users.messages.email.Open`.
    pub name: String,
    pub(crate) nodes: Vec<Node>,
    /// The place of the root.
    root: usize,
}

impl Schema {
    /// Reads the text of a schema.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn parse(text: &str) -> Result<Self, SchemaFault> {
        let json = Json::parse(text).map_err(|_| SchemaFault::NoSchema)?;
        let mut reading = Reading::default();
        let root = reading.node(json, "", 1)?;
        let name = match (reading.nodes.get(root), json.as_object()) {
            (Some(Node::Record(_)), Some(object)) => full_name(&object, "")?,
            _ => return Err(SchemaFault::NoRecord),
        };
        Ok(Self {
            name,
            nodes: reading.nodes,
            root,
        })
    }

    /// The fields of the root, in order.
    pub fn fields(&self) -> &[Field] {
        match self.nodes.get(self.root) {
            Some(Node::Record(fields)) => fields,
            _ => &[],
        }
    }

    /// Whether a field is a string, or a union that has one.
    pub fn may_be_string(&self, field: &Field) -> bool {
        match self.nodes.get(field.node) {
            Some(Node::String) => true,
            Some(Node::Union(branches)) => branches
                .iter()
                .any(|branch| matches!(self.nodes.get(*branch), Some(Node::String))),
            _ => false,
        }
    }
}

#[derive(Default)]
struct Reading {
    nodes: Vec<Node>,
    named: BTreeMap<String, usize>,
    fields: usize,
    /// Types and symbols.
    count: usize,
}

impl Reading {
    fn node(&mut self, json: Json<'_>, namespace: &str, level: usize) -> Result<usize, SchemaFault> {
        if level > LEVELS {
            return Err(SchemaFault::Deep);
        }
        match json.kind() {
            Kind::String => {
                let name = json.as_str().ok_or(SchemaFault::NoSchema)?;
                match primitive(&name) {
                    Some(node) => self.push(node),
                    None => self.of_name(&name, namespace),
                }
            }
            Kind::Array => {
                let branches = json.as_array().ok_or(SchemaFault::NoSchema)?;
                let read = branches
                    .into_iter()
                    .map(|branch| self.node(branch, namespace, level + 1));
                let branches = read.collect::<Result<_, _>>()?;
                self.push(Node::Union(branches))
            }
            Kind::Object => {
                let object = json.as_object().ok_or(SchemaFault::NoSchema)?;
                self.of_object(&object, namespace, level)
            }
            _ => Err(SchemaFault::NoSchema),
        }
    }

    fn of_object(
        &mut self,
        object: &Object<'_>,
        namespace: &str,
        level: usize,
    ) -> Result<usize, SchemaFault> {
        let kind = object.get("type").ok_or(SchemaFault::NoSchema)?;
        let Some(word) = kind.as_str() else {
            // A type in a type: `{"type": {"type": "array", ...}}`.
            return self.node(kind, namespace, level + 1);
        };
        let below = |key: &str| object.get(key).ok_or(SchemaFault::NoSchema);
        match word.as_ref() {
            "array" => {
                let items = self.node(below("items")?, namespace, level + 1)?;
                self.push(Node::Array(items))
            }
            "map" => {
                let values = self.node(below("values")?, namespace, level + 1)?;
                self.push(Node::Map(values))
            }
            "fixed" => {
                let size = below("size")?.as_number().and_then(|size| size.parse().ok());
                let node = Node::Fixed(size.ok_or(SchemaFault::NoSchema)?);
                self.push_named(node, object, namespace)
            }
            "enum" => {
                let symbols = below("symbols")?.as_array().ok_or(SchemaFault::NoSchema)?;
                self.count = self.count.saturating_add(symbols.len());
                let text = |symbol: Json<'_>| match symbol.as_str() {
                    Some(symbol) => Ok(json_string(&symbol)),
                    None => Err(SchemaFault::NoSchema),
                };
                let symbols = symbols.into_iter().map(text).collect::<Result<_, _>>()?;
                self.push_named(Node::Enum(symbols), object, namespace)
            }
            "record" | "error" => self.record(object, namespace, level),
            name => match primitive(name) {
                Some(node) => self.push(node),
                None => self.of_name(name, namespace),
            },
        }
    }

    fn record(&mut self, object: &Object<'_>, namespace: &str, level: usize) -> Result<usize, SchemaFault> {
        let name = full_name(object, namespace)?;
        // Named before its fields are read, since they may have it as their type.
        let place = self.push_named(Node::Record(Vec::new()), object, namespace)?;
        let namespace = name.rsplit_once('.').map_or("", |(namespace, _)| namespace);
        let list = object.get("fields").and_then(Json::as_array);
        let list = list.ok_or(SchemaFault::NoSchema)?;
        self.fields = self.fields.saturating_add(list.len());
        if self.fields > FIELDS {
            return Err(SchemaFault::TooLarge);
        }
        let mut fields = Vec::with_capacity(list.len());
        for field in list {
            let field = field.as_object().ok_or(SchemaFault::NoSchema)?;
            let name = field.get("name").and_then(Json::as_str);
            let name = name.ok_or(SchemaFault::NoSchema)?;
            let node = field.get("type").ok_or(SchemaFault::NoSchema)?;
            let node = self.node(node, namespace, level + 1)?;
            if !matches!(self.nodes.get(node), Some(Node::Null)) {
                fields.push(Field {
                    key: json_string(&name) + ":",
                    name: name.into_owned(),
                    node,
                });
            }
        }
        if let Some(node) = self.nodes.get_mut(place) {
            *node = Node::Record(fields);
        }
        Ok(place)
    }

    fn of_name(&self, name: &str, namespace: &str) -> Result<usize, SchemaFault> {
        let place = self.named.get(qualified(name, namespace)?.as_ref());
        place.copied().ok_or(SchemaFault::NoSchema)
    }

    fn push_named(&mut self, node: Node, object: &Object<'_>, namespace: &str) -> Result<usize, SchemaFault> {
        let name = full_name(object, namespace)?;
        let place = self.push(node)?;
        match self.named.insert(name, place) {
            None => Ok(place),
            // Two types of one name: which of them a later use means cannot be known.
            Some(_) => Err(SchemaFault::NoSchema),
        }
    }

    fn push(&mut self, node: Node) -> Result<usize, SchemaFault> {
        self.count = self.count.saturating_add(1);
        if self.count > NODES {
            return Err(SchemaFault::TooLarge);
        }
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }
}

fn primitive(name: &str) -> Option<Node> {
    Some(match name {
        "null" => Node::Null,
        "boolean" => Node::Boolean,
        "int" => Node::Int,
        "long" => Node::Long,
        "float" => Node::Float,
        "double" => Node::Double,
        "bytes" => Node::Bytes,
        "string" => Node::String,
        _ => return None,
    })
}

fn json_string(text: &str) -> String {
    let mut json = String::new();
    write_string(&mut json, text);
    json
}

/// The full name that a definition gives itself.
fn full_name(object: &Object<'_>, namespace: &str) -> Result<String, SchemaFault> {
    let name = object.get("name").and_then(Json::as_str);
    let name = name.ok_or(SchemaFault::NoSchema)?;
    let own = object.get("namespace").and_then(Json::as_str);
    Ok(qualified(&name, own.as_deref().unwrap_or(namespace))?.into_owned())
}

/// A name with a dot is a full name already.
fn qualified<'n>(name: &'n str, namespace: &str) -> Result<Cow<'n, str>, SchemaFault> {
    let full = if namespace.is_empty() || name.contains('.') {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(format!("{namespace}.{name}"))
    };
    if full.len() <= NAME_BYTES {
        Ok(full)
    } else {
        Err(SchemaFault::TooLarge)
    }
}
