//! The permissions of a scope as bits, so that coverage is one mask.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources>
use crate::auth::Access;
use std::fmt;

/// A set of the letters `cruds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letters(u8);

const ORDER: &str = "cruds";

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

impl From<Access> for Letters {
    fn from(access: Access) -> Letters {
        Letters::of(access.letter()).unwrap_or(Letters::NONE)
    }
}

impl Letters {
    pub const NONE: Letters = Letters(0);
    pub const ALL: Letters = Letters((1 << ORDER.len()) - 1);

    fn of(letter: char) -> Option<Letters> {
        ORDER.find(letter).map(|at| Letters(1 << at))
    }

    /// Letters in the order `cruds`, or one of the words of SMART v1.
    pub fn parse(text: &str) -> Result<Letters, &'static str> {
        match text {
            "read" => return Letters::parse("rs"),
            "write" => return Letters::parse("cud"),
            "*" => return Ok(Letters::ALL),
            "" => return Err("names no permission; use letters of `cruds`"),
            _ => {}
        }
        let mut all = Letters::NONE;
        for letter in text.chars() {
            let next = Letters::of(letter).ok_or("has a permission that is none of the letters `cruds`")?;
            if next.0 <= all.0 {
                return Err("has permissions out of the order `cruds`, or one twice");
            }
            all = all.and(next);
        }
        Ok(all)
    }

    pub fn and(self, other: Letters) -> Letters {
        Letters(self.0 | other.0)
    }

    pub fn common(self, other: Letters) -> Letters {
        Letters(self.0 & other.0)
    }

    pub fn covers(self, other: Letters) -> bool {
        self.0 & other.0 == other.0
    }
}

impl fmt::Display for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ORDER
            .chars()
            .filter(|letter| Letters::of(*letter).is_some_and(|one| self.covers(one)))
            .try_for_each(|letter| write!(f, "{letter}"))
    }
}
