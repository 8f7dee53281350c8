//! The FHIR door: `$process-message` with a Da Vinci notification.
//! <https://hl7.org/fhir/R4/messaging.html#3.6.1.1>: a Bundle.id with another MessageHeader.id is
//! an error, a MessageHeader.id in a new Bundle is taken in again, both alike get the same answer.
use super::accept::{self, Reading, Receipt};
use super::{REJECTED, Remark, arrived};
use crate::edge;
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::http::StatusCode;
use coordination::notification::{self, Envelope};
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
    let now = edge::now();
    let context = Context {
        now,
        actor: client.to_owned(),
        request_id: request_id.to_owned(),
    };
    let mut message = arrived("fhir", bytes.to_vec(), edge::new_id(), now);
    message.sender = client.to_owned();
    match read(bytes, &mut message, client) {
        Ok((events, warnings)) => {
            refuse_reused_envelope(state, &message).await?;
            let answer = answer(&warnings);
            message.ack_code = "200".into();
            message.response = Some(answer.clone());
            let remarks = Vec::new();
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
            let remark = issues.iter().find(|issue| issue.is_error()).map(Remark::from);
            if let Some(remark) = remark {
                accept::refuse(&state.store, message, remark, context).await?;
            }
            Err(ApiError::with(status, issues))
        }
    }
}

type Understood = (Vec<fhir::event::Event>, Vec<Issue>);

fn read(bytes: &[u8], message: &mut Message, client: &str) -> Result<Understood, (StatusCode, Vec<Issue>)> {
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
    let read = notification::events(&envelope, client).map_err(unprocessable)?;
    Ok((read.events, read.warnings))
}

async fn refuse_reused_envelope(state: &AppState, message: &Message) -> Result<(), ApiError> {
    let (sender, header) = (message.sender.clone(), message.control_id.clone());
    let envelope = message.envelope.clone().unwrap_or_default();
    let known = state
        .store
        .read(move |tx| tx.messages_in_envelope(&sender, &envelope))
        .await?;
    let reused = known
        .iter()
        .any(|known| known.ack_code == "200" && known.control_id != header);
    if !reused {
        return Ok(());
    }
    let text =
        "this Bundle.id came before with another MessageHeader.id; a new message needs a new Bundle.id";
    let issue = Issue::error(IssueCode::Duplicate, text).at("Bundle.id");
    Err(ApiError::with(StatusCode::CONFLICT, vec![issue]))
}

fn answer(warnings: &[Issue]) -> Vec<u8> {
    let mut issues = vec![Issue::information("The notification was taken in.")];
    issues.extend_from_slice(warnings);
    operation_outcome(&issues).to_string().into_bytes()
}
