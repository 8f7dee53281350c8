//! Filters in a form that an index answers best.
use super::condition::is_usual;
use fhir::search::index::usual;
use fhir::search::{Filter, Test, Token};

/// Any of these.
pub fn either(mut filters: Vec<Filter>) -> Filter {
    match filters.len() {
        0 => Filter::Nothing,
        1 => filters.remove(0),
        _ => Filter::Or(filters),
    }
}

/// Whoever has not the one code that has no row has one of the others, whose rows are a start.
pub fn negation(filter: Filter) -> Filter {
    let Filter::Param {
        param,
        test: Test::Token(tokens),
    } = &filter
    else {
        return Filter::Not(Box::new(filter));
    };
    let others = usual(param).filter(|usual| tokens.iter().all(|token| is_usual(token, usual)));
    match others {
        Some(usual) if !tokens.is_empty() => Filter::Param {
            param,
            test: Test::Token(
                usual
                    .others
                    .iter()
                    .map(|code| Token::Code((*code).to_string()))
                    .collect(),
            ),
        },
        _ => Filter::Not(Box::new(filter)),
    }
}

/// The same without `And` around what must hold together.
pub fn flat(filters: Vec<Filter>) -> Vec<Filter> {
    let parts = filters.into_iter().flat_map(|filter| match filter {
        Filter::And(parts) => flat(parts),
        one => vec![one],
    });
    parts.collect()
}
