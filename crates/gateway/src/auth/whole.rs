//! Types that are written under scopes for all of the type or not at all (`data/whole.tsv`).
use fhir::TypeId;
use std::collections::HashSet;
use std::sync::LazyLock;

static WHOLE: LazyLock<HashSet<TypeId>> = LazyLock::new(|| names().filter_map(TypeId::of).collect());

fn names() -> impl Iterator<Item = &'static str> {
    let lines = include_str!("../../data/whole.tsv").lines();
    let rows = lines.filter(|line| !line.starts_with('#'));
    rows.filter_map(|row| row.split('\t').next())
}

pub fn is_whole(on: TypeId) -> bool {
    WHOLE.contains(&on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_names_a_type() {
        assert!(names().count() > 0 && names().all(|name| TypeId::of(name).is_some()));
    }
}
