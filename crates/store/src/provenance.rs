//! What a client says about where a write comes from becomes a Provenance of what was written, in
//! the same transaction. <https://hl7.org/fhir/R4/provenance.html#header>
use crate::commit::{Applied, Change, Context, Expect, Op, Outcome, Said};
use crate::prepare::Prepared;
use crate::{StoreError, Tx, apply, within};
use fhir::Resource;
use serde_json::{Value, json};

/// Nothing where nothing was written.
pub(crate) fn attach(tx: &mut Tx, said: &Said, applied: &[Applied], ctx: &Context) -> Result<(), StoreError> {
    let written = |one: &&Applied| matches!(one.outcome, Outcome::Created | Outcome::Updated);
    let targets: Vec<Value> = applied
        .iter()
        .filter(written)
        .filter(|one| said.is_of(one))
        .map(target)
        .collect();
    if targets.is_empty() {
        return Ok(());
    }
    let mut value = said.resource.clone();
    value["target"] = Value::Array(targets);
    let broken = |_| StoreError::Database("a Provenance that was checked is no resource".to_owned());
    let resource = Resource::from_value(value).map_err(broken)?;
    if let Some(bounds) = &ctx.within {
        within::judge_said(tx, &**bounds, (said, &resource), (applied, ctx))?;
    }
    let change = Change {
        type_id: resource.type_id,
        id: said.id.clone(),
        op: Op::Put(Box::new(resource)),
        expect: Expect::Fresh,
    };
    let prepared = Prepared::of(change, ctx, tx.by());
    apply::beside(tx, &prepared, ctx)
}

fn target(applied: &Applied) -> Value {
    let name = applied.type_id.name();
    json!({"reference": format!("{name}/{}/_history/{}", applied.id, applied.version)})
}
