//! A token for one patient, as a launch ends with. The library signs it with the keys of the
//! server's database: people and their browsers are not what is measured.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html>
use crate::server::Server;
use gateway::auth::Authority;
use gateway::auth::holder::Holder;
use gateway::auth::scope::Scopes;
use gateway::auth::seal::Sealer;
use gateway::config::{Config, SecretKey};
use gateway::edge;
use std::sync::Arc;
use store::commit::NoReaction;
use store::{Store, StoreConfig};

/// It opens what is of the patient for reading and searching.
pub fn token(server: &Server, database: &str, patient: &str) -> String {
    let scopes = Scopes::parse("patient/*.rs").expect("scopes");
    let holder = Holder {
        patient: Some(patient.to_owned()),
        ..Holder::default()
    };
    let config = Config {
        public_url: format!("http://{}", server.address),
        ..Config::default()
    };
    let store = opened(database);
    let token = actix_rt::System::new().block_on(async {
        let authority = Authority::open(&store, &config).await.expect("keys");
        authority.issue_to("bench", "somebody", &scopes, holder, edge::now())
    });
    store.close();
    token.expect("a key to sign with")
}

fn opened(database: &str) -> Store {
    let settings = StoreConfig {
        url: database.to_owned(),
        connections: 1,
        enforced: None,
        search_seconds: 60,
        wait_seconds: 15,
    };
    let store = Store::open(&settings, Arc::new(NoReaction)).expect("the server's database");
    if let Some(path) = database.strip_prefix("sqlite://") {
        store.seal_with(Sealer::new(&SecretKey::Beside(format!("{path}.key").into())));
    }
    store
}
