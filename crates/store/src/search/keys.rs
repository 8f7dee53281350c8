//! Which resources match: `SELECT key`, driven by the filter that leaves the fewest.
//!
//! A parameter's rows are ordered by key behind an equality test, so a scan of the driving
//! filter's rows with one seek per other filter gives keys in order and stops at the page's end.
//! What it costs depends on how many rows the driver has, not on how many resources there are.
use super::condition::{self, Subject, is_usual, rows_match, several};
use super::family::{Source, sources};
use super::sql::Sql;
use super::text;
use crate::StoreError;
use crate::conn::Engine;
use crate::keys::range;
use fhir::TypeId;
use fhir::registry::SearchParam;
use fhir::search::index::usual;
use fhir::search::words::Terms;
use fhir::search::{Filter, Prefix, Reference, Test, Token, UriMode};

/// More codes than this are read in one go.
const CODES: usize = 8;
/// Filters with more values than this are not said once more for each code: the parser's budget
/// keeps one statement within the engines' limits, not eight.
const VALUES: usize = 64;

/// The rank up to which a filter holds for few: ids, references and the like.
const FEW: u8 = 3;

/// Where a search starts.
pub enum Driver<'a> {
    /// The index rows of this filter.
    Rows {
        at: usize,
        param: &'static SearchParam,
        test: &'a Test,
    },
    /// The full-text index.
    Text { at: usize, terms: Terms },
    /// Any of these, each from where it starts best.
    Any { at: usize, parts: &'a [Filter] },
    /// The resources themselves; some `key IN (...)` may narrow them.
    Resources,
}

/// The narrowest start: identifiers, then ids and texts, references, codes, statuses.
pub fn driver(filters: &[Filter]) -> Driver<'_> {
    let best = filters
        .iter()
        .enumerate()
        .filter_map(|(at, f)| Some((rank(f)?, at, f)))
        .min_by_key(|(rank, ..)| *rank);
    match best {
        Some((_, at, Filter::Param { param, test })) if !matches!(test, Test::Str(..)) => {
            Driver::Rows { at, param, test }
        }
        Some((_, at, Filter::Checked(check))) => match check.terms() {
            Some(terms) => Driver::Text { at, terms },
            None => Driver::Resources,
        },
        Some((_, at, Filter::Or(parts))) if !are_chains(parts) => Driver::Any { at, parts },
        _ => Driver::Resources,
    }
}

/// Which narrow the resources by themselves.
fn are_chains(filters: &[Filter]) -> bool {
    filters.iter().all(|f| matches!(f, Filter::Chain { .. }))
}

/// Whether no filter is a place to start from.
pub fn wide(filters: &[Filter]) -> bool {
    filters.iter().all(|filter| rank(filter).is_none())
}

/// Small is narrow. None cannot be started from.
fn rank(filter: &Filter) -> Option<u8> {
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
        Test::Token(tokens) if tokens.iter().any(|t| matches!(t, Token::System(_))) => None,
        // No row says so.
        Test::Token(tokens)
            if usual(param).is_some_and(|usual| tokens.iter().any(|t| is_usual(t, usual))) =>
        {
            None
        }
        Test::Paired(pairs) => {
            let by_code = |codes: &[Token]| !codes.iter().any(|t| matches!(t, Token::System(_)));
            pairs.iter().all(|(codes, _)| by_code(codes)).then_some(5)
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

/// `SELECT key` of all that match, each once, in no order.
pub fn select(sql: &mut Sql, on: TypeId, filters: &[Filter], engine: Engine) -> Result<(), StoreError> {
    matching(sql, on, filters, engine).map(drop)
}

/// The same, in key order, after (or, backwards, before) the key `from`, at most `limit`.
pub fn page(
    sql: &mut Sql,
    on: TypeId,
    filters: &[Filter],
    engine: Engine,
    window: &super::page::Window,
) -> Result<(), StoreError> {
    let Some(alternatives) = one_by_one(on, filters, engine)? else {
        let key = matching(sql, on, filters, engine)?;
        window.by_key(sql, &key);
        return Ok(());
    };
    let merged = sql.alias();
    sql.push(&format!("SELECT {merged}.key FROM ("));
    for (at, filters) in alternatives.iter().enumerate() {
        sql.push(if at > 0 {
            " UNION SELECT * FROM ("
        } else {
            "SELECT * FROM ("
        });
        let key = matching(sql, on, filters, engine)?;
        window.by_key(sql, &key);
        let part = sql.alias();
        sql.push(&format!(") {part}"));
    }
    sql.push(&format!(") {merged} WHERE 1 = 1"));
    window.by_key(sql, &format!("{merged}.key"));
    Ok(())
}

/// Several codes one starts from, each by itself: the rows of one code come in the order of keys and
/// stop at the page's end, those of several would all be read and sorted first.
fn one_by_one(
    on: TypeId,
    filters: &[Filter],
    engine: Engine,
) -> Result<Option<Vec<Vec<Filter>>>, StoreError> {
    let Driver::Rows {
        at,
        param,
        test: Test::Token(tokens),
    } = driver(filters)
    else {
        return Ok(None);
    };
    if !(2..=CODES).contains(&tokens.len()) {
        return Ok(None);
    }
    let mut once = Sql::default();
    matching(&mut once, on, filters, engine)?;
    if once.binds() > VALUES {
        return Ok(None);
    }
    let each = |token: &Token| {
        let mut filters = filters.to_vec();
        let test = Test::Token(vec![token.clone()]);
        filters[at] = Filter::Param { param, test };
        filters
    };
    Ok(Some(tokens.iter().map(each).collect()))
}

/// `SELECT … AS key FROM … WHERE …`; the SQL of the key.
fn matching(sql: &mut Sql, on: TypeId, filters: &[Filter], engine: Engine) -> Result<String, StoreError> {
    let row = sql.alias();
    let key = format!("{row}.key");
    let (at, key) = match driver(filters) {
        Driver::Rows { at, param, test } => {
            open(sql, param, test, &row)?;
            (at, key)
        }
        Driver::Text { at, terms } => {
            sql.push(&format!("SELECT {row}.rowid AS key FROM idx_text {row} WHERE "));
            text::matches(sql, on, &terms, &row, engine);
            (at, format!("{row}.rowid"))
        }
        Driver::Any { at, parts } => {
            sql.push(&format!("SELECT DISTINCT {key} FROM "));
            together(sql, on, parts, engine)?;
            sql.push(&format!(" {row} WHERE 1 = 1"));
            (at, key)
        }
        Driver::Resources => {
            sql.push(&format!("SELECT {key} FROM resource {row} WHERE "));
            resources(sql, on, filters, &row, engine)?;
            return Ok(key);
        }
    };
    let subject = Subject {
        on,
        key: &key,
        engine,
    };
    rest(sql, filters, at, subject)?;
    Ok(key)
}

fn open(sql: &mut Sql, param: &SearchParam, test: &Test, row: &str) -> Result<(), StoreError> {
    sql.push(&format!("SELECT DISTINCT {row}.key FROM "));
    match &sources(param, Some(test))?[..] {
        [source] if !matches!(test, Test::Quantity(_)) => {
            sql.push(&format!("{} {row} WHERE ", source.table()));
            rows_match(sql, param, test, source, row);
        }
        sources => {
            apart(sql, param, test, sources);
            sql.push(&format!(" {row} WHERE 1 = 1"));
        }
    }
    Ok(())
}

/// All rows by themselves, in whatever tables they are.
fn apart(sql: &mut Sql, param: &SearchParam, test: &Test, sources: &[Source]) {
    sql.push("(SELECT key FROM (");
    sql.join(sources, " UNION ALL ", "", |sql, source| {
        let row = sql.alias();
        sql.push(&format!("SELECT {row}.key FROM {} {row} WHERE ", source.table()));
        rows_match(sql, param, test, source, &row);
    });
    by_itself(sql);
}

/// All keys that any of the filters leaves.
fn together(sql: &mut Sql, on: TypeId, parts: &[Filter], engine: Engine) -> Result<(), StoreError> {
    sql.push("(SELECT key FROM (");
    for (at, part) in parts.iter().enumerate() {
        sql.push(if at > 0 { " UNION ALL " } else { "" });
        let filters = match part {
            Filter::And(all) => all,
            one => std::slice::from_ref(one),
        };
        matching(sql, on, filters, engine)?;
    }
    by_itself(sql);
    Ok(())
}

/// Ends a list of keys. The limit, which is none, keeps engines from reading along the key
/// instead, for whose order the start would be given up.
fn by_itself(sql: &mut Sql) {
    let all = sql.alias();
    sql.push(&format!(") {all} LIMIT {})", i64::MAX));
}

fn rest(sql: &mut Sql, filters: &[Filter], driver: usize, subject: Subject) -> Result<(), StoreError> {
    for (at, filter) in filters.iter().enumerate() {
        if at != driver {
            sql.push(" AND ");
            condition::holds(sql, filter, subject)?;
        }
    }
    Ok(())
}

/// Conditions on the resource row itself.
pub fn resources(
    sql: &mut Sql,
    on: TypeId,
    filters: &[Filter],
    row: &str,
    engine: Engine,
) -> Result<(), StoreError> {
    let (keys, key) = (range(on), format!("{row}.key"));
    sql.push(&format!("{key} >= "))
        .big(keys.start)
        .push(&format!(" AND {key} < "))
        .big(keys.end);
    sql.push(&format!(" AND {row}.deleted = FALSE"))
        .go_on(row)
        .push(" AND ");
    several(
        sql,
        filters,
        " AND ",
        "1 = 1",
        Subject {
            on,
            key: &key,
            engine,
        },
    )
}
