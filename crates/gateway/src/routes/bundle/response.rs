//! The Bundle that answers: one entry per entry, in the order of the request.
//! <https://hl7.org/fhir/R4/http.html#transaction-response>
use crate::error::ApiError;
use crate::routes::call::Return;
use crate::routes::searchset::{Entry, bundle as text_of, quoted};
use crate::routes::{Call, Reply};
use fhir::bundle::Method;
use fhir::datetime;

/// What came of one entry.
pub struct Done {
    /// None where the entry could not be read.
    pub method: Option<Method>,
    pub result: Result<Reply, ApiError>,
}

/// `results` are in the order of the request.
pub fn bundle(kind: &'static str, call: &Call, results: &[Done]) -> Reply {
    let entries: Vec<Entry> = results
        .iter()
        .map(|one| match &one.result {
            Ok(reply) => done(reply, call, one.method == Some(Method::Get)),
            Err(error) => failed(error),
        })
        .collect();
    let mut reply = Reply::resource(text_of(&format!("{kind}-response"), None, &[], &entries));
    reply.told.action = Some(kind);
    reply
}

fn done<'a>(reply: &'a Reply, call: &Call, read: bool) -> Entry<'a> {
    let mut rest = format!("\"response\":{{\"status\":\"{}\"", reply.status);
    let told = [
        ("location", reply.location.clone()),
        ("etag", reply.etag()),
        ("lastModified", reply.updated.map(datetime::instant)),
    ];
    for (name, value) in told {
        if let Some(value) = value {
            rest += &format!(",\"{name}\":{}", quoted(&value));
        }
    }
    let as_outcome = !read && call.prefer == Some(Return::Outcome) && !reply.body.is_empty();
    if as_outcome {
        rest += &format!(",\"outcome\":{}", reply.body);
    }
    rest.push('}');
    Entry {
        full_url: None,
        resource: if as_outcome { "" } else { &reply.body }.into(),
        rest,
    }
}

fn failed(error: &ApiError) -> Entry<'static> {
    let rest = format!(
        "\"response\":{{\"status\":\"{}\",\"outcome\":{}}}",
        error.status,
        error.outcome()
    );
    Entry {
        full_url: None,
        resource: "".into(),
        rest,
    }
}
