//! patch and conditional patch. <https://hl7.org/fhir/R4/http.html#patch>
use super::body::{self, parsed, valid};
use super::conditional::expectation;
use super::create::only;
use super::criteria::{Criteria, no_conditional_references};
use super::{Call, Instance, OfType, Reply, query, visible};
use crate::audit::recorded;
use crate::auth::{Access, Caller};
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use fhir::patch::Patch;
use fhir::{IssueCode, TypeId};
use futures_util::future::LocalBoxFuture;
use store::{Applied, Change, Context, Expect, Op, StoreError, Stored, Transient, Tx};

/// What a PATCH may be sent as.
pub const MEDIA_TYPES: &str =
    "application/json-patch+json, application/fhir+json, application/merge-patch+json";

/// `PATCH /fhir/{type}/{id}`
pub async fn patch(
    caller: Caller,
    call: Call,
    instance: Instance,
    state: Data<AppState>,
    request: HttpRequest,
    body: PatchBody,
) -> Result<Reply, ApiError> {
    query::only(request.query_string(), &[], call.lenient)?;
    let expect = expectation(request.headers())?;
    run(&state, &caller, &call, instance, body.0, expect).await
}

pub async fn run(
    state: &AppState,
    caller: &Caller,
    call: &Call,
    Instance { type_id, id }: Instance,
    patch: Patch,
    expect: Expect,
) -> Result<Reply, ApiError> {
    caller.writes(type_id, Access::Update)?;
    recorded::writable(type_id, &id)?;
    let ctx = call.context(caller);
    let caller = caller.clone();
    let work = move |tx: &mut Tx| {
        tx.lock(&lock(type_id, &id))?;
        let found = tx.get(type_id, &id)?;
        let stored = visible::to_change(tx, &caller, (type_id, found), Access::Update)?;
        apply(tx, &patch, stored, expect, &ctx)
    };
    let applied = state.store.write(work).await?;
    Ok(Reply::applied(applied, call.prefer, &state.config.fhir_base()))
}

/// `PATCH /fhir/{type}?criteria`
pub async fn conditional(
    caller: Caller,
    call: Call,
    of: OfType,
    state: Data<AppState>,
    request: HttpRequest,
    body: PatchBody,
) -> Result<Reply, ApiError> {
    let expect = expectation(request.headers())?;
    by_criteria(
        &state,
        &caller,
        &call,
        of.0,
        request.query_string(),
        body.0,
        expect,
    )
    .await
}

pub async fn by_criteria(
    state: &AppState,
    caller: &Caller,
    call: &Call,
    type_id: TypeId,
    criteria: &str,
    patch: Patch,
    expect: Expect,
) -> Result<Reply, ApiError> {
    caller.writes(type_id, Access::Update)?;
    let criteria = Criteria::read(state, caller, type_id, criteria)?;
    let ctx = call.context(caller);
    let work = move |tx: &mut Tx| {
        let stored = criteria.claim(tx)?.ok_or_else(|| no_match(type_id))?;
        apply(tx, &patch, stored, expect, &ctx)
    };
    let applied = state.store.write(work).await?;
    Ok(Reply::applied(applied, call.prefer, &state.config.fhir_base()))
}

pub fn no_match(type_id: TypeId) -> ApiError {
    ApiError::not_found(format!("The criteria match no {}", type_id.name()))
}

/// Patches of one resource wait for each other; an update that comes between makes them start again.
pub fn lock(type_id: TypeId, id: &str) -> String {
    format!("patch {}/{id}", type_id.name())
}

fn apply(
    tx: &mut Tx,
    patch: &Patch,
    stored: Stored,
    expect: Expect,
    ctx: &Context,
) -> Result<Applied, StoreError> {
    let change = change(patch, stored, expect)?;
    only(tx.apply(vec![change], ctx).map_err(again)?)
}

/// The version was read in this very transaction: another is a race, not the client's mistake.
pub fn again(error: StoreError) -> StoreError {
    match error {
        StoreError::Precondition { .. } => {
            StoreError::Transient(Transient::Race, "updated while it was patched".into())
        }
        other => other,
    }
}

/// What the patch makes of the stored resource: a valid one, or a refusal.
pub fn change(patch: &Patch, stored: Stored, expect: Expect) -> Result<Change, StoreError> {
    let current = Expect::Version(stored.version);
    if expect != Expect::Any && expect != current {
        return Err(StoreError::Precondition {
            type_id: stored.type_id,
            id: stored.id,
            current: Some(stored.version),
        });
    }
    let text = patch
        .apply(&stored.body)
        .map_err(|issue| ApiError::invalid(vec![issue]))?;
    let resource = parsed(text.as_bytes()).map_err(|error| ApiError::invalid(error.issues))?;
    valid(&resource)?;
    no_conditional_references(&resource)?;
    Ok(Change {
        type_id: stored.type_id,
        id: stored.id,
        op: Op::Put(Box::new(resource)),
        expect: current,
    })
}

/// A patch in one of its forms.
pub struct PatchBody(pub Patch);

impl FromRequest for PatchBody {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<PatchBody, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let declared = request.headers().get(CONTENT_TYPE);
        let declared = declared.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = declared.split(';').next().unwrap_or_default().trim();
        let form: fn(&[u8]) -> Result<Patch, ApiError> = match essence.to_ascii_lowercase().as_str() {
            "application/json-patch+json" => |bytes| text(bytes, Patch::json),
            "application/merge-patch+json" => |bytes| text(bytes, Patch::merge),
            "application/json" => plain_json,
            _ if body::json(request).is_ok() => parameters,
            _ => return Box::pin(std::future::ready(Err(wrong_media_type()))),
        };
        let body = body::read(request, payload);
        Box::pin(async move { form(&body.await?).map(PatchBody) })
    }
}

type Issues = Vec<fhir::Issue>;

fn text(bytes: &[u8], read: fn(&str) -> Result<Patch, Issues>) -> Result<Patch, ApiError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| ApiError::bad_request(IssueCode::Structure, "The patch is not UTF-8"))?;
    read(text).map_err(malformed)
}

/// What libraries call JSON is either of two: Parameters say that they are such.
fn plain_json(bytes: &[u8]) -> Result<Patch, ApiError> {
    #[derive(serde::Deserialize)]
    struct Kind<'a> {
        #[serde(rename = "resourceType", borrow)]
        name: Option<std::borrow::Cow<'a, str>>,
    }
    match serde_json::from_slice::<Kind>(bytes) {
        Ok(Kind { name: Some(name) }) if name == "Parameters" => parameters(bytes),
        _ => text(bytes, Patch::merge),
    }
}

fn parameters(bytes: &[u8]) -> Result<Patch, ApiError> {
    let resource = parsed(bytes)?;
    valid(&resource).map_err(|error| malformed(error.issues))?;
    Patch::parameters(&resource).map_err(malformed)
}

fn malformed(issues: Issues) -> ApiError {
    ApiError::with(StatusCode::BAD_REQUEST, issues)
}

fn wrong_media_type() -> ApiError {
    let text = format!("A patch is sent as one of {MEDIA_TYPES}");
    ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, IssueCode::NotSupported, text)
        .header("Accept-Patch", MEDIA_TYPES)
}
