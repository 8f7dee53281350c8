//! How narrow a filter is taken to be before anybody has looked: identifiers, then ids and texts,
//! references, codes, statuses. What a look at the index can say is in `start.rs`.
use super::condition::is_usual;
use super::family::names_a_code;
use fhir::registry::SearchParam;
use fhir::search::index::usual;
use fhir::search::{Filter, Prefix, Reference, Test, UriMode};

/// The rank up to which a filter holds for few: ids, references and the like.
const FEW: u8 = 3;
/// The rank of what is one resource's, or nobody's.
const ONE: u8 = 1;

/// Small is narrow. None cannot be started from.
pub fn rank(filter: &Filter) -> Option<u8> {
    match filter {
        Filter::Id(_) | Filter::Nothing => Some(0),
        Filter::Chain { .. } => Some(3),
        // As wide as the widest of them, and read to the end.
        Filter::Or(parts) => {
            let ranks: Option<Vec<u8>> = parts.iter().map(narrowest).collect();
            ranks?.into_iter().max().filter(|rank| *rank <= FEW)
        }
        Filter::Param { param, test } => test_rank(param, test),
        Filter::Checked(check) => check.terms().map(|_| 4),
        _ => None,
    }
}

/// The place of the narrowest.
pub fn best(filters: &[Filter], may: impl Fn(usize) -> bool) -> Option<usize> {
    let ranks = filters.iter().enumerate().filter(|(at, _)| may(*at));
    let ranks = ranks.filter_map(|(at, filter)| Some((rank(filter)?, at)));
    ranks.min().map(|(_, at)| at)
}

/// Whether a filter leaves one resource at most, or nearly so.
pub fn names_one(filters: &[Filter]) -> bool {
    filters.iter().filter_map(rank).any(|rank| rank <= ONE)
}

/// Whether a filter leaves a few.
pub fn names_few(filters: &[Filter]) -> bool {
    filters.iter().filter_map(rank).any(|rank| rank <= FEW)
}

/// Of what stands together, the narrowest is started from.
fn narrowest(part: &Filter) -> Option<u8> {
    match part {
        Filter::And(all) => all.iter().filter_map(rank).min(),
        one => rank(one),
    }
}

fn test_rank(param: &SearchParam, test: &Test) -> Option<u8> {
    match test {
        Test::Identifier(_) => Some(1),
        Test::Token(tokens) if !tokens.iter().all(names_a_code) => None,
        // No row says so.
        Test::Token(tokens)
            if usual(param).is_some_and(|usual| tokens.iter().any(|t| is_usual(t, usual))) =>
        {
            None
        }
        Test::Paired(pairs) => {
            let by_code = pairs.iter().all(|(codes, _)| codes.iter().all(names_a_code));
            by_code.then_some(5)
        }
        Test::Token(_) => Some(match param.code {
            "identifier" => 1,
            "code" => 5,
            code if code.ends_with("status") => 8,
            _ => 7,
        }),
        Test::Uri(UriMode::Exact | UriMode::Above, _) => Some(2),
        Test::Str(..) => Some(3),
        Test::Near(_) => Some(6),
        Test::Reference(targets) if targets.iter().all(|t| matches!(t, Reference::Local { .. })) => Some(3),
        Test::Reference(_) => Some(5),
        // The past is long: what is open towards it holds for most resources.
        Test::Date(dates) => {
            let narrow =
                |p: Prefix| matches!(p, Prefix::Eq | Prefix::Ap | Prefix::Gt | Prefix::Ge | Prefix::Sa);
            dates.iter().all(|d| narrow(d.prefix)).then_some(6)
        }
        // Two ranges, not one.
        Test::Quantity(tests) => tests.iter().all(|test| test.prefix != Prefix::Ne).then_some(6),
        _ => None,
    }
}
