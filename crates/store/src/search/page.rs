//! The window of a page: how far the search has come, in which direction, how many rows.
use super::cursor::Cursor;
use super::sql::Sql;

pub struct Window {
    pub cursor: Option<Cursor>,
    /// Rows to read: one more than the page shows.
    pub limit: i64,
}

impl Window {
    pub fn backwards(&self) -> bool {
        self.cursor.as_ref().is_some_and(|cursor| cursor.backwards)
    }

    /// ` LIMIT …`; the sign keeps SQLite from planning anew for each bound value.
    pub fn end(&self, sql: &mut Sql) {
        sql.push(" LIMIT +").big(self.limit);
    }

    /// ` AND key > … ORDER BY key LIMIT …`
    pub fn by_key(&self, sql: &mut Sql, key: &str) {
        let (beyond, direction) = if self.backwards() {
            ("<", " DESC")
        } else {
            (">", "")
        };
        if let Some(cursor) = &self.cursor {
            sql.push(&format!(" AND {key} {beyond} ")).big(cursor.key);
        }
        sql.push(&format!(" ORDER BY {key}{direction}"));
        self.end(sql);
    }
}
