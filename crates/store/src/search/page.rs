//! The window of a page: how far the search has come, in which direction, how many rows.
use super::cursor::Cursor;
use super::sql::Sql;

pub struct Window {
    pub cursor: Option<Cursor>,
    /// Rows to read: one more than the page shows.
    pub limit: i64,
    /// SQL of a key behind which nothing is looked for.
    pub until: Option<&'static str>,
}

impl Window {
    pub fn new(cursor: Option<Cursor>, limit: i64) -> Window {
        Window {
            cursor,
            limit,
            until: None,
        }
    }

    pub fn backwards(&self) -> bool {
        self.cursor.as_ref().is_some_and(|cursor| cursor.backwards)
    }

    /// What follows the key in `ORDER BY`.
    pub fn order(&self) -> &'static str {
        if self.backwards() { " DESC" } else { "" }
    }

    /// ` LIMIT …`; the sign keeps SQLite from planning anew for each bound value.
    pub fn end(&self, sql: &mut Sql) {
        sql.push(" LIMIT +").big(self.limit);
    }

    /// ` AND key > … ORDER BY key LIMIT …`
    pub fn by_key(&self, sql: &mut Sql, key: &str) {
        self.beyond(sql, key);
        self.end(sql);
    }

    /// The same, and of them this one alone, counted from 1.
    pub fn nth_by_key(&self, sql: &mut Sql, key: &str, nth: i64) {
        self.beyond(sql, key);
        sql.push(" LIMIT 1 OFFSET +").big(nth - 1);
    }

    fn beyond(&self, sql: &mut Sql, key: &str) {
        let beyond = if self.backwards() { "<" } else { ">" };
        if let Some(cursor) = &self.cursor {
            sql.push(&format!(" AND {key} {beyond} ")).big(cursor.key);
        }
        if let Some(until) = self.until {
            sql.push(&format!(" AND {key} <= {until}"));
        }
        sql.push(&format!(" ORDER BY {key}{}", self.order()));
    }
}
