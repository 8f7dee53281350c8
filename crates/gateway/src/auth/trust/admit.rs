//! Before a route is chosen: a token of another issuer that was not seen lately is checked, which may need
//! its issuer's keys. Handlers find what came of it without waiting for anybody.
use crate::auth::bearer::header_token;
use crate::auth::jwt::Jwt;
use crate::auth::token::{Refusal, Verified};
use crate::edge;
use crate::rates::address_of;
use crate::state;
use actix_web::dev::ServiceRequest;
use actix_web::{HttpMessage, HttpRequest};
use std::sync::Arc;

const SECOND: i64 = 1_000_000;

/// What became of the request's token.
#[derive(Clone)]
pub struct Seen(pub Result<Arc<Verified>, Refusal>);

/// Nothing for requests without a token, with one of ours, or with one that is known.
pub async fn admit(request: &ServiceRequest) {
    if let Some(seen) = judged(request.request()).await {
        request.extensions_mut().insert(Seen(seen));
    }
}

async fn judged(request: &HttpRequest) -> Option<Result<Arc<Verified>, Refusal>> {
    let authority = &state::asked(request)?.auth;
    if !authority.required || authority.issuers.are_none() {
        return None;
    }
    let (token, now) = (header_token(request).ok()?, edge::now());
    if authority.knows(token, now) {
        return None;
    }
    let jwt = Jwt::parse(token)?;
    let issuer = authority.issuers.named_by(&jwt)?;
    if let Err(wait) = authority.rates.may_try(address_of(request), now) {
        return Some(Err(Refusal::Throttled(wait)));
    }
    let verified = match issuer.verify(&jwt, &authority.policy, now / SECOND).await {
        Ok(verified) => verified,
        Err(refusal) => return Some(Err(refusal)),
    };
    Some(Ok(authority.keep(token, verified, now)))
}
