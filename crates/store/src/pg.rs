//! PostgreSQL statements that diesel's DSL has no words for, yet keeps prepared.
//!
//! `sql_query` is parsed and planned on each use; a type with a static query id is not.
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::AstPass;
use diesel::serialize::ToSql;
use diesel::sql_types::HasSqlType;

/// The arguments of a statement, separated by commas.
pub(crate) struct Binds<'a, 'b> {
    out: AstPass<'a, 'b, Pg>,
    first: bool,
}

impl<'a, 'b> Binds<'a, 'b> {
    pub(crate) fn new(out: AstPass<'a, 'b, Pg>) -> Self {
        Binds { out, first: true }
    }

    pub(crate) fn sql(&mut self, sql: &str) {
        self.out.push_sql(sql);
    }

    /// Ends one call of a function and begins another in the same statement.
    pub(crate) fn next_call(&mut self, sql: &str) {
        self.sql(sql);
        self.first = true;
    }

    pub(crate) fn add<T, U>(&mut self, value: &'b U) -> QueryResult<()>
    where
        Pg: HasSqlType<T>,
        U: ToSql<T, Pg>,
    {
        if !std::mem::take(&mut self.first) {
            self.sql(",");
        }
        self.out.push_bind_param::<T, U>(value)
    }
}

/// Makes a struct (with one lifetime) the statement `before`, its binds, `after`.
macro_rules! statement {
    ($name:ident, $before:literal, $after:literal, |$self:ident, $binds:ident| $body:expr) => {
        impl diesel::query_builder::QueryId for $name<'_> {
            type QueryId = $name<'static>;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for $name<'_> {
            fn walk_ast<'b>(
                &'b $self,
                out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
            ) -> diesel::QueryResult<()> {
                let $binds = &mut $crate::pg::Binds::new(out);
                $binds.sql($before);
                $body?;
                $binds.sql($after);
                Ok(())
            }
        }

        impl diesel::RunQueryDsl<diesel::PgConnection> for $name<'_> {}
    };
}
pub(crate) use statement;
