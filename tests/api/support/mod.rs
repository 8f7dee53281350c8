//! What scenes stand on: a running server, a client with a token, messages.
pub mod care;
mod catalogue;
mod client;
mod database;
pub mod launch;
pub mod messages;
pub mod provider;
mod server;
pub mod tools;
pub mod witness;

pub use client::{Client, Reply};
pub use database::Database;
pub use server::{Baton, Options};

/// One test per database from one scene: `on_both!(creates_and_reads);`
#[macro_export]
macro_rules! on_both {
    ($($scene:ident),+ $(,)?) => {
        $(mod $scene {
            use $crate::support::{Baton, Database, Options};

            #[test]
            fn sqlite() {
                super::$scene(&Baton::start(Database::sqlite(), Options::default()));
            }

            #[test]
            fn postgres() {
                if let Some(database) = Database::postgres() {
                    super::$scene(&Baton::start(database, Options::default()));
                }
            }
        })+
    };
}

/// The same for scenes that start (and stop, and kill) servers themselves.
#[macro_export]
macro_rules! on_both_databases {
    ($($scene:ident),+ $(,)?) => {
        $(mod $scene {
            #[test]
            fn sqlite() {
                super::$scene($crate::support::Database::sqlite());
            }

            #[test]
            fn postgres() {
                if let Some(database) = $crate::support::Database::postgres() {
                    super::$scene(database);
                }
            }
        })+
    };
}
