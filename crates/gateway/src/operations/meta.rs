//! `$meta`, `$meta-add`, `$meta-delete`. <https://hl7.org/fhir/R4/resource-operation-meta.html>
//!
//! Here meta is part of the resource, so a change to it is a version like any other.
use super::Invocation;
use crate::auth::Access;
use crate::error::ApiError;
use crate::routes::Reply;
use crate::routes::body::{parsed, valid};
use crate::routes::create::only;
use crate::routes::patch::{again, lock};
use crate::routes::{read, visible};
use actix_web::http::StatusCode;
use fhir::tree::Node;
use fhir::{Issue, IssueCode};
use store::{Change, Expect, Op, StoreError, Stored, Tx};

/// What adds up over several resources; the rest of Meta is the server's.
const LISTS: [&str; 3] = ["profile", "security", "tag"];

type Edit = fn(&mut Node<'static>, &Node<'static>);

pub async fn read(invocation: Invocation) -> Result<Reply, ApiError> {
    let id = invocation.id()?;
    let found = read::current(&invocation.state, &invocation.caller, invocation.on, id).await?;
    answer(&found.body)
}

pub async fn add(invocation: Invocation) -> Result<Reply, ApiError> {
    change(invocation, |meta, given| {
        for list in LISTS {
            let new = given.get(list).map_or(&[][..], Node::items);
            if new.is_empty() {
                continue;
            }
            if let Some(Node::Array(known)) = meta.member_mut(list, || Node::Array(Vec::new())) {
                for item in new {
                    if !known.iter().any(|other| means_same(other, item)) {
                        known.push(item.clone());
                    }
                }
            }
        }
    })
    .await
}

pub async fn delete(invocation: Invocation) -> Result<Reply, ApiError> {
    change(invocation, |meta, given| {
        for list in LISTS {
            let gone = given.get(list).map_or(&[][..], Node::items);
            if let Some(Node::Array(known)) = meta.get_mut(list) {
                known.retain(|item| !gone.iter().any(|other| means_same(other, item)));
                if known.is_empty() {
                    meta.remove(list);
                }
            }
        }
    })
    .await
}

/// Codings by system and code, profiles by themselves.
fn means_same(a: &Node, b: &Node) -> bool {
    let member = |node: &Node, name: &str| node.get(name).and_then(Node::as_str);
    match a.members() {
        None => a.same(b),
        Some(_) => ["system", "code"]
            .iter()
            .all(|name| member(a, name) == member(b, name)),
    }
}

async fn change(invocation: Invocation, edit: Edit) -> Result<Reply, ApiError> {
    invocation.caller.writes(invocation.on, Access::Update)?;
    let (on, id) = (invocation.on, invocation.id()?);
    let given = invocation.input.complex.iter().find(|(name, _)| name == "meta");
    let given = given.map(|(_, meta)| meta.clone()).ok_or_else(|| {
        let rule = "Send Parameters with the parameter `meta` as valueMeta";
        ApiError::bad_request(IssueCode::Required, rule)
    })?;
    let ctx = invocation.call.context(&invocation.caller);
    let caller = invocation.caller.clone();
    let work = move |tx: &mut Tx| {
        tx.lock(&lock(on, &id))?;
        let found = tx.get(on, &id)?;
        let stored = visible::to_change(tx, &caller, (on, found), Access::Update)?;
        match changed(&stored, &given, edit)? {
            None => Ok(stored.body),
            Some(change) => only(tx.apply(vec![change], &ctx).map_err(again)?).map(|applied| applied.body),
        }
    };
    answer(&invocation.state.store.write(work).await?)
}

/// None when the resource is as asked for already.
fn changed(stored: &Stored, given: &Node<'static>, edit: Edit) -> Result<Option<Change>, StoreError> {
    let before = Node::parse(&stored.body).map_err(|_| unreadable())?.into_owned();
    let mut after = before.clone();
    if let Some(meta) = after.member_mut("meta", || Node::Object(Vec::new())) {
        edit(meta, given);
    }
    if before.same(&after) {
        return Ok(None);
    }
    let resource = parsed(after.to_string().as_bytes())?;
    valid(&resource)?;
    Ok(Some(Change {
        type_id: stored.type_id,
        id: stored.id.clone(),
        op: Op::Put(Box::new(resource)),
        expect: Expect::Version(stored.version),
    }))
}

fn unreadable() -> ApiError {
    let issue = Issue::error(IssueCode::Exception, "The stored resource cannot be read");
    ApiError::with(StatusCode::INTERNAL_SERVER_ERROR, vec![issue])
}

fn answer(body: &str) -> Result<Reply, ApiError> {
    let tree = Node::parse(body).map_err(|_| unreadable())?;
    let meta = tree
        .get("meta")
        .map_or_else(|| "{}".to_owned(), ToString::to_string);
    Ok(Reply::resource(format!(
        r#"{{"resourceType":"Parameters","parameter":[{{"name":"return","valueMeta":{meta}}}]}}"#
    )))
}
