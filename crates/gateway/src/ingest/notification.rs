//! The FHIR door: `$process-message` with a Da Vinci notification.
//! <https://hl7.org/fhir/R4/messaging.html#3.6.1.1>: a Bundle.id with another MessageHeader.id is
//! an error, a MessageHeader.id in a new Bundle is taken in again, both alike get the same answer.
use super::accept::{self, Reading, Receipt};
use super::{CUT, REJECTED, Remark, arrived};
use crate::edge;
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::http::StatusCode;
use coordination::notification::{self, Envelope, Notification};
use fhir::outcome::operation_outcome;
use fhir::{Issue, IssueCode, Resource, validate};
use store::Context;
use store::messages::Message;

/// Takes in one message; the OperationOutcome to answer with status 200.
pub async fn receive(
    state: &AppState,
    bytes: &[u8],
    client: &str,
    request_id: &str,
) -> Result<Vec<u8>, ApiError> {
    let context = context(client, request_id);
    let mut message = arrived("fhir", bytes.to_vec(), edge::new_id(), context.now);
    message.sender = client.to_owned();
    let understood = match read(bytes, &mut message, client) {
        Ok(understood) => reused_envelope(state, &message)
            .await?
            .map_or(Ok(understood), Err),
        Err(refusal) => Err(refusal),
    };
    match understood {
        Ok(Notification {
            events,
            warnings,
            doubts,
        }) => {
            let remarks: Vec<Remark> = doubts.iter().map(remark).collect();
            let answer = answer(&warnings, &doubts);
            message.ack_code = "200".into();
            message.response = Some(answer.clone());
            let reading = Reading {
                message,
                events,
                remarks,
                context,
            };
            match accept::accept(&state.store, reading).await? {
                Receipt::Repeat(earlier) => Ok(earlier),
                Receipt::Kept | Receipt::Known => Ok(answer),
            }
        }
        Err((status, issues)) => {
            message.outcome = REJECTED.into();
            message.ack_code = status.as_str().to_owned();
            if let Some(remark) = issues.iter().find(|issue| issue.is_error()).map(Remark::from) {
                accept::refuse(&state.store, message, remark, context).await?;
            }
            Err(ApiError::with(status, issues))
        }
    }
}

/// Keeps the beginning of a message that passed the limit on bodies; the refusal to answer with.
pub async fn too_large(
    state: &AppState,
    mut beginning: Vec<u8>,
    client: &str,
    request_id: &str,
) -> Result<ApiError, ApiError> {
    beginning.truncate(state.config.limits.message);
    let context = context(client, request_id);
    let remark = Remark::cut("Bundle", beginning.len());
    let mut message = arrived("fhir", beginning, edge::new_id(), context.now);
    message.sender = client.to_owned();
    message.outcome = CUT.into();
    message.ack_code = StatusCode::PAYLOAD_TOO_LARGE.as_str().to_owned();
    let issue = Issue::error(IssueCode::TooLong, &remark.text).at(&remark.place);
    accept::refuse(&state.store, message, remark, context).await?;
    Ok(ApiError::with(StatusCode::PAYLOAD_TOO_LARGE, vec![issue]))
}

fn context(client: &str, request_id: &str) -> Context {
    Context {
        now: edge::now(),
        actor: client.to_owned(),
        request_id: request_id.to_owned(),
        origin: None,
        provenance: None,
        within: None,
    }
}

/// Why a message is not taken in.
type Refusal = (StatusCode, Vec<Issue>);

fn read(bytes: &[u8], message: &mut Message, client: &str) -> Result<Notification, Refusal> {
    let bundle = Resource::parse(bytes).map_err(|issues| (StatusCode::BAD_REQUEST, issues))?;
    let unprocessable = |issues| (StatusCode::UNPROCESSABLE_ENTITY, issues);
    let faults = validate::validate(&bundle);
    if faults.iter().any(Issue::is_error) {
        return Err(unprocessable(faults));
    }
    let envelope = Envelope::open(&bundle.value).map_err(unprocessable)?;
    message.control_id = envelope.header_id.to_owned();
    message.envelope = Some(envelope.bundle_id.to_owned());
    message.event = envelope.event_code.to_owned();
    notification::events(&envelope, client).map_err(unprocessable)
}

async fn reused_envelope(state: &AppState, message: &Message) -> Result<Option<Refusal>, ApiError> {
    let (sender, header) = (message.sender.clone(), message.control_id.clone());
    let envelope = message.envelope.clone().unwrap_or_default();
    let known = state
        .store
        .read(move |tx| tx.messages_in_envelope(&sender, &envelope))
        .await?;
    let reused = known
        .iter()
        .any(|known| known.ack_code == "200" && known.control_id != header);
    let text =
        "this Bundle.id came before with another MessageHeader.id; a new message needs a new Bundle.id";
    let issue = || Issue::error(IssueCode::Duplicate, text).at("Bundle.id");
    Ok(reused.then(|| (StatusCode::CONFLICT, vec![issue()])))
}

fn remark((code, issue): &(&str, Issue)) -> Remark {
    Remark {
        code: (*code).to_owned(),
        ..Remark::from(issue)
    }
}

fn answer(warnings: &[Issue], doubts: &[(&str, Issue)]) -> Vec<u8> {
    let mut issues = vec![Issue::information("The notification was taken in.")];
    issues.extend_from_slice(warnings);
    issues.extend(doubts.iter().map(|(_, issue)| issue.clone()));
    operation_outcome(&issues).to_string().into_bytes()
}
