//! People who sign in: how an account is made, and whether a password is its own.
//! <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
use crate::routes::path::is_id;
use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use fhir::datetime::instant;
use serde_json::{Value, json};
use std::sync::LazyLock;
use store::admin::Account;

/// Whom an account may stand for.
pub const PEOPLE: [&str; 3] = ["Practitioner", "Patient", "RelatedPerson"];
/// Of a password, in characters and in bytes.
const SHORTEST: usize = 12;
const LONGEST: usize = 1024;

/// As it is stored and compared: people do not care for upper and lower case in names.
pub fn name_of(text: &str) -> Result<String, String> {
    let name = text.trim().to_lowercase();
    let odd = |c: char| c.is_whitespace() || c.is_control();
    match name.is_empty() || name.len() > 128 || name.contains(odd) {
        true => Err("a name has 1 to 128 bytes and no spaces".into()),
        false => Ok(name),
    }
}

pub fn check_password(password: &str) -> Result<(), String> {
    match password.chars().count() >= SHORTEST && password.len() <= LONGEST {
        true => Ok(()),
        false => Err(format!(
            "a password has at least {SHORTEST} characters, and at most {LONGEST} bytes"
        )),
    }
}

/// A reference to a person, such as `Practitioner/123`.
pub fn check_person(reference: &str) -> Result<(), String> {
    match reference.split_once('/') {
        Some((name, id)) if PEOPLE.contains(&name) && is_id(id) => Ok(()),
        _ => Err(format!(
            "`{reference}` is not a reference such as Practitioner/123; an account stands for a {}",
            PEOPLE.join(", a ")
        )),
    }
}

/// Argon2id with the library's parameters, which are OWASP's: 19 MiB, two passes.
pub fn hash_password(password: &str, salt: [u8; 16]) -> Result<String, String> {
    let salt = SaltString::encode_b64(&salt).map_err(|e| e.to_string())?;
    let hashed = Argon2::default().hash_password(password.as_bytes(), &salt);
    hashed.map(|hash| hash.to_string()).map_err(|e| e.to_string())
}

/// Takes as long without an account as with one, so that names cannot be probed.
pub fn knows_password(account: Option<&Account>, password: &str) -> bool {
    static NOBODY: LazyLock<String> = LazyLock::new(|| hash_password("", [0; 16]).unwrap_or_default());
    let stored = account.map_or(NOBODY.as_str(), |account| &account.password);
    let matches = PasswordHash::new(stored).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    });
    matches && account.is_some()
}

/// What is told of one, without its secrets.
pub fn told(account: &Account) -> Value {
    json!({
        "id": account.id, "name": account.name, "fhir_user": account.fhir_user, "totp": account.totp.is_some(),
        "issuer": account.issuer, "subject": account.subject,
        "created": instant(account.created), "disabled": account.disabled.map(instant),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(password: &str) -> Account {
        Account {
            id: "a".into(),
            name: "doc".into(),
            password: hash_password(password, [7; 16]).unwrap(),
            password_set: 1,
            fhir_user: "Practitioner/1".into(),
            totp: None,
            totp_step: 0,
            created: 1,
            disabled: None,
            issuer: None,
            subject: None,
        }
    }

    #[test]
    fn a_password_is_kept_as_argon2id_and_known_again() {
        let account = account("correct horse battery");
        assert!(account.password.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(knows_password(Some(&account), "correct horse battery"));
        assert!(!knows_password(Some(&account), "correct horse batterz"));
        assert!(!knows_password(None, ""), "the stand-in opens nothing");
    }

    #[test]
    fn names_passwords_and_people_are_checked() {
        assert_eq!(
            name_of(" Doc.Smith@Clinic.example "),
            Ok("doc.smith@clinic.example".into())
        );
        assert!(name_of("").is_err() && name_of("two words").is_err() && name_of(&"x".repeat(129)).is_err());
        assert!(check_password("twelve chars").is_ok() && check_password("eleven char").is_err());
        assert!(check_password(&"x".repeat(1025)).is_err());
        assert!(check_person("RelatedPerson/abc-1").is_ok());
        for bad in [
            "Organization/1",
            "Practitioner",
            "Practitioner/",
            "Practitioner/a b",
            "doc",
        ] {
            assert!(check_person(bad).unwrap_err().contains(bad), "{bad}");
        }
    }
}
