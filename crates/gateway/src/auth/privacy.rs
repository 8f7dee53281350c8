//! Whether a caller is of another organisation, and whether they may break the glass.
//! <https://hl7.org/fhir/R4/consent.html>, <https://hl7.org/fhir/R4/secpriv-module.html>
//!
//! A person decides whose a token is, else the client. Patients are of no organisation: they see their
//! own record. Which organisations somebody is of is found out when they ask, in the transaction that
//! answers them (`store/src/consent/actors.rs`), so that it is true at that time.
use super::authority::Authority;
use super::bearer;
use super::holder::Holder;
use super::token::Verified;
use crate::audit;
use crate::config::{Privacy, Unaffiliated};
use crate::error::ApiError;
use actix_web::HttpRequest;
use fhir::consent::{Asker, purpose};
use fhir::search::reach::patient_type;
use std::sync::Arc;

/// Somebody who may be of another organisation.
#[derive(Clone, Debug)]
pub struct Outsider {
    pub asker: Arc<Asker>,
    /// They see what is withheld, for this request; what they may write stays as it is.
    pub glass_broken: bool,
}

/// Who asks; None where nothing restricts them.
pub fn outsider(
    authority: &Authority,
    request: &HttpRequest,
    token: &Verified,
    now: i64,
) -> Result<Option<Outsider>, ApiError> {
    let privacy = &authority.privacy;
    if !privacy.is_on() {
        return Ok(None);
    }
    let client = token.claims.client_id.as_str();
    let purpose = audit::purpose(request)?.or(privacy.purpose);
    let Some(outsider) = of(authority, (client, &token.holder), purpose, now) else {
        return Ok(None);
    };
    match purpose.is_some_and(purpose::breaks_glass) {
        false => Ok(Some(outsider)),
        true if may_break(privacy, client, &token.holder) => {
            tracing::warn!(
                client,
                "the glass is broken: consents and labels withhold nothing from this request"
            );
            metrics::counter!("baton_glass_broken_total").increment(1);
            Ok(Some(Outsider {
                glass_broken: true,
                ..outsider
            }))
        }
        true => Err(bearer::denied(NOT_ALLOWED)),
    }
}

const NOT_ALLOWED: &str = "This purpose of use breaks the glass, which the operator of this server does not allow to this client or person; send the request without it, or with another purpose";

/// For a client, or the person who uses it.
pub fn of(
    authority: &Authority,
    (client, holder): (&str, &Holder),
    purpose: Option<&'static str>,
    now: i64,
) -> Option<Outsider> {
    let privacy = &authority.privacy;
    if !privacy.is_on() {
        return None;
    }
    let who = match (holder.person(), authority.organization(client, holder)) {
        (Some((on, _)), _) if Some(on) == patient_type() => return None,
        (Some((on, id)), _) => Some(format!("{}/{id}", on.name())),
        (None, Some(organization)) => Some(organization),
        (None, None) if privacy.unaffiliated == Unaffiliated::Own => return None,
        (None, None) => None,
    };
    let is_own = who.as_ref().is_some_and(|who| privacy.own.contains(who));
    (!is_own).then(|| Outsider {
        asker: Asker::new(who, privacy.own.clone(), purpose, now),
        glass_broken: false,
    })
}

/// A person by their type, a client by its id.
fn may_break(privacy: &Privacy, client: &str, holder: &Holder) -> bool {
    let person = holder.person().map(|(on, _)| on.name());
    let mut allowed = privacy.break_glass.iter();
    allowed.any(|one| one == client || Some(one.as_str()) == person)
}
