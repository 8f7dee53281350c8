//! `baton token`: for developers who wonder about a token.
use super::{Failure, data};
use crate::auth::explain::{Known, explain};
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
    print!("{}", explain(&token, known.as_ref(), now));
    Ok(())
}

fn from_standard_input() -> Result<String, Failure> {
    const LONGEST: u64 = 64 << 10;
    let mut text = String::new();
    std::io::stdin().take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}
