//! JSON as an ordered tree whose leaves keep their text, so that decimals and escapes survive what
//! is done around them. <https://hl7.org/fhir/R4/json.html#decimal>
//!
//! For text that was read as JSON before: patches and partial views work on it.
use serde::Deserialize;
use serde::de::{Error, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

#[derive(Clone, Debug, PartialEq)]
pub enum Node<'a> {
    /// A string, number, boolean or null as written.
    Leaf(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    Object(Vec<(String, Node<'a>)>),
}

pub const NULL: Node<'static> = Node::Leaf(Cow::Borrowed("null"));

impl<'a> Node<'a> {
    pub fn parse(text: &'a str) -> serde_json::Result<Node<'a>> {
        read(serde_json::from_str(text)?)
    }

    /// A JSON string.
    pub fn string(text: &str) -> Node<'static> {
        Node::Leaf(Value::from(text).to_string().into())
    }

    pub fn of_value(value: &Value) -> Node<'static> {
        match value {
            Value::Array(items) => Node::Array(items.iter().map(Node::of_value).collect()),
            Value::Object(members) => Node::Object(
                members
                    .iter()
                    .map(|(name, value)| (name.clone(), Node::of_value(value)))
                    .collect(),
            ),
            leaf => Node::Leaf(leaf.to_string().into()),
        }
    }

    pub fn into_owned(self) -> Node<'static> {
        match self {
            Node::Leaf(text) => Node::Leaf(text.into_owned().into()),
            Node::Array(items) => Node::Array(items.into_iter().map(Node::into_owned).collect()),
            Node::Object(members) => Node::Object(
                members
                    .into_iter()
                    .map(|(name, node)| (name, node.into_owned()))
                    .collect(),
            ),
        }
    }

    pub fn get(&self, name: &str) -> Option<&Node<'a>> {
        let members = self.members()?;
        members
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, node)| node)
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut Node<'a>> {
        let Node::Object(members) = self else { return None };
        members
            .iter_mut()
            .find(|(known, _)| known == name)
            .map(|(_, node)| node)
    }

    /// The member of that name, made as the last one when there is none. None where there are no
    /// members at all.
    pub fn member_mut(&mut self, name: &str, new: impl FnOnce() -> Node<'a>) -> Option<&mut Node<'a>> {
        let Node::Object(members) = self else { return None };
        let at = members.iter().position(|(known, _)| known == name);
        let at = at.unwrap_or_else(|| {
            members.push((name.to_owned(), new()));
            members.len() - 1
        });
        Some(&mut members[at].1)
    }

    pub fn remove(&mut self, name: &str) -> Option<Node<'a>> {
        let Node::Object(members) = self else { return None };
        let at = members.iter().position(|(known, _)| known == name)?;
        Some(members.remove(at).1)
    }

    pub fn members(&self) -> Option<&[(String, Node<'a>)]> {
        match self {
            Node::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The items of an array; of anything else none.
    pub fn items(&self) -> &[Node<'a>] {
        match self {
            Node::Array(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<String> {
        match self {
            Node::Leaf(text) => serde_json::from_str(text).ok(),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        *self == NULL
    }

    /// Equal as RFC 6902 means it: members in any order, numbers by value.
    pub fn same(&self, other: &Node) -> bool {
        self.alike(other, same_leaf)
    }

    /// The same save for white space, the order of members and how characters are escaped: 1.0 is
    /// not 1.00 here, since precision is content.
    pub fn says_the_same(&self, other: &Node) -> bool {
        self.alike(other, |a, b| {
            let said = |text: &str| serde_json::from_str::<String>(text).ok();
            said(a).is_some_and(|a| Some(a) == said(b))
        })
    }

    fn alike(&self, other: &Node, leaves: fn(&str, &str) -> bool) -> bool {
        match (self, other) {
            (Node::Leaf(a), Node::Leaf(b)) => a == b || leaves(a, b),
            (Node::Array(a), Node::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.alike(b, leaves))
            }
            (Node::Object(a), Node::Object(b)) => {
                let found = |(name, node): &(String, Node)| {
                    other.get(name).is_some_and(|other| node.alike(other, leaves))
                };
                a.len() == b.len() && a.iter().all(found)
            }
            _ => false,
        }
    }
}

fn same_leaf(a: &str, b: &str) -> bool {
    let read = |text| serde_json::from_str::<Value>(text).unwrap_or_default();
    match (read(a), read(b)) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

/// Compact JSON.
impl fmt::Display for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Leaf(text) => f.write_str(text),
            Node::Array(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if at == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Node::Object(members) => {
                f.write_str("{")?;
                for (at, (name, node)) in members.iter().enumerate() {
                    write!(f, "{}{}:{node}", if at == 0 { "" } else { "," }, quoted(name))?;
                }
                f.write_str("}")
            }
        }
    }
}

fn quoted(name: &str) -> String {
    Value::from(name).to_string()
}

/// Each level is read as raw text first, since only raw text has numbers as written.
fn read(raw: &RawValue) -> serde_json::Result<Node<'_>> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'{') => {
            let RawMembers(members) = serde_json::from_str(text)?;
            let members = members.into_iter().map(|(name, raw)| Ok((name, read(raw)?)));
            Ok(Node::Object(members.collect::<serde_json::Result<_>>()?))
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            Ok(Node::Array(
                items.into_iter().map(read).collect::<serde_json::Result<_>>()?,
            ))
        }
        _ => Ok(Node::Leaf(text.into())),
    }
}

/// Of one object: members are found by looking at each, and R4 has some eighty of them at most.
const MEMBERS: usize = 256;

struct RawMembers<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for RawMembers<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawMembers<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut all: Vec<(String, &'de RawValue)> = Vec::new();
        while let Some((name, value)) = members.next_entry::<String, _>()? {
            if all.len() == MEMBERS {
                return Err(A::Error::custom("an object has more members than any in R4"));
            }
            if all.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom("a member is there twice"));
            }
            all.push((name, value));
        }
        Ok(RawMembers(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_keep_their_text() {
        let text = r#"{"a":1.10,"b":[1e3,"x\u00e9\"",null,{}],"c":{"d":true}}"#;
        assert_eq!(Node::parse(text).unwrap().to_string(), text);
    }

    #[test]
    fn equality_is_by_value() {
        let of = |text: &'static str| Node::parse(text).unwrap();
        assert!(of(r#"{"a":1.0,"b":"\u0041"}"#).same(&of(r#"{"b":"A","a":1}"#)));
        assert!(!of("[1,2]").same(&of("[2,1]")));
        assert!(!of("\"1\"").same(&of("1")));
    }
}
