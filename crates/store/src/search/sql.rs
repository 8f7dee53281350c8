//! A statement under construction: text and binds in the order in which they are written.
//!
//! Diesel's DSL cannot say these queries on both engines at once; this says them once, with
//! diesel doing placeholders, binding and statement caching.
use crate::conn::Engine;
use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Double, Integer, SmallInt, Text};
use diesel::sqlite::Sqlite;
use std::any::TypeId;
use std::marker::PhantomData;

/// A search with more values than this is unlikely to come again in the same shape; statements
/// are cached per connection without bound, so such are not cached.
const CACHED_BINDS: usize = 24;
/// The same where all but so few say who asks, or one value in each unit: in few shapes, which come again
/// with everything that is asked.
const CACHED_WITH_RECURRING: usize = 112;

#[derive(Clone, Debug)]
pub enum Bind {
    Small(i16),
    Int(i32),
    Big(i64),
    Double(f64),
    Text(String),
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Bind(Bind),
    /// ` AND …`: the row with this key may be read.
    GoOn {
        of: String,
        mask: u8,
    },
    /// What the engines say differently.
    Either {
        sqlite: &'static str,
        postgres: &'static str,
    },
}

#[derive(Debug, Default)]
pub struct Sql {
    pieces: Vec<Piece>,
    aliases: usize,
    uncached: bool,
    pinned: bool,
    /// How many of the values are in parts that come again.
    recurring: usize,
}

impl Sql {
    /// A statement that is done when a page is full: what is asked of a row stays a seek for that
    /// row. PostgreSQL would weigh reading all rows that pass instead, by guesses at how many they are.
    pub fn for_a_page() -> Sql {
        Sql {
            pinned: true,
            ..Sql::default()
        }
    }

    pub fn push(&mut self, text: &str) -> &mut Self {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_string())),
        }
        self
    }

    /// How many values are bound.
    pub fn binds(&self) -> usize {
        let is_bind = |piece: &&Piece| matches!(piece, Piece::Bind(_));
        self.pieces.iter().filter(is_bind).count()
    }

    /// The text as this engine reads it, with `?` for each value.
    pub fn shown(&self, engine: Engine) -> String {
        let piece = |piece: &Piece| match (piece, engine) {
            (Piece::Text(text), _) => text.clone(),
            (Piece::Bind(_), _) => "?".to_string(),
            (Piece::Either { sqlite, .. }, Engine::Sqlite) => (*sqlite).to_string(),
            (Piece::Either { postgres, .. }, Engine::Postgres) => (*postgres).to_string(),
            (Piece::GoOn { .. }, _) => String::new(),
        };
        self.pieces.iter().map(piece).collect()
    }

    /// The same statement behind a prefix.
    pub fn after(mut self, prefix: &str) -> Self {
        self.pieces.insert(0, Piece::Text(prefix.to_string()));
        self
    }

    pub fn bind(&mut self, value: Bind) -> &mut Self {
        self.pieces.push(Piece::Bind(value));
        self
    }

    pub fn big(&mut self, value: i64) -> &mut Self {
        self.bind(Bind::Big(value))
    }

    pub fn text(&mut self, value: impl Into<String>) -> &mut Self {
        self.bind(Bind::Text(value.into()))
    }

    /// Where a loop over many rows may be cut off: see `watch.rs`. PostgreSQL needs none.
    pub fn go_on(&mut self, row: &str) -> &mut Self {
        // For a row in 64, as a call costs more than the row.
        let of = format!("{row}.key");
        self.pieces.push(Piece::GoOn { of, mask: 63 });
        self
    }

    /// The same in a loop over texts, which have no key: by their lengths; each of them where it is compared
    /// with many.
    pub fn go_on_texts(&mut self, row: &str, with: usize) -> &mut Self {
        let of = format!("length({row}.norm)");
        let mask = if with > 8 { 0 } else { 7 };
        self.pieces.push(Piece::GoOn { of, mask });
        self
    }

    fn either(&mut self, sqlite: &'static str, postgres: &'static str) -> &mut Self {
        self.pieces.push(Piece::Either { sqlite, postgres });
        self
    }

    /// The end of a subquery that is one seek for the row it is asked of. An offset, even of
    /// none, keeps PostgreSQL from making a join of it.
    pub fn each(&mut self) -> &mut Self {
        match self.pinned {
            true => self.either("", " OFFSET 0"),
            false => self,
        }
    }

    /// The end of `key IN (SELECT …)` that is looked up in one list for the whole statement. As a condition
    /// that could be joined, PostgreSQL reads the list once per row, or all of its targets, since it guesses
    /// that few refer to any.
    pub fn one_list(&mut self) -> &mut Self {
        match self.pinned {
            true => self.either("", " IS TRUE"),
            false => self,
        }
    }

    /// A table alias nobody else in the statement has.
    pub fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("t{}", self.aliases)
    }

    /// `write` for each item, with `between` in between; `none` when there is none.
    pub fn join<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        between: &str,
        none: &str,
        mut write: impl FnMut(&mut Sql, T),
    ) -> &mut Self {
        let mut first = true;
        for item in items {
            if !first {
                self.push(between);
            }
            first = false;
            write(self, item);
        }
        if first { self.push(none) } else { self }
    }

    /// Any of the items, halved and halved again: SQLite counts how deep an expression nests, and
    /// a list written in a row nests once per item.
    pub fn any<T>(&mut self, items: &[T], write: &mut impl FnMut(&mut Sql, &T)) {
        match items {
            [] => {
                self.push("1 = 0");
            }
            [one] => write(self, one),
            _ => {
                let (left, right) = items.split_at(items.len() / 2);
                self.push("(").any(left, write);
                self.push(") OR (").any(right, write);
                self.push(")");
            }
        }
    }

    /// `column = x`, or `column IN (x, y)`.
    pub fn equals(&mut self, column: &str, values: impl IntoIterator<Item = Bind>) -> &mut Self {
        let mut values: Vec<_> = values.into_iter().collect();
        self.push(column);
        if values.len() == 1 {
            return self.push(" = ").bind(values.remove(0));
        }
        self.push(" IN (").join(values, ", ", "NULL", |sql, value| {
            sql.bind(value);
        });
        self.push(")")
    }

    /// `column` is one of these, as one bound value however many there are.
    pub fn among_keys(&mut self, column: &str, keys: &[i64], engine: Engine) -> &mut Self {
        let list: Vec<String> = keys.iter().map(i64::to_string).collect();
        let (before, after) = match engine {
            Engine::Sqlite => (" IN (SELECT value FROM json_each(", "))"),
            Engine::Postgres => (" = ANY(ARRAY(SELECT json_array_elements_text(", "::json)::int8))"),
        };
        self.push(column)
            .push(before)
            .text(format!("[{}]", list.join(",")))
            .push(after)
    }

    /// `column` is one of these, as one bound value however many there are.
    pub fn among_texts<'a>(&mut self, column: &str, texts: impl Iterator<Item = &'a str>) -> &mut Self {
        let array: serde_json::Value = texts.collect();
        self.push(column)
            .either(
                " IN (SELECT value FROM json_each(",
                " = ANY(ARRAY(SELECT json_array_elements_text(",
            )
            .text(array.to_string())
            .either("))", "::json)))")
    }

    /// `text` is somewhere in `column`.
    pub fn within(&mut self, column: &str, text: &str) -> &mut Self {
        self.either("instr(", "strpos(")
            .push(column)
            .push(", ")
            .text(text)
            .push(") > 0")
    }

    /// `column` is one of what a subquery finds, which stands by itself: it is read once, and what has one of
    /// these is sought.
    pub fn among_found(&mut self, column: &str, select: impl FnOnce(&mut Sql)) -> &mut Self {
        self.push(column).either(" IN (", " = ANY(ARRAY(");
        select(self);
        self.either(")", "))")
    }

    /// A table of these in a column `value`, as one bound value however many there are.
    pub fn texts<'a>(&mut self, texts: impl Iterator<Item = &'a str>, alias: &str) -> &mut Self {
        let array: serde_json::Value = texts.collect();
        self.either("json_each(", "json_array_elements_text(")
            .text(array.to_string())
            .either(") ", "::json) ")
            .push(alias)
    }

    /// What `write` writes has one of few shapes, whatever is asked.
    pub fn recurring<T>(&mut self, write: impl FnOnce(&mut Sql) -> T) -> T {
        let before = self.binds();
        let written = write(self);
        self.recurring += self.binds() - before;
        written
    }

    fn comes_again(&self) -> bool {
        let binds = self.binds();
        !self.uncached && binds - self.recurring <= CACHED_BINDS && binds <= CACHED_WITH_RECURRING
    }

    /// Planned anew each time.
    pub fn never_cached(&mut self) {
        self.uncached = true;
    }

    /// Ready to be loaded as rows of these SQL types.
    pub fn returning<ST>(self) -> Statement<ST> {
        Statement {
            sql: self,
            types: PhantomData,
        }
    }
}

fn is_sqlite<DB: 'static>() -> bool {
    TypeId::of::<DB>() == TypeId::of::<Sqlite>()
}

pub struct Statement<ST> {
    sql: Sql,
    types: PhantomData<ST>,
}

impl<ST> Query for Statement<ST> {
    type SqlType = ST;
}

impl<ST, C> RunQueryDsl<C> for Statement<ST> {}

impl<ST> QueryId for Statement<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST, DB> QueryFragment<DB> for Statement<ST>
where
    DB: Backend,
    Sql: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.sql.walk_ast(out)
    }
}

impl<DB> QueryFragment<DB> for Sql
where
    DB: Backend + 'static,
    i16: ToSql<SmallInt, DB>,
    i32: ToSql<Integer, DB>,
    i64: ToSql<BigInt, DB>,
    f64: ToSql<Double, DB>,
    String: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_sql(text),
                Piece::GoOn { of, mask } if is_sqlite::<DB>() => {
                    // Certain, as the planner takes other conditions for narrowing.
                    out.push_sql(&format!(
                        " AND likelihood(({of} & {mask}) <> 0 OR go_on({of}), 1.0)"
                    ));
                }
                Piece::GoOn { .. } => {}
                Piece::Either { sqlite, .. } if is_sqlite::<DB>() => out.push_sql(sqlite),
                Piece::Either { postgres, .. } => out.push_sql(postgres),
                Piece::Bind(Bind::Small(value)) => out.push_bind_param::<SmallInt, _>(value)?,
                Piece::Bind(Bind::Int(value)) => out.push_bind_param::<Integer, _>(value)?,
                Piece::Bind(Bind::Big(value)) => out.push_bind_param::<BigInt, _>(value)?,
                Piece::Bind(Bind::Double(value)) => out.push_bind_param::<Double, _>(value)?,
                Piece::Bind(Bind::Text(value)) => out.push_bind_param::<Text, _>(value)?,
            }
        }
        if !self.comes_again() {
            out.unsafe_to_cache_prepared();
        }
        Ok(())
    }
}
