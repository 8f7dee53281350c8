//! Tokens of a launch: a person's, or for one patient. The library signs them with the keys of the
//! scene's database, as the authorization server would.
use super::{Baton, Client, Database};
use gateway::auth::Authority;
use gateway::auth::holder::Holder;
use gateway::auth::scope::Scopes;
use gateway::auth::seal::Sealer;
use gateway::config::{Config, SecretKey};
use gateway::edge;
use std::sync::Arc;
use store::commit::NoReaction;
use store::{Store, StoreConfig};

impl Baton {
    /// A client that acts for a person, or for one patient.
    pub fn launched(&self, scopes: &str, holder: &Holder) -> Client {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let token = runtime.expect("a runtime").block_on(self.token(scopes, holder));
        let mut client = self.anonymous();
        client.token = Some(token);
        client
    }

    async fn token(&self, scopes: &str, holder: &Holder) -> String {
        let store = self.database.store();
        if let Some(path) = self.database.sqlite_file() {
            let key = SecretKey::Beside(format!("{path}.key").into());
            store.seal_with(Sealer::new(&key));
        }
        let config = Config {
            public_url: self.base.clone(),
            ..Config::default()
        };
        let authority = Authority::open(&store, &config).await.expect("keys");
        let scopes = Scopes::parse(scopes).expect("scopes");
        let token = authority.issue_to("app", "somebody", &scopes, holder.clone(), edge::now());
        token.expect("a key to sign with")
    }
}

impl Database {
    /// As the library has it, without what a server does beside.
    pub fn store(&self) -> Store {
        let settings = StoreConfig {
            url: self.url().to_string(),
            connections: 1,
            enforced: None,
            search_seconds: 60,
            wait_seconds: 15,
        };
        Store::open(&settings, Arc::new(NoReaction)).expect("the scene's database")
    }
}

/// For one patient, whoever uses the app.
pub fn of_patient(id: &str) -> Holder {
    Holder {
        patient: Some(id.to_string()),
        ..Holder::default()
    }
}

/// For a person, such as `Practitioner/x`.
pub fn of_person(reference: &str) -> Holder {
    Holder {
        fhir_user: Some(reference.to_string()),
        ..Holder::default()
    }
}
