//! The index families: which table holds a parameter's rows, and how rows are tested.
//!
//! The leading columns of every family are `param` and what an equality test knows; then comes
//! `key`, so that a scan is in key order and a probe for one resource is one seek.
use super::sql::{Bind, Sql};
use crate::StoreError;
use fhir::registry::{ParamKind, SearchParam};
use fhir::search::index::places;
use fhir::search::{Test, Token, UriMode};
use fhir::{ParamId, TypeId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Token,
    Reference,
    Date,
    Str,
    Number,
    Quantity,
    /// Codes with the quantity beside them.
    Coded,
}

/// References to more targets than this are not looked for one by one.
pub const TARGETS: usize = 16;

/// A table and the ids under which a parameter's rows are in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    pub family: Family,
    ids: Vec<ParamId>,
}

/// Where the rows are that answer `test`: the values of one parameter may be in two tables.
/// Identifiers of references are tokens.
pub fn sources(param: &SearchParam, test: Option<&Test>) -> Result<Vec<Source>, StoreError> {
    let places = places(param);
    let ids = |coded: bool| {
        let some = places.iter().filter(|place| place.coded == coded);
        some.map(|place| place.id).collect::<Vec<_>>()
    };
    let plain = match test {
        _ if ids(false).is_empty() => None,
        Some(Test::Identifier(_)) => Some(Family::Token),
        _ => Some(Family::of(param)?),
    };
    let tables = [plain.map(|family| (family, false)), Some((Family::Coded, true))];
    let sources = tables.into_iter().flatten().map(|(family, coded)| Source {
        family,
        ids: ids(coded),
    });
    Ok(sources.filter(|source| !source.ids.is_empty()).collect())
}

impl Source {
    pub fn table(&self) -> &'static str {
        self.family.table()
    }

    /// As they stand in a statement.
    pub fn numbers(&self) -> impl Iterator<Item = String> {
        self.ids.iter().map(|id| id.0.to_string())
    }

    /// `alias.param = …`
    pub fn param(&self, sql: &mut Sql, alias: &str) {
        let ids = self.ids.iter().map(|id| Bind::Int(id.0));
        sql.equals(&format!("{alias}.param"), ids);
    }

    /// The rows of the parameter: for an alias such as `patient` only those that lead to its types,
    /// by type or, outside this server, by the name in the URL.
    pub fn scope(&self, sql: &mut Sql, of: &SearchParam, alias: &str) {
        self.param(sql, alias);
        if self.family == Family::Coded && of.kind == ParamKind::Quantity {
            sql.push(&format!(" AND {alias}.value IS NOT NULL"));
        }
        if !of.only_targets.is_empty() {
            only_targets(sql, of, alias);
        }
    }

    /// Whether the rows of one resource that pass are one seek away: the key follows what the test knows.
    pub fn seeks(&self, test: &Test) -> bool {
        match (self.family, test) {
            (Family::Str, _) | (Family::Coded, Test::Quantity(_)) | (_, Test::Uri(UriMode::Below, _)) => {
                false
            }
            // Of many one list is made.
            (_, Test::Reference(targets)) => targets.len() <= TARGETS,
            (_, Test::Token(tokens) | Test::Identifier(tokens)) => tokens.iter().all(names_a_code),
            (_, Test::Paired(pairs)) => pairs.iter().all(|(tokens, _)| tokens.iter().all(names_a_code)),
            _ => true,
        }
    }

    /// The columns of a quantity's unit and its system.
    pub fn unit_columns(&self, row: &str) -> [String; 2] {
        let names = match self.family {
            Family::Coded => ["unit", "unit_system"],
            _ => ["code", "system"],
        };
        names.map(|name| format!("{row}.{name}"))
    }

    /// The same in a condition on one resource: as an expression, for which no engine leaves the seek by
    /// key for the index by unit.
    pub fn asked_unit(&self, row: &str) -> [String; 2] {
        let [unit, system] = self.unit_columns(row);
        match self.family {
            Family::Quantity => [format!("+{unit}"), system],
            _ => [unit, system],
        }
    }

    /// What `_sort` compares, upwards and downwards.
    pub fn sort_column(&self, of: &SearchParam, descending: bool) -> &'static str {
        match self.family {
            Family::Coded if of.kind == ParamKind::Quantity => "value",
            Family::Token | Family::Coded => "code",
            Family::Reference => "target",
            Family::Str => "norm",
            Family::Quantity => "value",
            // A period by its start, in either direction: what is still open has no end.
            Family::Date => "low",
            Family::Number if descending => "high",
            Family::Number => "low",
        }
    }
}

impl Family {
    fn of(param: &SearchParam) -> Result<Family, StoreError> {
        Ok(match param.kind {
            ParamKind::Token | ParamKind::Uri => Family::Token,
            ParamKind::Reference => Family::Reference,
            ParamKind::Date => Family::Date,
            ParamKind::String => Family::Str,
            ParamKind::Number | ParamKind::Special => Family::Number,
            ParamKind::Quantity => Family::Quantity,
            ParamKind::Composite => {
                return Err(StoreError::Database(format!("{} owns no index rows", param.code)));
            }
        })
    }

    pub fn table(self) -> &'static str {
        match self {
            Family::Token => "idx_token",
            Family::Reference => "idx_reference",
            Family::Date => "idx_date",
            Family::Str => "idx_string",
            Family::Number => "idx_number",
            Family::Quantity => "idx_quantity",
            Family::Coded => "idx_coded",
        }
    }

    /// Whether the rows of one resource and parameter are one seek away.
    pub fn by_key(self) -> bool {
        matches!(self, Family::Date | Family::Number | Family::Quantity)
    }
}

/// Of a system alone any code may be.
pub fn names_a_code(token: &Token) -> bool {
    !matches!(token, Token::System(_))
}

fn only_targets(sql: &mut Sql, of: &SearchParam, alias: &str) {
    sql.push(" AND (");
    target_type(sql, alias, &of.only_targets);
    for on in &of.only_targets {
        sql.push(&format!(
            " OR ({alias}.target_type = -1 AND {alias}.target LIKE '%/{}/%')",
            on.name()
        ));
    }
    sql.push(")");
}

/// The rows of a reference or date, which are in one table.
pub fn scope(sql: &mut Sql, of: &SearchParam, alias: &str) -> Result<(), StoreError> {
    if let [source] = &sources(of, None)?[..] {
        source.scope(sql, of, alias);
        return Ok(());
    }
    Err(StoreError::Database(format!("{} is not in one table", of.code)))
}

pub fn target_type(sql: &mut Sql, alias: &str, types: &[TypeId]) {
    sql.equals(
        &format!("{alias}.target_type"),
        types.iter().map(|t| type_bind(*t)),
    );
}

/// R4 has 150 types, so the number always fits.
pub fn type_bind(type_id: TypeId) -> Bind {
    Bind::Small(i16::try_from(type_id.0).unwrap_or(i16::MAX))
}
