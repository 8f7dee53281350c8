//! Organisations on one deployment: each answers as if it stood alone, and none shows anything of
//! another, whichever way it is asked.
mod apart;
mod messages;

use crate::support::{Baton, Client, Database, Options};
use serde_json::Value;

/// A server with the root and two tenants, and who may do everything at each.
struct Town {
    baton: Baton,
    config: String,
}

impl Town {
    fn start(database: Database, settings: &str) -> Town {
        let file = database.folder().join("baton.toml");
        std::fs::write(&file, settings).expect("the settings are written");
        let config = file.display().to_string();
        let args = vec!["--config".to_string(), config.clone()];
        let baton = Baton::start(
            database,
            Options {
                args,
                ..Options::default()
            },
        );
        Town { baton, config }
    }

    fn base(&self, tenant: &str) -> String {
        format!("{}/t/{tenant}", self.baton.base)
    }

    /// `baton COMMAND… --tenant TENANT`, which must succeed.
    fn run(&self, tenant: &str, command: &[&str]) -> Value {
        let of_tenant = ["--config", &self.config, "--tenant", tenant];
        self.baton.database.run_json(&[command, &of_tenant].concat())
    }

    fn add_client(&self, tenant: &str) -> (String, String) {
        let add = [
            "client",
            "add",
            "--name",
            "scene",
            "--scope",
            "system/*.cruds",
            "--secret",
        ];
        let added = self.run(tenant, &add);
        let text = |name: &str| added[name].as_str().expect("a text").to_owned();
        (text("client_id"), text("client_secret"))
    }

    fn partner(&self, tenant: &str) -> Client {
        let (id, secret) = self.add_client(tenant);
        Client::with_secret(&self.base(tenant), &id, &secret)
    }
}
