//! SMART scopes v2: what a client is registered for and what a token says.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html>
//!
//! `grammar.rs` reads one scope, `narrowing.rs` its `?query`, `cover.rs` compares. What scopes
//! mean for a request is in `caller.rs`.
mod cover;
mod grammar;
mod letters;
mod narrowing;
#[cfg(test)]
mod tests;

pub use grammar::{Context, DataScope, Office, Scope, Session};
pub use letters::Letters;
pub use narrowing::Narrowing;

use std::fmt;

/// The union of its scopes, each once, in the order given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    scopes: Vec<Scope>,
}

/// Enough for one per resource type; each may be compared with each.
const MOST: usize = 200;

impl Scopes {
    /// Space-separated; the error is a sentence that quotes the scope at fault.
    pub fn parse(text: &str) -> Result<Scopes, String> {
        let mut scopes: Vec<Scope> = Vec::new();
        for word in text.split_ascii_whitespace() {
            if scopes.len() == MOST {
                return Err(format!("more than {MOST} scopes are given; use wildcards"));
            }
            let scope = Scope::parse(word)?;
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        match scopes.is_empty() {
            true => Err("no scope is given; ask for one such as `system/Patient.rs`".into()),
            false => Ok(Scopes { scopes }),
        }
    }

    pub fn everything() -> Scopes {
        let all = DataScope {
            context: Context::System,
            on: None,
            letters: Letters::ALL,
            narrowing: None,
        };
        Scopes {
            scopes: vec![Scope::Data(all)],
        }
    }

    pub fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.scopes.iter()
    }

    pub fn data(&self) -> impl Iterator<Item = &DataScope> {
        self.scopes.iter().filter_map(Scope::data)
    }

    /// What may be done with what is kept there.
    pub fn admin(&self, office: Office) -> Letters {
        self.scopes.iter().fold(Letters::NONE, |all, scope| match scope {
            Scope::Admin(of, letters) if *of == office => all.and(*letters),
            _ => all,
        })
    }

    pub fn has(&self, session: Session) -> bool {
        self.scopes.contains(&Scope::Session(session))
    }

    /// Whether any of them is of this context: one of patients needs a patient, for instance.
    pub fn has_context(&self, context: Context) -> bool {
        self.data().any(|scope| scope.context == context)
    }

    pub fn only(&self, wanted: impl Fn(&Scope) -> bool) -> Scopes {
        let kept = self.scopes.iter().filter(|scope| wanted(scope));
        Scopes {
            scopes: kept.cloned().collect(),
        }
    }

    /// Those that need nobody: all that client_credentials may give.
    pub fn of_system(&self) -> Scopes {
        self.only(Scope::is_of_system)
    }

    /// For logs: a query may name a patient.
    pub fn without_queries(&self) -> String {
        let shown = |scope: &Scope| scope.to_string().split('?').next().unwrap_or_default().to_owned();
        self.scopes.iter().map(shown).collect::<Vec<_>>().join(" ")
    }
}

/// Each once; none may be left.
impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(all: I) -> Scopes {
        let mut scopes = Vec::new();
        for scope in all {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        Scopes { scopes }
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.scopes.iter().enumerate() {
            let gap = if at == 0 { "" } else { " " };
            write!(f, "{gap}{scope}")?;
        }
        Ok(())
    }
}
