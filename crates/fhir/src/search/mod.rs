//! Search as data: a query string becomes a [`Query`], a resource becomes [`index::Entry`]s.
//! <https://hl7.org/fhir/R4/search.html>
pub mod check;
pub mod compare;
pub mod compartment;
pub mod holds;
pub mod implicit;
pub mod index;
pub mod near;
pub mod parse;
pub mod reach;
pub mod terminology;
pub mod units;
pub mod value;
pub mod words;

use crate::base::Bases;
use crate::registry::SearchParam;
use crate::{ParamId, TypeId};
use std::sync::Arc;

/// A search over one type, ready for the store to compile.
#[derive(Clone, Debug)]
pub struct Query {
    pub on: TypeId,
    /// All must hold.
    pub filters: Vec<Filter>,
    /// Empty means by creation, oldest first.
    pub sort: Vec<Sort>,
    /// Page size; 0 with `Summary::Count`.
    pub count: usize,
    pub total: Total,
    pub summary: Summary,
    pub includes: Vec<Include>,
    /// Opaque token of a paging link, from `_cursor`.
    pub cursor: Option<String>,
    /// Every parameter as it was understood, for the `self` link, in the order given; without
    /// `_cursor`, which is in `cursor`.
    pub echo: Vec<(String, String)>,
    /// `_explain=true`: the engine's plan is wanted too.
    pub explain: bool,
    /// Parameters beyond R4's that this search uses: they must still serve when it ends.
    pub custom: Vec<ParamId>,
    /// References to these lead to where the search looks.
    pub bases: Bases,
    /// Whoever asks knows that the narrowest filter, by its kind, holds for few: nothing is looked at
    /// before the search starts from there.
    pub surely_few: bool,
    /// What of other types may be given beside the matches; None is everything.
    pub rights: Option<Arc<dyn reach::Rights>>,
}

impl Query {
    /// All that passes the filters, in the order of creation.
    pub fn new(on: TypeId, filters: Vec<Filter>, count: usize) -> Query {
        Query {
            on,
            filters,
            sort: Vec::new(),
            count,
            total: Total::None,
            summary: Summary::False,
            includes: Vec::new(),
            cursor: None,
            echo: Vec::new(),
            explain: false,
            custom: Vec::new(),
            bases: Bases::default(),
            surely_few: false,
            rights: None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    None,
    Estimate,
    Accurate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summary {
    False,
    Count,
}

/// One condition on a resource.
#[derive(Clone, Debug)]
pub enum Filter {
    /// Any of these logical ids.
    Id(Vec<String>),
    LastUpdated(Vec<Prefixed<crate::datetime::DateRange>>),
    /// A registry parameter: any of the values matches.
    Param {
        param: &'static SearchParam,
        test: Test,
    },
    /// `:missing=true|false`
    Missing {
        param: &'static SearchParam,
        missing: bool,
    },
    /// `subject:Patient.name=...`: the reference leads to a resource for which `inner` holds.
    Chain {
        param: &'static SearchParam,
        target: Vec<TypeId>,
        inner: Box<Filter>,
    },
    /// `_has:Observation:patient:code=...`
    Has {
        from: TypeId,
        by: &'static SearchParam,
        inner: Box<Filter>,
    },
    /// `:not` and its kin.
    Not(Box<Filter>),
    /// Any of these holds (used for a chain over several target types, and scopes).
    Or(Vec<Filter>),
    /// All of these hold (the parts of a composite).
    And(Vec<Filter>),
    /// The resource itself decides about the candidates that the filters beside it leave.
    Checked(check::Check),
    /// One of the codes that terminology lists: the store puts a token test in its place.
    Terminology {
        param: &'static SearchParam,
        lookup: terminology::Lookup,
    },
    /// In the compartment of one of these patients: the store finds them out and puts references in
    /// its place.
    OfPatients(Arc<reach::Panel>),
    /// What consents and labels let somebody of another organisation see: the store asks their rules.
    Shown(Arc<crate::consent::Asker>),
    /// Matches nothing (a reference that cannot resolve, for instance).
    Nothing,
}

/// <https://hl7.org/fhir/R4/search.html#prefix>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    Sa,
    Eb,
    Ap,
    /// Overlaps: an operator of `_filter` only.
    Po,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prefixed<T> {
    pub prefix: Prefix,
    pub value: T,
}

/// The values of one parameter occurrence, ORed.
#[derive(Clone, Debug)]
pub enum Test {
    Token(Vec<Token>),
    /// `:identifier` on a reference.
    Identifier(Vec<Token>),
    Reference(Vec<Reference>),
    /// Normalised with [`index::normalise`] unless `Exact`.
    Str(StrMode, Vec<String>),
    Date(Vec<Prefixed<crate::datetime::DateRange>>),
    Number(Vec<Prefixed<NumberRange>>),
    Quantity(Vec<Prefixed<QuantityTest>>),
    /// A composite that one row answers: any of the codes with any of the quantities, ORed.
    Paired(Vec<(Vec<Token>, Vec<Prefixed<QuantityTest>>)>),
    Uri(UriMode, Vec<String>),
    /// Positions in the areas around these points.
    Near(Vec<near::Near>),
}

impl Test {
    /// Passes where one of these does, which are of one kind.
    fn any(tests: &[&Test]) -> Option<Test> {
        let mut tests = tests.iter();
        let mut all = (*tests.next()?).clone();
        for test in tests {
            match (&mut all, test) {
                (Test::Token(all), Test::Token(more)) => all.extend(more.iter().cloned()),
                (Test::Reference(all), Test::Reference(more)) => all.extend(more.iter().cloned()),
                _ => return None,
            }
        }
        Some(all)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrMode {
    StartsWith,
    Exact,
    Contains,
    /// Operators of `_filter` only, on folded text: ends with, and equal.
    EndsWith,
    Whole,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UriMode {
    Exact,
    /// `:below`: starts with.
    Below,
    /// `:above`: is a prefix of.
    Above,
}

/// <https://hl7.org/fhir/R4/search.html#token>
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// `code`
    Code(String),
    /// `system|code`
    SystemCode(String, String),
    /// `|code`
    NoSystem(String),
    /// `system|`
    System(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Reference {
    /// A resource on this server.
    Local { type_id: Option<TypeId>, id: String },
    /// An absolute URL elsewhere, a canonical, or a URN.
    Url(String),
}

/// Implicit precision: `100` is `99.5..100.5`. <https://hl7.org/fhir/R4/search.html#number>
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumberRange {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct QuantityTest {
    pub number: NumberRange,
    pub system: Option<String>,
    /// Code or unit; none means any unit.
    pub code: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Sort {
    pub by: SortBy,
    pub descending: bool,
}

#[derive(Clone, Debug)]
pub enum SortBy {
    Id,
    LastUpdated,
    Param(&'static SearchParam),
}

/// `_include=Task:patient`, `_revinclude=Provenance:target`, `:Type` narrowed, `:iterate`, `*`.
#[derive(Clone, Debug)]
pub struct Include {
    pub reverse: bool,
    pub from: TypeId,
    /// None is `*`.
    pub by: Option<&'static SearchParam>,
    pub target: Option<TypeId>,
    pub iterate: bool,
}
