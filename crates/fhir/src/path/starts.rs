//! The members of a resource that an expression starts from. Most search parameters of a type are
//! about elements that a resource does not have: that is seen at once, without a walk.
use super::ast::{Node, Operator};
use super::function::Function;
use serde_json::Value;

/// Names of members without which the expression selects nothing from a resource; none where it
/// may select something all the same.
pub(super) fn starts(node: &Node) -> Option<Vec<String>> {
    match node {
        Node::Member(of, name) if is_type(of) => Some(vec![name.clone()]),
        Node::Member(of, _) | Node::As(of, _) | Node::At(of, _) => starts(of),
        Node::Call(Some(of), Function::Where | Function::OfType | Function::Extension, _) => starts(of),
        Node::Binary(Operator::Union, left, right) => {
            let mut all = starts(left)?;
            all.extend(starts(right)?);
            Some(all)
        }
        _ => None,
    }
}

fn is_type(node: &Node) -> bool {
    matches!(node, Node::Root(name) if name.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// Whether the resource has one of them: plain, as a choice, or as what stands beside a primitive.
pub(super) fn any(resource: &Value, names: &[String]) -> bool {
    let Some(members) = resource.as_object() else {
        return true;
    };
    members.keys().any(|member| {
        let member = member.strip_prefix('_').unwrap_or(member);
        names.iter().any(|name| member.starts_with(name.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::Expr;
    use super::{any, starts};
    use crate::path::parse::parse;
    use serde_json::json;

    #[test]
    fn an_expression_starts_from_members_or_may_select_all_the_same() {
        let of = |text| starts(&parse(text).expect("an expression"));
        let some = |names: &[&str]| Some(names.iter().map(|name| (*name).to_string()).collect());
        assert_eq!(
            of("Observation.component.value as Quantity"),
            some(&["component"])
        );
        assert_eq!(
            of("Patient.name.given | Patient.link[0].other"),
            some(&["name", "link"])
        );
        assert_eq!(
            of("Observation.subject.where(resolve() is Patient)"),
            some(&["subject"])
        );
        assert_eq!(
            of("Patient.deceased.exists() and Patient.deceased != false"),
            None
        );
        assert_eq!(of("Patient.name | Patient.id.empty()"), None);
        assert_eq!(of("Patient.name.empty()"), None);
        assert_eq!(of("name.given"), None);
        assert_eq!(of("Observation"), None);
    }

    #[test]
    fn choices_and_what_stands_beside_a_primitive_count() {
        let names = ["value".to_string(), "status".to_string()];
        assert!(any(&json!({"valueQuantity": {}}), &names));
        assert!(any(&json!({"_status": {}}), &names));
        assert!(!any(&json!({"code": {}, "_code": {}}), &names));
        let beside =
            json!({"resourceType": "Patient", "_birthDate": {"extension": [{"url": "u", "valueCode": "x"}]}});
        let path = Expr::compile("Patient.birthDate.extension('u').value").expect("a path");
        assert_eq!(path.evaluate(&beside, &Default::default()).len(), 1);
    }
}
