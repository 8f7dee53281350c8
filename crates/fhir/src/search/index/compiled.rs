//! The paths of all parameters that own rows, compiled once per resource type.
use crate::path::Expr;
use crate::registry::{ParamKind, SearchParam, registry};
use crate::{ParamId, TypeId};
use std::sync::{LazyLock, OnceLock};

type Owned = Vec<(&'static SearchParam, Expr)>;

/// The parameters of a type that own rows, with their paths.
pub fn owned(on: TypeId) -> &'static [(&'static SearchParam, Expr)] {
    static TYPES: LazyLock<Vec<OnceLock<Owned>>> =
        LazyLock::new(|| registry().types().iter().map(|_| OnceLock::new()).collect());
    TYPES
        .get(usize::from(on.0))
        .map_or(&[], |cell| cell.get_or_init(|| compile(on)))
}

/// A path that does not compile would leave its parameter without rows; a test proves that all do.
fn compile(on: TypeId) -> Owned {
    let params = registry().params(on).iter().filter(|param| owns_rows(param));
    params
        .filter_map(|param| Some((param, Expr::compile(param.expression).ok()?)))
        .collect()
}

fn owns_rows(param: &SearchParam) -> bool {
    let column = matches!(param.code, "_id" | "_lastUpdated");
    let indexed = param.kind != ParamKind::Composite;
    indexed && !column && param.same_as.is_empty()
}

/// Where the values of a parameter come from: its own path, or those of the rows it reads; each
/// with the id its rows are under.
pub fn sources(param: &SearchParam) -> impl Iterator<Item = (ParamId, &Expr)> {
    let ids = rows(param);
    let custom = param.custom.as_deref().map(|path| (param.id, path));
    let of_tables: &[_] = if custom.is_some() { &[] } else { owned(param.on) };
    let own = of_tables.iter().filter(move |(p, _)| ids.contains(&p.id));
    custom.into_iter().chain(own.map(|(p, path)| (p.id, path)))
}

/// The parameters whose values a parameter reads: itself, or those it is the same as.
pub fn rows(param: &SearchParam) -> Vec<ParamId> {
    if param.same_as.is_empty() {
        vec![param.id]
    } else {
        param.same_as.clone()
    }
}
