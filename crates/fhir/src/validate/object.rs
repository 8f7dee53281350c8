//! Members of an object against its definition: known, complete, once, and in the right shape.
//! <https://hl7.org/fhir/R4/json.html>
use super::path::Step;
use super::{Walk, text};
use crate::registry::{Definition, DefinitionId, Element, ElementType, Member, Primitive, registry};
use crate::resource::beside_primitive;
use crate::{IssueCode, TypeId};
use serde_json::{Map, Value};

/// Stands for members that no definition knows: they are content too. No type has so many elements.
const STRANGER: u128 = 1 << 127;

impl<'a> Walk<'a> {
    /// A resource: at the root, in a Bundle or in Parameters.
    pub(super) fn resource(&mut self, value: &'a Value) {
        let outer = self.enter_scope(value);
        self.resource_body(value);
        self.leave_scope(outer);
    }

    /// A resource that shares the scope it stands in: a contained one.
    pub(super) fn resource_body(&mut self, value: &'a Value) {
        let Some(members) = value.as_object() else {
            return self.report(IssueCode::Structure, "A resource must be a JSON object.");
        };
        match text(value, "resourceType").and_then(TypeId::of) {
            Some(type_id) => self.object(registry().resource_id(type_id), value, members),
            None => {
                let rule = "resourceType must name a FHIR R4 resource type.";
                self.report_at("resourceType", IssueCode::Structure, rule);
            }
        }
    }

    fn object(&mut self, id: DefinitionId, value: &'a Value, members: &'a Map<String, Value>) {
        if let Some(seen) = self.members(registry().definition(id), members) {
            self.object_invariants(id, seen, value);
        }
    }

    /// A bit for each element that is there.
    fn members(&mut self, definition: &'static Definition, members: &'a Map<String, Value>) -> Option<u128> {
        if members.is_empty() {
            self.report(IssueCode::Structure, "An object must not be empty; leave it out.");
            return None;
        }
        let mut seen = 0;
        for (name, value) in members {
            match definition.member(name) {
                Some(member) => self.member(definition, member, Some(value), members, &mut seen),
                None => self.other(definition, name, members, &mut seen),
            }
        }
        for missing in definition.missing(seen) {
            let rule = format!("{} is required here; give it a value.", shown(missing));
            self.report_at(missing.name, IssueCode::Required, rule);
        }
        Some(seen)
    }

    /// A member that is no element itself: `resourceType`, `_name`, or a mistake.
    fn other(
        &mut self,
        definition: &'static Definition,
        name: &'a str,
        members: &'a Map<String, Value>,
        seen: &mut u128,
    ) {
        let primitive = |member: &&Member| matches!(member.of, ElementType::Primitive(_));
        match name
            .strip_prefix('_')
            .map(|plain| (plain, definition.member(plain).filter(primitive)))
        {
            // It is looked at together with the member it belongs to.
            Some((plain, Some(_))) if members.contains_key(plain) => {}
            Some((_, Some(member))) => self.member(definition, member, None, members, seen),
            _ if name == "resourceType" && definition.resource.is_some() => {}
            _ => {
                let rule = format!(
                    "{} has no such element in FHIR R4; correct the name or remove it.",
                    definition.name
                );
                self.report_at(name, IssueCode::Structure, rule);
                *seen |= STRANGER;
            }
        }
    }

    fn member(
        &mut self,
        definition: &'static Definition,
        member: &'static Member,
        value: Option<&'a Value>,
        members: &'a Map<String, Value>,
        seen: &mut u128,
    ) {
        let element = definition.element(member);
        let bit = 1 << member.element;
        self.path.push(Step::Name(element.name));
        if *seen & bit != 0 {
            self.report(
                IssueCode::Structure,
                format!("Only one {} is allowed; keep one type.", shown(element)),
            );
        }
        *seen |= bit;
        let extra = match member.of {
            ElementType::Primitive(_) => beside_primitive(members, &member.name),
            _ => None,
        };
        match element.many {
            true => self.list(element, member, value, extra),
            false => self.single(element, member, value, extra),
        }
        self.path.pop();
    }

    fn single(
        &mut self,
        element: &'static Element,
        member: &Member,
        value: Option<&'a Value>,
        extra: Option<&'a Value>,
    ) {
        match value {
            Some(Value::Array(_)) => {
                self.report(
                    IssueCode::Structure,
                    "This element does not repeat; give one value, not an array.",
                );
            }
            Some(Value::Null) => self.report(
                IssueCode::Structure,
                "null is not a value; leave the element out.",
            ),
            _ => self.item(element, member.of, value, extra),
        }
    }

    fn list(
        &mut self,
        element: &'static Element,
        member: &Member,
        value: Option<&'a Value>,
        extra: Option<&'a Value>,
    ) {
        let (Some(values), Some(extras)) = (items(value), items(extra)) else {
            return self.report(
                IssueCode::Structure,
                "This element repeats; give an array, also for one value.",
            );
        };
        if values.is_empty() && extras.is_empty() {
            return self.report(
                IssueCode::Structure,
                "An array must not be empty; leave the element out.",
            );
        }
        if !extras.is_empty() && value.is_some() && extras.len() != values.len() {
            self.report(
                IssueCode::Structure,
                "The arrays of values and of their extensions must be of one length.",
            );
        }
        for place in 0..values.len().max(extras.len()) {
            self.path.push(Step::Place(place));
            let not_null = |list: &'a [Value]| list.get(place).filter(|item| !item.is_null());
            match (not_null(values), not_null(extras)) {
                (None, None) => {
                    self.report(
                        IssueCode::Structure,
                        "null stands only for a value or extension beside it.",
                    );
                }
                (value, extra) => self.item(element, member.of, value, extra),
            }
            self.path.pop();
        }
    }

    /// One value of an element, with what stands beside a primitive.
    fn item(
        &mut self,
        element: &'static Element,
        of: ElementType,
        value: Option<&'a Value>,
        extra: Option<&'a Value>,
    ) {
        if let ElementType::Primitive(primitive) = of {
            if let Some(value) = value {
                self.primitive(element, primitive, value);
            }
            if let Some(extra) = extra {
                self.beside(extra, value.is_some());
            }
            return self.element_invariants(element, of, value);
        }
        match (of, value) {
            (ElementType::Complex(id), Some(object @ Value::Object(members))) => {
                self.object(id, object, members);
                self.datatype(element, registry().definition(id).name, members);
                self.element_invariants(element, of, value);
            }
            (ElementType::Complex(_), _) => {
                self.report(
                    IssueCode::Structure,
                    "This element has members of its own; give a JSON object.",
                );
            }
            (_, Some(resource)) if element.name == "contained" => self.contained(resource),
            (_, Some(resource)) => self.resource(resource),
            (_, None) => {}
        }
    }

    /// `_name`: id and extensions of a primitive. Without a value the id alone is no content.
    fn beside(&mut self, extra: &'a Value, valued: bool) {
        let (Value::Object(members), Some(id)) = (extra, registry().definition_named("Element")) else {
            return self.report(
                IssueCode::Structure,
                "The member with _ holds an object with id or extension.",
            );
        };
        if let Some(seen) = self.members(registry().definition(id), members)
            && !valued
        {
            self.object_invariants(id, seen, extra);
        }
    }

    fn primitive(&mut self, element: &'static Element, primitive: Primitive, value: &'a Value) {
        if let Err(rule) = super::primitive::check(primitive, value) {
            return self.report(
                IssueCode::Value,
                format!("Not a valid {}: {rule}.", primitive.name()),
            );
        }
        let Some(text) = value.as_str() else { return };
        self.narrative(primitive, text);
        if element.binding.is_some_and(|codes| !codes.contains_code(text)) {
            let set = element.binding.map_or("", |codes| codes.name);
            let rule = format!("The code must be one of the value set http://hl7.org/fhir/ValueSet/{set}.");
            return self.report(IssueCode::CodeInvalid, rule);
        }
        if let Primitive::Canonical | Primitive::Uri | Primitive::Url = primitive {
            self.local_link(text);
        }
    }
}

fn items(value: Option<&Value>) -> Option<&[Value]> {
    value.map_or(Some(&[]), |value| value.as_array().map(Vec::as_slice))
}

fn shown(element: &Element) -> String {
    if element.choice {
        format!("{}[x]", element.name)
    } else {
        element.name.to_owned()
    }
}
