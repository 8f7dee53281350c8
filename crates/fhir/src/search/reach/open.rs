//! Types that hold no patient's data (`data/open.tsv`): whoever may read them at all reads them all.
//!
//! They are what patients' records refer to: people and places of care, products, definitions and
//! terminology. A type in no patient's compartment and not in the table is nobody's to see but
//! those who act for the whole system.
use crate::TypeId;
use std::collections::HashSet;
use std::sync::LazyLock;

static OPEN: LazyLock<HashSet<TypeId>> = LazyLock::new(|| {
    let lines = include_str!("../../../data/open.tsv").lines();
    lines.filter_map(TypeId::of).collect()
});

pub fn is_open(on: TypeId) -> bool {
    OPEN.contains(&on)
}
