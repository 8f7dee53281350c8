//! Which resources match: `SELECT key`, driven by the filter that leaves the fewest.
//!
//! A parameter's rows are ordered by key behind an equality test, so a scan of the driving
//! filter's rows with one seek per other filter gives keys in order and stops at the page's end.
//! What it costs depends on how many rows the driver has, not on how many resources there are.
use super::condition::{self, Subject, rows_match, several};
use super::family::{Family, Source, sources, type_bind};
use super::merged::Merged;
use super::sql::Sql;
use super::start::{Size, Start};
use super::{ranges, text, units};
use crate::StoreError;
use crate::conn::Engine;
use crate::keys::range;
use fhir::TypeId;
use fhir::datetime::DateRange;
use fhir::registry::{SearchParam, registry};
use fhir::search::index::pairs;
use fhir::search::words::Terms;
use fhir::search::{Filter, Prefixed, Reference, Test};

/// More codes than this are read in one go.
const CODES: usize = 8;
/// Filters with more values than this are not said once more for each code: the parser's budget
/// keeps one statement within the engines' limits, not eight.
const VALUES: usize = 64;

/// Where a search starts.
pub enum Driver<'a> {
    /// The index rows of this filter.
    Rows {
        at: usize,
        param: &'static SearchParam,
        test: &'a Test,
    },
    /// What was written at such a time.
    Updated {
        at: usize,
        ranges: &'a [Prefixed<DateRange>],
    },
    /// The full-text index.
    Text { at: usize, terms: Terms },
    /// Any of these, each from where it starts best.
    Any { at: usize, parts: &'a [Filter] },
    /// The resources themselves; some `key IN (...)` may narrow them.
    Resources,
}

/// What a start is in a statement.
pub fn driver(filters: &[Filter], start: Start) -> Driver<'_> {
    let Some((at, filter)) = start.at.and_then(|at| Some((at, filters.get(at)?))) else {
        return Driver::Resources;
    };
    match filter {
        // Of texts with many rows the engine makes one list for all resources.
        Filter::Param { param, test } if start.is_few() || !matches!(test, Test::Str(..)) => {
            Driver::Rows { at, param, test }
        }
        Filter::LastUpdated(ranges) => Driver::Updated { at, ranges },
        Filter::Checked(check) => match check.terms() {
            Some(terms) => Driver::Text { at, terms },
            None => Driver::Resources,
        },
        Filter::Or(parts) if !are_chains(parts) => Driver::Any { at, parts },
        _ => Driver::Resources,
    }
}

/// Which narrow the resources by themselves.
fn are_chains(filters: &[Filter]) -> bool {
    filters.iter().all(|f| matches!(f, Filter::Chain { .. }))
}

/// `SELECT key` of all that match, each once, in no order.
pub fn select(
    sql: &mut Sql,
    on: TypeId,
    filters: &[Filter],
    start: Start,
    engine: Engine,
) -> Result<(), StoreError> {
    matching(sql, on, filters, start, engine).map(drop)
}

/// The same, in key order, after (or, backwards, before) the key `from`, at most `limit`.
pub fn page(
    sql: &mut Sql,
    on: TypeId,
    filters: &[Filter],
    start: Start,
    engine: Engine,
    window: &super::page::Window,
) -> Result<(), StoreError> {
    if let Some(merged) = merged(filters, start) {
        let key = merged.matching(sql, window);
        window.by_key(sql, &key);
        return Ok(());
    }
    let Some(alternatives) = one_by_one(on, filters, start, engine)? else {
        let key = matching(sql, on, filters, start, engine)?;
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
        let key = matching(sql, on, filters, start, engine)?;
        window.by_key(sql, &key);
        let part = sql.alias();
        sql.push(&format!(") {part}"));
    }
    sql.push(&format!(") {merged} WHERE 1 = 1"));
    window.by_key(sql, &format!("{merged}.key"));
    Ok(())
}

/// Many references that are all there is to ask for.
fn merged(filters: &[Filter], start: Start) -> Option<Merged<'_>> {
    let may = start.at.is_some() && start.size == Size::Many;
    may.then(|| Merged::of(filters)).flatten()
}

/// Several codes one starts from, each by itself: the rows of one code come in the order of keys and
/// stop at the page's end, those of several would all be read and sorted first.
fn one_by_one(
    on: TypeId,
    filters: &[Filter],
    start: Start,
    engine: Engine,
) -> Result<Option<Vec<Vec<Filter>>>, StoreError> {
    let Driver::Rows { at, param, test } = driver(filters, start) else {
        return Ok(None);
    };
    let each = alternatives(param, test);
    if start.is_few() || !are_few(&each) {
        return Ok(None);
    }
    let mut once = Sql::default();
    matching(&mut once, on, filters, start, engine)?;
    if once.binds() > VALUES {
        return Ok(None);
    }
    let alone = |(param, test)| {
        let mut filters = filters.to_vec();
        filters[at] = Filter::Param { param, test };
        filters
    };
    Ok(Some(each.into_iter().map(alone).collect()))
}

/// Several, and not too many to be read one by one.
pub fn are_few<T>(each: &[T]) -> bool {
    (2..=CODES).contains(&each.len())
}

/// Each value of each parameter that this one stands for: their rows come in the order of keys.
pub fn alternatives(param: &'static SearchParam, test: &Test) -> Vec<(&'static SearchParam, Test)> {
    let tests: Vec<Test> = match test {
        Test::Token(tokens) => tokens
            .iter()
            .map(|token| Test::Token(vec![token.clone()]))
            .collect(),
        Test::Reference(targets) => {
            let one = |target: &Reference| Test::Reference(vec![target.clone()]);
            targets.iter().map(one).collect()
        }
        Test::Paired(pairs) => pairs
            .iter()
            .flat_map(|(codes, tests)| codes.iter().map(move |code| (vec![code.clone()], tests.clone())))
            .map(|pair| Test::Paired(vec![pair]))
            .collect(),
        _ => return Vec::new(),
    };
    let known = param.same_as.iter().map(|id| registry().param_by_id(*id));
    let params = match known.collect::<Option<Vec<_>>>() {
        _ if matches!(test, Test::Paired(_)) => pairs(param),
        Some(params) if params.len() > 1 && param.only_targets.is_empty() => params,
        _ => vec![param],
    };
    let each = |param| tests.iter().map(move |test| (param, test.clone()));
    params.into_iter().flat_map(each).collect()
}

/// `SELECT … AS key FROM … WHERE …`; the SQL of the key.
fn matching(
    sql: &mut Sql,
    on: TypeId,
    filters: &[Filter],
    start: Start,
    engine: Engine,
) -> Result<String, StoreError> {
    let row = sql.alias();
    let key = format!("{row}.key");
    let (at, key) = match driver(filters, start) {
        Driver::Rows { at, param, test } => {
            open(sql, param, test, start.is_few(), &row)?;
            (at, key)
        }
        Driver::Updated { at, ranges } => {
            updated(sql, on, ranges, &row);
            (at, key)
        }
        Driver::Text { at, terms } => (at, text::rows(sql, on, &terms, &row, engine)),
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

/// What was written at such a time, all of it by itself.
fn updated(sql: &mut Sql, on: TypeId, ranges: &[Prefixed<DateRange>], row: &str) {
    let one = sql.alias();
    sql.push(&format!(
        "SELECT {row}.key FROM (SELECT key FROM (SELECT {one}.key FROM resource {one} WHERE {one}.type_id = "
    ));
    sql.bind(type_bind(on)).push(" AND (");
    let column = format!("{one}.updated");
    sql.any(ranges, &mut |sql, range| {
        ranges::instant(sql, range, &column, &column)
    });
    sql.push(&format!(") AND {one}.deleted = FALSE"));
    by_itself(sql);
    sql.push(&format!(" {row} WHERE 1 = 1"));
}

fn open(sql: &mut Sql, param: &SearchParam, test: &Test, few: bool, row: &str) -> Result<(), StoreError> {
    sql.push(&format!("SELECT DISTINCT {row}.key FROM "));
    match &sources(param, Some(test))?[..] {
        [source] if !few && !matches!(test, Test::Quantity(_)) => {
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
        match (test, source.family) {
            (Test::Quantity(tests), Family::Quantity) => units::keys(sql, source, tests),
            _ => {
                let row = sql.alias();
                sql.push(&format!("SELECT {row}.key FROM {} {row} WHERE ", source.table()));
                rows_match(sql, param, test, source, &row);
            }
        }
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
        matching(sql, on, filters, Start::ranked(filters), engine)?;
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
