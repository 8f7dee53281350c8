//! SMART scopes as sets of letters per resource type.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html>
use super::Access;
use fhir::TypeId;

/// `system/Observation.rs` and the like; `text` is kept as the client wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Scope {
    text: String,
    /// None is the wildcard `*`.
    on: Option<TypeId>,
    letters: Letters,
}

/// What a client or a token may do: the union of its scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    scopes: Vec<Scope>,
}

/// The letters of `cruds` as bits, so that coverage is one mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Letters(u8);

impl Access {
    pub fn letter(self) -> char {
        match self {
            Access::Create => 'c',
            Access::Read => 'r',
            Access::Update => 'u',
            Access::Delete => 'd',
            Access::Search => 's',
        }
    }
}

impl Letters {
    const ORDER: &str = "cruds";

    fn of(letter: char) -> Option<Letters> {
        Self::ORDER.find(letter).map(|at| Letters(1 << at))
    }

    /// Letters in the order `cruds`, or one of the words of SMART v1.
    fn parse(text: &str) -> Result<Letters, &'static str> {
        match text {
            "read" => return Letters::parse("rs"),
            "write" => return Letters::parse("cud"),
            "*" => return Letters::parse("cruds"),
            "" => return Err("names no permission; use letters of `cruds`"),
            _ => {}
        }
        let mut all = 0;
        for letter in text.chars() {
            let bit = Letters::of(letter)
                .ok_or("has a permission that is none of the letters `cruds`")?
                .0;
            if bit <= all {
                return Err("has permissions out of the order `cruds`, or one twice");
            }
            all |= bit;
        }
        Ok(Letters(all))
    }

    fn covers(self, other: Letters) -> bool {
        self.0 & other.0 == other.0
    }
}

impl Scope {
    fn parse(text: &str) -> Result<Scope, String> {
        let refuse = |why: &str| Err(format!("scope `{text}` {why}"));
        let Some((context, rest)) = text.split_once('/') else {
            return refuse("is not of the form system/Type.cruds");
        };
        if context != "system" {
            return refuse("needs a user; client_credentials are given system/ scopes only");
        }
        if rest.contains('?') {
            return refuse("has a search filter, which is not supported; ask for the whole type");
        }
        let Some((type_name, permissions)) = rest.split_once('.') else {
            return refuse("is not of the form system/Type.cruds");
        };
        let on = match type_name {
            "*" => None,
            name => match TypeId::of(name) {
                Some(type_id) => Some(type_id),
                None => return refuse("names no R4 resource type"),
            },
        };
        match Letters::parse(permissions) {
            Ok(letters) => Ok(Scope {
                text: text.to_owned(),
                on,
                letters,
            }),
            Err(why) => refuse(why),
        }
    }
}

impl Scopes {
    /// Space-separated; the error is a sentence that quotes the scope at fault.
    pub fn parse(text: &str) -> Result<Scopes, String> {
        let scopes = text
            .split_ascii_whitespace()
            .map(Scope::parse)
            .collect::<Result<Vec<_>, _>>()?;
        match scopes.is_empty() {
            true => Err("no scope is given; ask for one such as `system/Patient.rs`".into()),
            false => Ok(Scopes { scopes }),
        }
    }

    pub fn everything() -> Scopes {
        let letters = Letters((1 << Letters::ORDER.len()) - 1);
        Scopes {
            scopes: vec![Scope {
                text: "system/*.cruds".into(),
                on: None,
                letters,
            }],
        }
    }

    pub fn allows(&self, type_id: TypeId, access: Access) -> bool {
        Letters::of(access.letter()).is_some_and(|letter| self.letters_for(Some(type_id)).covers(letter))
    }

    /// `self` when each of its scopes is covered by `registered`; else the first that is not.
    pub fn within<'a>(&'a self, registered: &Scopes) -> Result<(), &'a str> {
        let beyond = self
            .scopes
            .iter()
            .find(|s| !registered.letters_for(s.on).covers(s.letters));
        beyond.map_or(Ok(()), |scope| Err(&scope.text))
    }

    /// For a wildcard only wildcards count: nobody registers for all types one by one.
    fn letters_for(&self, on: Option<TypeId>) -> Letters {
        let relevant = self.scopes.iter().filter(|s| s.on.is_none() || s.on == on);
        Letters(relevant.fold(0, |all, scope| all | scope.letters.0))
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, scope) in self.scopes.iter().enumerate() {
            let gap = if at == 0 { "" } else { " " };
            write!(f, "{gap}{}", scope.text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Scopes {
        Scopes::parse(text).unwrap()
    }

    fn patient() -> TypeId {
        TypeId::of("Patient").unwrap()
    }

    #[test]
    fn letters_are_read_per_type_and_united() {
        let scopes = of("system/Patient.r system/Patient.s system/Task.cu");
        assert!(scopes.allows(patient(), Access::Read) && scopes.allows(patient(), Access::Search));
        assert!(!scopes.allows(patient(), Access::Create));
        assert!(!scopes.allows(TypeId::of("Encounter").unwrap(), Access::Read));
        assert!(of("system/*.d").allows(patient(), Access::Delete));
    }

    #[test]
    fn the_words_of_version_1_are_understood() {
        let read = of("system/Patient.read");
        assert!(read.allows(patient(), Access::Search) && !read.allows(patient(), Access::Update));
        let write = of("system/Patient.write");
        assert!(write.allows(patient(), Access::Delete) && !write.allows(patient(), Access::Read));
        assert!(of("system/*.*").within(&Scopes::everything()).is_ok());
        assert_eq!(read.to_string(), "system/Patient.read");
    }

    #[test]
    fn what_is_not_understood_is_refused_with_a_reason() {
        for bad in [
            "",
            "openid",
            "patient/Patient.rs",
            "user/*.cruds",
            "system/Patient",
            "system/Patient.",
            "system/Patient.sr",
            "system/Patient.rr",
            "system/Patient.x",
            "system/Pateint.r",
            "system/Observation.rs?category=laboratory",
        ] {
            let why = Scopes::parse(bad).unwrap_err();
            assert!(why.contains(bad), "{why}");
        }
    }

    #[test]
    fn a_request_may_not_go_beyond_the_registration() {
        let registered = of("system/*.rs system/Task.cu");
        assert_eq!(
            of("system/Task.crus system/Patient.r").within(&registered),
            Ok(())
        );
        assert_eq!(
            of("system/Patient.r system/Patient.cr").within(&registered),
            Err("system/Patient.cr")
        );
        assert_eq!(of("system/*.cruds").within(&registered), Err("system/*.cruds"));
        assert!(of("system/*.r").within(&of("system/Patient.r")).is_err());
    }
}
