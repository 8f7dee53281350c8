//! What is said when a token may not write something. None of it depends on what is hidden.
use super::Access;
use fhir::{Issue, IssueCode, TypeId};
use store::{StoreError, Stored, Wish};

fn refused((type_id, id): (TypeId, &str), status: u16, issues: Vec<Issue>) -> StoreError {
    StoreError::Refused {
        type_id,
        id: id.to_owned(),
        status,
        issues,
    }
}

fn forbidden(name: (TypeId, &str), text: String) -> StoreError {
    refused(name, 403, vec![Issue::error(IssueCode::Forbidden, text)])
}

/// An update names an id, so a new one would tell whether there was something under it.
pub fn not_there(wish: &Wish) -> StoreError {
    let text = format!(
        "There is no {} with this id; a token that opens only some cannot choose the id of a new one: create it by POST",
        wish.type_id.name()
    );
    let issue = Issue::error(IssueCode::NotFound, text);
    refused((wish.type_id, wish.id), 404, vec![issue])
}

pub fn only_to_look_at(stored: &Stored, access: Access) -> StoreError {
    let text = format!(
        "The access token opens this {}, but not to be {}",
        stored.type_id.name(),
        done(access)
    );
    forbidden((stored.type_id, &stored.id), text)
}

fn done(access: Access) -> &'static str {
    match access {
        Access::Delete => "deleted",
        _ => "changed",
    }
}

pub fn out_of_reach(wish: &Wish, access: Access) -> StoreError {
    let text = format!(
        "As sent this {} would not be one that the access token opens with `{}`: it must belong to a patient of the token and fit the query of the scope",
        wish.type_id.name(),
        access.letter()
    );
    forbidden((wish.type_id, wish.id), text)
}

pub fn moved(wish: &Wish) -> StoreError {
    let text = format!(
        "This would take the {} away from a patient it belongs to, which needs a token for the whole system",
        wish.type_id.name()
    );
    forbidden((wish.type_id, wish.id), text)
}

/// Enforced or not, hidden or absent: one text.
pub fn leads_nowhere(wish: &Wish, expressions: Vec<String>) -> StoreError {
    let rule = "This reference leads to nothing that the access token opens; refer to what it can read, or leave it out";
    let issue = |at: String| Issue::error(IssueCode::BusinessRule, rule).at(at);
    refused(
        (wish.type_id, wish.id),
        422,
        expressions.into_iter().map(issue).collect(),
    )
}

pub fn referrers_hidden(wish: &Wish) -> StoreError {
    let text = format!(
        "This server keeps references whole, and the access token does not open all that may refer to this {}; deleting it needs a token for the whole system",
        wish.type_id.name()
    );
    forbidden((wish.type_id, wish.id), text)
}
