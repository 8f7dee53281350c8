//! Reading `elements.tsv`: sections with a base, a line per element.
use super::elements::{Definition, DefinitionId, Element, ElementType, Member, Places};
use super::invariants::{self, InvariantId};
use super::{Primitive, TypeId, ValueSet};
use std::collections::HashMap;

/// The table as read: sections by name with base and lines.
pub(super) struct Sections {
    pub(super) names: Vec<&'static str>,
    pub(super) ids: HashMap<&'static str, DefinitionId>,
    content: HashMap<&'static str, (&'static str, Vec<&'static str>)>,
    invariants: HashMap<&'static str, Vec<InvariantId>>,
}

impl Sections {
    pub(super) fn read(table: &'static str) -> Sections {
        let mut sections = Sections {
            names: Vec::new(),
            ids: HashMap::new(),
            content: HashMap::new(),
            invariants: invariants::by_path(),
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

    pub(super) fn definition(&self, name: &'static str) -> Definition {
        let elements: Vec<Element> = self
            .lines(name)
            .into_iter()
            .map(|(section, line)| self.element(section, line))
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
            places: places(&members),
            members,
            required,
            invariants: self.invariants(name),
        }
    }

    /// Those of the bases first.
    fn invariants(&self, name: &str) -> Vec<InvariantId> {
        let Some((base, _)) = self.content.get(name) else {
            return Vec::new();
        };
        let mut all = self.invariants(base);
        all.extend(self.invariants.get(name).into_iter().flatten());
        all
    }

    /// An element with members of its own has its constraints in their section.
    fn element_invariants(&self, section: &str, element: &str) -> Vec<InvariantId> {
        let path = format!("{section}.{element}");
        match self.invariants.get(path.as_str()) {
            Some(ids) if !self.ids.contains_key(path.as_str()) => ids.clone(),
            _ => Vec::new(),
        }
    }

    /// Lines with the section they stand in, those of the bases first.
    fn lines<'n>(&self, name: &'n str) -> Vec<(&'n str, &'static str)> {
        let Some((base, own)) = self.content.get(name) else {
            return Vec::new();
        };
        let mut lines = self.lines(base);
        lines.extend(own.iter().map(|line| (name, *line)));
        lines
    }

    fn element(&self, section: &str, line: &'static str) -> Element {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().unwrap_or_default();
        let (name, min, max, types, binding) = (cell(), cell(), cell(), cell(), cell());
        let flags = cell();
        Element {
            name: name.trim_end_matches("[x]"),
            required: min != "0",
            many: max == "*",
            choice: name.ends_with("[x]"),
            types: types.split('|').map(|of| self.element_type(of)).collect(),
            targets: targets(types),
            binding: ValueSet::named(binding),
            summary: flags.contains('s'),
            modifier: flags.contains('m'),
            invariants: self.element_invariants(section, name),
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

fn places(members: &[Member]) -> Places {
    let places = members.iter().enumerate();
    places.map(|(at, member)| (member.name.clone(), at)).collect()
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
