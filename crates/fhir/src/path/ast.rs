//! What an expression is once read.
use super::function::Function;
use super::pattern::Pattern;

#[derive(Clone, Debug)]
pub(super) enum Node {
    Literal(Literal),
    /// `$this`
    This,
    /// `$index`
    Index,
    /// `$total`
    Total,
    /// `%name`
    Variable(String),
    /// The first name of a path: the type of the context, or a member of it.
    Root(String),
    Member(Box<Node>, String),
    /// Without a receiver a function applies to the context.
    Call(Option<Box<Node>>, Function, Vec<Node>),
    At(Box<Node>, Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    Negate(Box<Node>),
    Is(Box<Node>, String),
    As(Box<Node>, String),
}

#[derive(Clone, Debug)]
pub(super) enum Literal {
    Empty,
    Boolean(bool),
    Integer(i64),
    Decimal(f64),
    String(String),
    /// Without the `@`; a time starts with `T`.
    Temporal(String),
    Quantity(f64, String),
    /// A regular expression as an argument.
    Pattern(Pattern),
}

/// <http://hl7.org/fhirpath/N1/#operator-precedence>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Times,
    Divide,
    Div,
    Mod,
    Plus,
    Minus,
    Join,
    Union,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Equal,
    Equivalent,
    NotEqual,
    NotEquivalent,
    In,
    Contains,
    And,
    Or,
    Xor,
    Implies,
}

impl Operator {
    /// The operator of that spelling and how tightly it binds.
    pub(super) fn of(text: &str) -> Option<(Operator, u8)> {
        OPERATORS
            .iter()
            .find(|(name, ..)| *name == text)
            .map(|(_, operator, binding)| (*operator, *binding))
    }

    pub(super) fn is_logic(self) -> bool {
        matches!(
            self,
            Operator::And | Operator::Or | Operator::Xor | Operator::Implies
        )
    }
}

/// `is` and `as` bind between `+` and `|`.
pub(super) const TYPE_BINDING: u8 = 8;

const OPERATORS: [(&str, Operator, u8); 22] = [
    ("*", Operator::Times, 10),
    ("/", Operator::Divide, 10),
    ("div", Operator::Div, 10),
    ("mod", Operator::Mod, 10),
    ("+", Operator::Plus, 9),
    ("-", Operator::Minus, 9),
    ("&", Operator::Join, 9),
    ("|", Operator::Union, 7),
    (">", Operator::Greater, 6),
    ("<", Operator::Less, 6),
    (">=", Operator::GreaterOrEqual, 6),
    ("<=", Operator::LessOrEqual, 6),
    ("=", Operator::Equal, 5),
    ("~", Operator::Equivalent, 5),
    ("!=", Operator::NotEqual, 5),
    ("!~", Operator::NotEquivalent, 5),
    ("in", Operator::In, 4),
    ("contains", Operator::Contains, 4),
    ("and", Operator::And, 3),
    ("or", Operator::Or, 2),
    ("xor", Operator::Xor, 2),
    ("implies", Operator::Implies, 1),
];
