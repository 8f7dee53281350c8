//! The command line: what operators and scripts type. One file per command.
mod account;
mod audit;
pub mod client;
pub mod data;
mod demo;
mod import;
mod keys;
pub mod log;
mod migrate;
mod openapi;
pub mod sender;
pub mod serve;
mod token;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Baton: a FHIR R4 server for care coordination.
#[derive(Parser)]
#[command(
    name = "baton",
    version,
    about,
    propagate_version = true,
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server; migrates an empty or older database by itself
    Serve(serve::Args),
    /// Bring the database to this version's schema and stop
    Migrate(data::Args),
    /// Partners that may call over HTTP
    #[command(subcommand, arg_required_else_help = true)]
    Client(client::Command),
    /// People who may sign in to apps
    #[command(subcommand, arg_required_else_help = true)]
    Account(account::Command),
    /// Systems that may send HL7 v2 messages
    #[command(subcommand, arg_required_else_help = true)]
    Sender(sender::Command),
    /// Who did what: check that the record is whole, and take it out
    #[command(subcommand, arg_required_else_help = true)]
    Audit(audit::Command),
    /// Load transaction bundles (.json) and resources (.ndjson)
    Import(import::Args),
    /// Start a sandbox with synthetic patients and a live discharge
    Demo(demo::Args),
    /// Write the OpenAPI documents
    Openapi(openapi::Args),
    /// The keys that sign access tokens
    #[command(subcommand, arg_required_else_help = true)]
    Keys(keys::Command),
    /// Access tokens, as developers meet them
    #[command(subcommand, arg_required_else_help = true)]
    Token(token::Command),
}

/// Why a command failed: 2 for what the operator must write differently, 1 for everything else.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    pub fn usage(text: impl Into<String>) -> Failure {
        Failure {
            code: 2,
            text: text.into(),
        }
    }

    pub fn of(text: impl Into<String>) -> Failure {
        Failure {
            code: 1,
            text: text.into(),
        }
    }
}

impl From<crate::config::ConfigError> for Failure {
    fn from(error: crate::config::ConfigError) -> Self {
        Failure::usage(error.to_string())
    }
}

impl From<store::StoreError> for Failure {
    fn from(error: store::StoreError) -> Self {
        match error {
            store::StoreError::Database(text) => Failure::of(format!("database: {text}")),
            other => Failure::of(format!("database: {other}")),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::of(error.to_string())
    }
}

pub fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(args) => serve::run(args),
        Command::Migrate(args) => migrate::run(&args),
        Command::Client(command) => client::run(command),
        Command::Account(command) => account::run(command),
        Command::Sender(command) => sender::run(command),
        Command::Audit(command) => audit::run(command),
        Command::Import(args) => import::run(&args),
        Command::Demo(args) => demo::run(args),
        Command::Openapi(args) => openapi::run(&args),
        Command::Keys(command) => keys::run(command),
        Command::Token(command) => token::run(command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { code, text }) => {
            eprintln!("baton: {text}");
            ExitCode::from(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_commands_are_consistent_and_explained() {
        Cli::command().debug_assert();
        fn explained(command: &clap::Command) {
            assert!(
                command.get_about().is_some(),
                "{} has no help",
                command.get_name()
            );
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{} {}",
                    command.get_name(),
                    argument.get_id()
                );
            }
            command.get_subcommands().for_each(explained);
        }
        explained(&Cli::command());
    }
}
