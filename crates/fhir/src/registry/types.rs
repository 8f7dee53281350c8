//! Resource types as small numbers. <https://hl7.org/fhir/R4/resourcelist.html>
use rustc_hash::FxHashMap;
use std::fmt;
use std::sync::LazyLock;

/// Sorted; a type's place is its [`TypeId`].
static NAMES: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("../../data/types.tsv").lines().collect());

static BY_NAME: LazyLock<FxHashMap<&str, TypeId>> =
    LazyLock::new(|| TypeId::all().map(|type_id| (type_id.name(), type_id)).collect());

/// Index of a resource type in R4's alphabetical list. R4 is frozen, so the number is stable and
/// is what the database stores.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u16);

impl TypeId {
    pub fn name(self) -> &'static str {
        NAMES[usize::from(self.0)]
    }

    /// The type of that exact name.
    pub fn of(name: &str) -> Option<TypeId> {
        BY_NAME.get(name).copied()
    }

    /// The type of a number read from the database.
    pub fn from_number(number: u16) -> Option<TypeId> {
        NAMES.get(usize::from(number)).map(|_| TypeId(number))
    }

    pub(super) fn all() -> impl Iterator<Item = TypeId> {
        (0..NAMES.len()).map(TypeId::at)
    }

    fn at(place: usize) -> TypeId {
        TypeId(u16::try_from(place).expect("R4 has 146 types"))
    }
}

impl fmt::Debug for TypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
