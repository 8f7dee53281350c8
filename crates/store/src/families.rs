//! The index tables, described once: SQLite's statements, PostgreSQL's functions and the rebuild
//! are made of this. How they are searched is in `search/family.rs`.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The resource's key, the same in all rows of a resource.
    Key,
    Int,
    Small,
    Big,
    Real,
    Text,
}

pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Part of what tells rows apart; never NULL.
    pub(crate) identity: bool,
}

pub(crate) struct Family {
    pub(crate) table: &'static str,
    pub(crate) columns: &'static [Column],
}

pub(crate) const TOKEN: usize = 0;
pub(crate) const REFERENCE: usize = 1;
pub(crate) const DATE: usize = 2;
pub(crate) const STRING: usize = 3;
pub(crate) const NUMBER: usize = 4;
pub(crate) const QUANTITY: usize = 5;
pub(crate) const CODED: usize = 6;
pub(crate) const TEXT: usize = 7;
pub(crate) const MET: usize = 8;
pub(crate) const NORM: usize = 9;

/// All of them, columns in the order of the tables.
pub(crate) const FAMILIES: [Family; 10] = [
    Family {
        table: "idx_token",
        columns: &[
            PARAM,
            column("code", Kind::Text),
            KEY,
            column("system", Kind::Big),
        ],
    },
    Family {
        table: "idx_reference",
        columns: &[
            PARAM,
            column("target", Kind::Text),
            KEY,
            column("target_type", Kind::Small),
        ],
    },
    Family {
        table: "idx_date",
        columns: &[PARAM, column("low", Kind::Big), column("high", Kind::Big), KEY],
    },
    Family {
        table: "idx_string",
        columns: &[
            PARAM,
            column("norm", Kind::Text),
            column("exact", Kind::Text),
            KEY,
        ],
    },
    Family {
        table: "idx_number",
        columns: &[PARAM, KEY, column("low", Kind::Real), column("high", Kind::Real)],
    },
    Family {
        table: "idx_quantity",
        columns: &[
            PARAM,
            KEY,
            column("value", Kind::Real),
            column("code", Kind::Big),
            column("system", Kind::Big),
        ],
    },
    Family {
        table: "idx_coded",
        columns: &[
            PARAM,
            column("code", Kind::Text),
            KEY,
            column("nth", Kind::Small),
            payload("system", Kind::Big),
            payload("value", Kind::Real),
            payload("unit", Kind::Big),
            payload("unit_system", Kind::Big),
        ],
    },
    // One row, the words of the resource, in the engine's full-text index.
    Family {
        table: "idx_text",
        columns: &[payload("words", Kind::Text), Column { name: "rowid", ..KEY }],
    },
    // Which codes of two parameters have met in a resource.
    Family {
        table: "idx_met",
        columns: &[
            PARAM,
            column("code", Kind::Text),
            column("other", Kind::Int),
            column("other_code", Kind::Text),
        ],
    },
    // Which texts a parameter has, in any resource.
    Family {
        table: "idx_norm",
        columns: &[PARAM, column("norm", Kind::Text)],
    },
];

const PARAM: Column = column("param", Kind::Int);
const KEY: Column = column("key", Kind::Key);

const fn column(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        identity: true,
    }
}

const fn payload(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        identity: false,
    }
}

impl Family {
    /// The columns' names with commas.
    pub(crate) fn names(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|column| column.name).collect();
        names.join(", ")
    }

    /// Whether its rows say that something has been there, in whatever resource: each is there once,
    /// without a key, and none ever goes.
    pub(crate) fn lasts(&self) -> bool {
        !self.columns.iter().any(|column| column.kind == Kind::Key)
    }

    /// Whether its rows are of single parameters.
    pub(crate) fn is_by_param(&self) -> bool {
        self.columns.iter().any(|column| column.name == PARAM.name)
    }

    /// Those of the columns that tell a parameter's rows apart.
    pub(crate) fn identity(&self) -> String {
        let columns = self.columns.iter().filter(|column| column.identity);
        let names: Vec<_> = columns.map(|column| column.name).collect();
        names.join(", ")
    }
}
