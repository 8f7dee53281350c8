//! What a value of a search asks for, and how it is written.
use super::value::{Moment, escape};
use fhir::TypeId;

#[derive(Clone, Debug)]
pub enum Want {
    /// System: none asked, asked to be absent (`|code`), or named; no code is `system|`.
    Token {
        system: Option<String>,
        code: Option<String>,
    },
    Reference {
        on: Option<TypeId>,
        id: String,
    },
    Canonical(String),
    Text(String),
    Uri(String),
    Date {
        prefix: Prefix,
        moment: Moment,
    },
    Number {
        prefix: Prefix,
        number: Decimal,
        unit: Option<(String, String)>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Prefix {
    None,
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    Sa,
    Eb,
    Ap,
}

pub const PREFIXES: [(Prefix, &str); 10] = [
    (Prefix::None, ""),
    (Prefix::Eq, "eq"),
    (Prefix::Ne, "ne"),
    (Prefix::Gt, "gt"),
    (Prefix::Lt, "lt"),
    (Prefix::Ge, "ge"),
    (Prefix::Le, "le"),
    (Prefix::Sa, "sa"),
    (Prefix::Eb, "eb"),
    (Prefix::Ap, "ap"),
];

impl Prefix {
    fn text(self) -> &'static str {
        PREFIXES
            .iter()
            .find(|(prefix, _)| *prefix == self)
            .map_or("", |(_, text)| text)
    }
}

/// A number with so many digits behind the point.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    pub value: f64,
    pub digits: usize,
}

impl Decimal {
    pub fn text(self) -> String {
        format!("{:.*}", self.digits, self.value)
    }

    /// As it is read again, and half a unit of its last digit.
    pub fn read(self) -> (f64, f64) {
        (
            self.text().parse().expect("a number"),
            0.5 * 10f64.powi(-(self.digits as i32)),
        )
    }
}

impl Want {
    pub fn text(&self) -> String {
        let part = |text: &Option<String>| text.as_deref().map(escape).unwrap_or_default();
        match self {
            Want::Token { system: None, code } => part(code),
            Want::Token { system, code } => format!("{}|{}", part(system), part(code)),
            Want::Reference { on: Some(on), id } => format!("{}/{id}", on.name()),
            Want::Reference { on: None, id } => id.clone(),
            // A bar in it is that before a version.
            Want::Canonical(url) => url.replace(',', "\\,"),
            Want::Text(text) | Want::Uri(text) => escape(text),
            Want::Date { prefix, moment } => format!("{}{}", prefix.text(), moment.text),
            Want::Number { prefix, number, unit } => {
                let unit = unit
                    .as_ref()
                    .map(|(system, code)| format!("|{}|{}", escape(system), escape(code)));
                format!("{}{}{}", prefix.text(), number.text(), unit.unwrap_or_default())
            }
        }
    }
}
