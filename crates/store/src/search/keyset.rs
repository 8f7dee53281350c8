//! The order of a page as a whole, and where it starts: keyset paging over several sort keys.
use super::cursor::Cursor;
use super::order::Key;
use super::sql::Sql;

/// Equals come by key in the direction of the first sort key, so that one index read in one
/// direction can be the whole order.
fn key_descends(keys: &[Key]) -> bool {
    keys.first().is_some_and(|key| key.descending())
}

/// ` ORDER BY …`
pub fn by(sql: &mut Sql, keys: &[Key], backwards: bool) {
    sql.push(" ORDER BY ");
    keys.iter().for_each(|key| key.order(sql, backwards));
    sql.push(if key_descends(keys) != backwards {
        "r.key DESC"
    } else {
        "r.key"
    });
}

/// ` AND (beyond the first key, or equal there and beyond the second, …)`
pub fn after(sql: &mut Sql, keys: &[Key], cursor: &Cursor) {
    sql.push(" AND (");
    for (at, key) in keys.iter().enumerate() {
        equal(sql, &keys[..at], cursor);
        key.beyond(sql, &cursor.values[at], cursor.backwards);
        sql.push(" OR ");
    }
    equal(sql, keys, cursor);
    let descends = key_descends(keys) != cursor.backwards;
    sql.push(if descends { "r.key < " } else { "r.key > " })
        .big(cursor.key)
        .push(")");
}

fn equal(sql: &mut Sql, keys: &[Key], cursor: &Cursor) {
    for (key, value) in keys.iter().zip(&cursor.values) {
        key.same(sql, value);
        sql.push(" AND ");
    }
}
