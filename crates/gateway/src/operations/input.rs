//! What an operation is given: the query string, a Parameters resource, or one resource alone.
//! <https://hl7.org/fhir/R4/operations.html#request>
use super::{Kind, Operation};
use crate::error::ApiError;
use crate::routes::query;
use actix_web::http::StatusCode;
use fhir::registry::CustomParams;
use fhir::tree::Node;
use fhir::{Issue, IssueCode, Resource, TypeId, registry};
use serde_json::Value;

/// Only parameters that the operation has.
#[derive(Debug, Default)]
pub struct Input {
    /// Primitives by name, in order, from address and body.
    pub pairs: Vec<(String, String)>,
    pub complex: Vec<(String, Node<'static>)>,
    /// The text of the parameter `resource`.
    pub resource: Option<String>,
}

impl Input {
    pub fn read(
        operation: &Operation,
        (on, custom): (TypeId, &CustomParams),
        mut pairs: Vec<(String, String)>,
        body: &[u8],
    ) -> Result<Input, ApiError> {
        pairs.retain(|(name, _)| name != "_format" && name != "_pretty");
        let mut input = Input {
            pairs,
            ..Input::default()
        };
        if !body.is_empty() {
            input.add(operation, body)?;
        }
        let unknown: Vec<Issue> = input
            .names()
            .filter(|name| !knows(operation, (on, custom), name))
            .map(|name| unsupported(operation, name))
            .collect();
        if unknown.is_empty() {
            Ok(input)
        } else {
            Err(ApiError::with(StatusCode::BAD_REQUEST, unknown))
        }
    }

    pub fn first(&self, name: &str) -> Option<&str> {
        query::first(&self.pairs, name)
    }

    /// A whole number from 1.
    pub fn number(&self, name: &str) -> Result<Option<usize>, ApiError> {
        let read = |text: &str| text.parse().ok().filter(|number| *number > 0);
        let value = self.first(name);
        value
            .map(|text| {
                let rule = format!("The parameter {name} takes a whole number from 1");
                read(text).ok_or_else(|| ApiError::bad_request(IssueCode::Value, rule))
            })
            .transpose()
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let resource = self.resource.as_ref().map(|_| "resource");
        let pairs = self.pairs.iter().map(|(name, _)| name.as_str());
        let complex = self.complex.iter().map(|(name, _)| name.as_str());
        pairs.chain(complex).chain(resource)
    }

    fn add(&mut self, operation: &Operation, body: &[u8]) -> Result<(), ApiError> {
        let resource = crate::routes::body::parsed(body)?;
        if resource.type_id.name() != "Parameters" {
            let takes = operation
                .parameters
                .iter()
                .any(|parameter| parameter.kind == Kind::Resource);
            if !takes {
                return Err(malformed("The body is a Parameters resource", "Parameters"));
            }
            self.resource = Some(resource.text);
            return Ok(());
        }
        self.parameters(&resource)
    }

    fn parameters(&mut self, resource: &Resource) -> Result<(), ApiError> {
        let tree = Node::parse(&resource.text)
            .map_err(|_| malformed("The Parameters cannot be read", "Parameters"))?;
        let each = tree.get("parameter").map_or(&[][..], Node::items);
        for (at, parameter) in each.iter().enumerate() {
            self.one(parameter).ok_or_else(|| {
                let rule = "A parameter has a name, and value[x] or resource";
                malformed(rule, &format!("Parameters.parameter[{at}]"))
            })?;
        }
        Ok(())
    }

    fn one(&mut self, parameter: &Node) -> Option<()> {
        let name = parameter.get("name")?.as_str()?;
        if let Some(resource) = parameter.get("resource") {
            self.resource = Some(resource.to_string()).filter(|_| name == "resource");
            return self.resource.as_ref().map(|_| ());
        }
        let (_, value) = parameter
            .members()?
            .iter()
            .find(|(name, _)| name.starts_with("value"))?;
        match value {
            Node::Leaf(text) => self.pairs.push((name, plain(text)?)),
            value => self.complex.push((name, value.clone().into_owned())),
        }
        Some(())
    }
}

/// The text of a string, number or boolean.
fn plain(leaf: &str) -> Option<String> {
    match serde_json::from_str(leaf).ok()? {
        Value::String(text) => Some(text),
        Value::Null => None,
        _ => Some(leaf.to_owned()),
    }
}

fn knows(operation: &Operation, (on, custom): (TypeId, &CustomParams), name: &str) -> bool {
    let code = name.split([':', '.']).next().unwrap_or(name);
    let is_param = || registry().param(on, code).is_some() || custom.find(on, code).is_some();
    let searched = operation.searches && (code == "_has" || is_param());
    searched
        || operation
            .parameters
            .iter()
            .any(|parameter| parameter.name == name)
}

fn unsupported(operation: &Operation, name: &str) -> Issue {
    let name: String = name.chars().filter(|c| c.is_ascii_graphic()).take(40).collect();
    let known: Vec<&str> = operation
        .parameters
        .iter()
        .map(|parameter| parameter.name)
        .collect();
    let known = match known.is_empty() {
        true => "no parameters".to_owned(),
        false => known.join(", "),
    };
    let text = format!("${} has no parameter `{name}`; it takes {known}", operation.code);
    Issue::error(IssueCode::NotSupported, text)
}

fn malformed(rule: &str, expression: &str) -> ApiError {
    let issue = Issue::error(IssueCode::Structure, rule).at(expression);
    ApiError::with(StatusCode::BAD_REQUEST, vec![issue])
}
