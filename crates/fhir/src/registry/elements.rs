//! Elements of resources, data types and backbone elements.
//! <https://hl7.org/fhir/R4/elementdefinition.html>
use super::{Primitive, TypeId, ValueSet};
use std::collections::HashMap;

/// Place of a definition in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DefinitionId(u16);

/// A resource, data type, or backbone element (named by its path).
#[derive(Debug)]
pub struct Definition {
    pub name: &'static str,
    /// None for data types and backbone elements.
    pub resource: Option<TypeId>,
    /// Own and inherited elements.
    pub elements: Vec<Element>,
    /// The same by JSON member name, sorted; a choice has a member per type.
    members: Vec<Member>,
    /// A bit per element that must be there.
    required: u128,
}

#[derive(Clone, Debug)]
pub struct Element {
    /// Without `[x]`.
    pub name: &'static str,
    pub required: bool,
    pub many: bool,
    pub choice: bool,
    pub types: Vec<ElementType>,
    /// What references here may point to; empty means anything.
    pub targets: Vec<TypeId>,
    /// Codes of a required binding with a closed list.
    pub binding: Option<&'static ValueSet>,
}

/// A member of the JSON object.
#[derive(Debug)]
pub struct Member {
    pub name: Box<str>,
    /// Index into [`Definition::elements`].
    pub element: usize,
    pub of: ElementType,
}

/// What an element may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    Primitive(Primitive),
    /// A data type or backbone element.
    Complex(DefinitionId),
    /// Any resource: contained, or in a Bundle or Parameters.
    Resource,
}

impl Definition {
    /// The member of that JSON name.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members
            .binary_search_by(|member| (*member.name).cmp(name))
            .ok()
            .map(|at| &self.members[at])
    }

    /// The elements that must be there and whose bit is not in `seen`.
    pub fn missing(&self, seen: u128) -> impl Iterator<Item = &Element> {
        let missing = self.required & !seen;
        self.elements
            .iter()
            .enumerate()
            .filter(move |(at, _)| missing >> at & 1 == 1)
            .map(|(_, element)| element)
    }

    pub fn element(&self, member: &Member) -> &Element {
        &self.elements[member.element]
    }

    /// The members an element may appear as: one, or one per type of a choice.
    pub fn members_of<'a>(&'a self, element: &'a str) -> impl Iterator<Item = &'a Member> {
        self.members
            .iter()
            .filter(move |member| self.element(member).name == element)
    }
}

pub(super) struct Definitions {
    all: Vec<Definition>,
    by_name: HashMap<&'static str, DefinitionId>,
    by_type: Vec<DefinitionId>,
}

impl Definitions {
    pub(super) fn load() -> Definitions {
        let sections = Sections::read(include_str!("../../data/elements.tsv"));
        let all: Vec<Definition> = sections
            .names
            .iter()
            .map(|name| sections.definition(name))
            .collect();
        let by_type = TypeId::all()
            .filter_map(|type_id| sections.ids.get(type_id.name()).copied())
            .collect();
        Definitions {
            all,
            by_name: sections.ids,
            by_type,
        }
    }

    pub(super) fn get(&self, id: DefinitionId) -> &Definition {
        &self.all[usize::from(id.0)]
    }

    pub(super) fn resource(&self, type_id: TypeId) -> &Definition {
        self.get(self.resource_id(type_id))
    }

    pub(super) fn resource_id(&self, type_id: TypeId) -> DefinitionId {
        self.by_type[usize::from(type_id.0)]
    }

    pub(super) fn named(&self, name: &str) -> Option<DefinitionId> {
        self.by_name.get(name).copied()
    }
}

/// The table as read: sections by name with base and lines.
struct Sections {
    names: Vec<&'static str>,
    ids: HashMap<&'static str, DefinitionId>,
    content: HashMap<&'static str, (&'static str, Vec<&'static str>)>,
}

impl Sections {
    fn read(table: &'static str) -> Sections {
        let mut sections = Sections {
            names: Vec::new(),
            ids: HashMap::new(),
            content: HashMap::new(),
        };
        for section in table.split('#').skip(1) {
            let (head, lines) = section.split_once('\n').unwrap_or((section, ""));
            let (name, base) = head.split_once('\t').unwrap_or((head, ""));
            let place = u16::try_from(sections.names.len()).expect("R4 has fewer than 2^16 definitions");
            sections.ids.insert(name, DefinitionId(place));
            sections.names.push(name);
            sections.content.insert(name, (base, lines.lines().collect()));
        }
        sections
    }

    fn definition(&self, name: &'static str) -> Definition {
        let elements: Vec<Element> = self
            .lines(name)
            .into_iter()
            .map(|line| self.element(line))
            .collect();
        let each = elements
            .iter()
            .enumerate()
            .flat_map(|(at, element)| members(at, element, &self.names));
        let mut members: Vec<Member> = each.collect();
        members.sort_by(|a, b| a.name.cmp(&b.name));
        let bits = elements
            .iter()
            .enumerate()
            .map(|(at, element)| u128::from(element.required) << at);
        let required = bits.fold(0, |all, bit| all | bit);
        Definition {
            name,
            resource: TypeId::of(name),
            elements,
            members,
            required,
        }
    }

    /// Lines of the bases first.
    fn lines(&self, name: &str) -> Vec<&'static str> {
        let Some((base, own)) = self.content.get(name) else {
            return Vec::new();
        };
        let mut lines = self.lines(base);
        lines.extend(own);
        lines
    }

    fn element(&self, line: &'static str) -> Element {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().unwrap_or_default();
        let (name, min, max, types, binding) = (cell(), cell(), cell(), cell(), cell());
        Element {
            name: name.trim_end_matches("[x]"),
            required: min != "0",
            many: max == "*",
            choice: name.ends_with("[x]"),
            types: types.split('|').map(|of| self.element_type(of)).collect(),
            targets: targets(types),
            binding: ValueSet::named(binding),
        }
    }

    fn element_type(&self, of: &str) -> ElementType {
        let name = of.split('(').next().unwrap_or(of);
        match Primitive::of(name) {
            Some(primitive) => ElementType::Primitive(primitive),
            None if name == "Resource" => ElementType::Resource,
            None => ElementType::Complex(self.ids[name]),
        }
    }
}

/// The names between the parentheses of `Reference(Patient Group)`.
fn targets(types: &str) -> Vec<TypeId> {
    let inside = types.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    inside.map_or_else(Vec::new, |(names, _)| {
        names.split(' ').filter_map(TypeId::of).collect()
    })
}

fn members(at: usize, element: &Element, names: &[&'static str]) -> Vec<Member> {
    let name = |of: &ElementType| match (element.choice, of) {
        (false, _) => element.name.into(),
        (true, ElementType::Primitive(primitive)) => joined(element.name, primitive.name()),
        (true, ElementType::Complex(id)) => joined(element.name, names[usize::from(id.0)]),
        (true, ElementType::Resource) => joined(element.name, "Resource"),
    };
    element
        .types
        .iter()
        .map(|of| Member {
            name: name(of),
            element: at,
            of: *of,
        })
        .collect()
}

/// `value` and `dateTime` make `valueDateTime`.
fn joined(element: &str, of: &str) -> Box<str> {
    let (first, rest) = of.split_at(1);
    format!("{element}{}{rest}", first.to_ascii_uppercase()).into()
}
