//! Elements of resources, data types and backbone elements.
//! <https://hl7.org/fhir/R4/elementdefinition.html>
use super::sections::Sections;
use super::{InvariantId, Primitive, TypeId, ValueSet};
use rustc_hash::FxHashMap;
use std::collections::HashMap;

/// Place of a definition in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DefinitionId(pub(super) u16);

impl DefinitionId {
    /// Place in [`super::Registry::definitions`].
    pub fn place(self) -> usize {
        usize::from(self.0)
    }
}

/// A resource, data type, or backbone element (named by its path).
#[derive(Debug)]
pub struct Definition {
    pub name: &'static str,
    /// None for data types and backbone elements.
    pub resource: Option<TypeId>,
    /// Own and inherited elements.
    pub elements: Vec<Element>,
    /// The same by JSON member name, sorted; a choice has a member per type.
    pub(super) members: Vec<Member>,
    /// Where a member stands among them: asked for every member of every resource.
    pub(super) places: Places,
    /// A bit per element that must be there.
    pub(super) required: u128,
    /// Own and inherited constraints.
    pub invariants: Vec<InvariantId>,
}

pub(super) type Places = FxHashMap<Box<str>, usize>;

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
    /// Part of `_summary=true`.
    pub summary: bool,
    /// Changes what the rest means, so no partial view may leave it out.
    pub modifier: bool,
    /// Constraints on this element beside those of its type.
    pub invariants: Vec<InvariantId>,
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
        self.places.get(name).map(|at| &self.members[*at])
    }

    /// The bit that stands for the element of that name, as [`Definition::missing`] counts them.
    pub fn bit(&self, element: &str) -> Option<u128> {
        let at = self.elements.iter().position(|known| known.name == element)?;
        Some(1 << at)
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

    /// All members, by name.
    pub fn members(&self) -> &[Member] {
        &self.members
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

    pub(super) fn all(&self) -> &[Definition] {
        &self.all
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
