//! `baton token`: for developers who wonder about a token.
use super::{Failure, data};
use crate::auth::explain::{Foreign, Known, explain};
use crate::auth::jwt::Jwt;
use crate::auth::trust::Issuers;
use crate::edge;
use std::io::Read;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Say in plain words what an access token opens, and why it would be refused
    Explain {
        /// The token, or - to read it from standard input, which nobody else on the machine sees
        token: String,
        #[command(flatten)]
        data: data::Args,
    },
}

pub fn run(command: Command) -> Result<(), Failure> {
    let Command::Explain { token, data } = command;
    let token = match token.as_str() {
        "-" => from_standard_input()?,
        _ => token,
    };
    let now = edge::now();
    // Only a database that is named is asked: there may be none where the token is looked at.
    let known = match data.is_named() {
        true => Some(data.read(move |tx| Known::read(tx, now))?),
        false => None,
    };
    let foreign = match &known {
        Some(known) => asked(&token, &data, known, now)?,
        None => None,
    };
    print!("{}", explain(&token, known.as_ref(), foreign.as_ref(), now));
    Ok(())
}

/// As a gateway would ask the issuer that the token names, where it is one of the settings.
fn asked(token: &str, data: &data::Args, known: &Known, now: i64) -> Result<Option<Foreign>, Failure> {
    let config = data.settings()?;
    let base = known.bases.last().cloned().unwrap_or_else(|| config.fhir_base());
    let issuers = Issuers::of(&config.issuers, &known.bases, &base);
    let Some(jwt) = Jwt::parse(token.trim()) else {
        return Ok(None);
    };
    match issuers.named_by(&jwt) {
        None => Ok(None),
        Some(issuer) => data::block_on(issuer.verify(&jwt, &config.access, now / 1_000_000)).map(Some),
    }
}

fn from_standard_input() -> Result<String, Failure> {
    const LONGEST: u64 = 64 << 10;
    let mut text = String::new();
    std::io::stdin().take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}
