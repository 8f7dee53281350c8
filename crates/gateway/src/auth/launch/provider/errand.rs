//! The way to the provider and back, bound to one browser: `state`, `nonce` and the PKCE verifier follow
//! from the browser's cookie and a salt of the sign-in, so the database holds nothing that would help a
//! thief, and whoever brings an answer to another browser is found out.
use super::super::handles::hash;
use super::super::session::Visitor;
use aws_lc_rs::constant_time::verify_slices_are_equal;

pub struct Errand {
    pub state: String,
    pub nonce: String,
    pub verifier: String,
    pub challenge: String,
}

impl Errand {
    /// `name` is that of the sign-in, `salt` is new for each time somebody goes.
    pub fn of(visitor: &Visitor, name: &str, salt: &str) -> Errand {
        let derived = |what: &str| visitor.derived(&format!("{what} {salt}"));
        let verifier = derived("verifier");
        Errand {
            state: format!("{name}.{}", derived("state")),
            nonce: derived("nonce"),
            challenge: hash(&verifier),
            verifier,
        }
    }

    pub fn is_named(&self, state: &str) -> bool {
        verify_slices_are_equal(self.state.as_bytes(), state.as_bytes()).is_ok()
    }
}

/// The name of the sign-in that a `state` is about.
pub fn name_of(state: &str) -> Option<&str> {
    let (name, _) = state.split_once('.')?;
    (!name.is_empty() && state.len() <= 256).then_some(name)
}
