//! Who may sign in to apps in the sandbox: the patient of the first story, and who coordinates their care.
use super::{COORDINATOR, show};
use crate::auth::{account, launch};
use crate::edge;
use serde_json::Value;
use store::admin::Account;
use store::{Store, StoreError, Tx};

pub struct Person {
    pub name: &'static str,
    pub password: String,
}

pub async fn add(store: &Store, patient: &Value) -> Result<[Person; 2], String> {
    let patient = format!("Patient/{}", show::text(patient, "/id"));
    Ok([
        put(store, "grace", patient).await?,
        put(store, "casey", COORDINATOR.to_owned()).await?,
    ])
}

/// A sandbox on a database that is kept has them already; each run shows a password of its own.
async fn put(store: &Store, name: &'static str, fhir_user: String) -> Result<Person, String> {
    let (password, now) = (edge::secret(), edge::now());
    let fresh = Account {
        id: edge::new_id(),
        name: name.to_owned(),
        password: account::hash_password(&password, edge::random())?,
        password_set: now,
        fhir_user,
        totp: None,
        totp_step: 0,
        created: now,
        disabled: None,
        issuer: None,
        subject: None,
    };
    let written = store.write(move |tx: &mut Tx| -> Result<(), StoreError> {
        let Some(known) = tx.account_named(name)? else {
            return tx.insert_account(&fresh).map(drop);
        };
        launch::end_all_of(tx, &known.id, now)?;
        tx.update_account(&Account {
            id: known.id,
            ..fresh.clone()
        })
    });
    written.await.map_err(|e: StoreError| e.to_string())?;
    Ok(Person { name, password })
}
