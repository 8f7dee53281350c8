//! `$validate`: what would be said to a create, update or delete.
//! <https://hl7.org/fhir/R4/resource-operation-validate.html>
//!
//! The answer is 200 with an OperationOutcome, whatever it says: the request itself succeeded.
use super::Invocation;
use crate::auth::Access;
use crate::error::ApiError;
use crate::routes::criteria::no_conditional_references;
use crate::routes::{Reply, body, read, update, visible};
use fhir::outcome::operation_outcome;
use fhir::validate::examine;
use fhir::{Issue, IssueCode, Resource};
use store::Tx;

pub async fn run(invocation: Invocation) -> Result<Reply, ApiError> {
    let sent = invocation.input.resource.as_deref();
    let mut issues = match (invocation.input.first("mode"), sent) {
        (None | Some("create" | "update" | "profile"), Some(text)) => sent_resource(&invocation, text)?,
        (None | Some("profile"), None) => stored(&invocation).await?,
        (Some("delete"), _) => deletion(&invocation).await?,
        (Some("create" | "update"), None) => {
            return Err(refused("This mode needs the resource that would be sent"));
        }
        (Some(_), _) => return Err(refused("mode is create, update, delete or profile")),
    };
    profile(&invocation)?;
    if !issues.iter().any(Issue::is_error) {
        issues.push(Issue::information("No errors: R4's rules allow it"));
    }
    Ok(Reply::resource(operation_outcome(&issues).to_string()))
}

fn refused(rule: &str) -> ApiError {
    ApiError::bad_request(IssueCode::Invalid, rule)
}

/// The base definitions are what is always checked; more is not claimed.
fn profile(invocation: &Invocation) -> Result<(), ApiError> {
    let base = format!("http://hl7.org/fhir/StructureDefinition/{}", invocation.on.name());
    match invocation.input.first("profile") {
        None => Ok(()),
        Some(url) if url == base => Ok(()),
        Some(_) => Err(ApiError::bad_request(
            IssueCode::NotSupported,
            format!("This profile is not loaded; {base} is what resources are validated against"),
        )),
    }
}

/// Whoever may do anything to the type may ask.
fn authorize(invocation: &Invocation) -> Result<(), ApiError> {
    let any = [Access::Create, Access::Update]
        .iter()
        .any(|access| invocation.caller.mentions(invocation.on, *access));
    match any {
        true => Ok(()),
        false => invocation.caller.reach(invocation.on, Access::Read).map(drop),
    }
}

fn sent_resource(invocation: &Invocation, text: &str) -> Result<Vec<Issue>, ApiError> {
    authorize(invocation)?;
    let resource = match Resource::parse(text.as_bytes()) {
        Ok(resource) => resource,
        Err(issues) => return Ok(issues),
    };
    if resource.type_id != invocation.on {
        let rule = format!(
            "The address is for {}; validate each type at its own",
            invocation.on.name()
        );
        return Err(refused(&rule));
    }
    let mut issues = examine(&resource);
    let mut more =
        |result: Result<(), ApiError>| issues.extend(result.err().into_iter().flat_map(|e| e.issues));
    more(no_conditional_references(&resource));
    match (invocation.input.first("mode"), &invocation.id) {
        (Some("update") | None, Some(id)) => more(update::same_id(&resource, id)),
        (Some("create"), Some(_)) => return Err(refused("A create has no id; validate it at the type")),
        _ => {}
    }
    Ok(issues)
}

async fn stored(invocation: &Invocation) -> Result<Vec<Issue>, ApiError> {
    let Some(id) = invocation.id.clone() else {
        return Err(refused(
            "There is nothing to validate: send a resource, or call it on /Type/id",
        ));
    };
    let found = read::current(&invocation.state, &invocation.caller, invocation.on, id).await?;
    Ok(examine(&body::parsed(found.body.as_bytes())?))
}

/// Nothing stands against deleting what is there: references may lead to deleted resources.
async fn deletion(invocation: &Invocation) -> Result<Vec<Issue>, ApiError> {
    let Some(id) = invocation.id.clone() else {
        return Err(refused(
            "mode delete is for a stored resource: /Type/id/$validate",
        ));
    };
    let (on, caller) = (invocation.on, invocation.caller.clone());
    caller.writes(on, Access::Delete)?;
    let work = move |tx: &mut Tx| {
        let found = tx.get(on, &id)?;
        visible::to_change(tx, &caller, (on, found), Access::Delete).map(drop)
    };
    invocation.state.store.read(work).await?;
    Ok(Vec::new())
}
