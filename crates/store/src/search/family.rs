//! The index families: which table holds a parameter's rows, and how rows are tested.
//!
//! The leading columns of every family are `param` and what an equality test knows; then comes
//! `key`, so that a scan is in key order and a probe for one resource is one seek.
use super::sql::{Bind, Sql};
use crate::StoreError;
use fhir::TypeId;
use fhir::registry::{ParamKind, SearchParam};
use fhir::search::index::rows;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Token,
    Reference,
    Date,
    Str,
    Number,
    Quantity,
}

impl Family {
    pub fn of(param: &SearchParam) -> Result<Family, StoreError> {
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
        }
    }

    /// Whether the rows of one resource and parameter are one seek away.
    pub fn by_key(self) -> bool {
        matches!(self, Family::Date | Family::Number | Family::Quantity)
    }

    /// What `_sort` compares, upwards and downwards.
    pub fn sort_value(self, alias: &str, descending: bool) -> String {
        let (column, pick) = match (self, descending) {
            (Family::Token, _) => ("code", descending),
            (Family::Reference, _) => ("target", descending),
            (Family::Str, _) => ("norm", descending),
            (Family::Quantity, _) => ("value", descending),
            // A period by its start, in either direction: what is still open has no end.
            (Family::Date, _) => ("low", descending),
            (Family::Number, _) => (if descending { "high" } else { "low" }, descending),
        };
        format!("{}({alias}.{column})", if pick { "max" } else { "min" })
    }
}

/// `alias.param = …`
pub fn param(sql: &mut Sql, param: &SearchParam, alias: &str) {
    let ids = rows(param).into_iter().map(|id| Bind::Int(id.0));
    sql.equals(&format!("{alias}.param"), ids);
}

/// The rows of a parameter: for an alias such as `patient` only those that lead to its types, by
/// type or, outside this server, by the name in the URL.
pub fn scope(sql: &mut Sql, of: &SearchParam, alias: &str) {
    param(sql, of, alias);
    if of.only_targets.is_empty() {
        return;
    }
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
