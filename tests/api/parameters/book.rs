//! Values by the book: escapes, encodings, folding, precision, units, kinds of reference.
//! <https://hl7.org/fhir/R4/search.html>
use super::table::{Row, World, ids, rows_of};
use crate::on_both;
use crate::support::{Baton, Client, Reply};

on_both!(values_mean_what_the_book_says);

fn values_mean_what_the_book_says(baton: &Baton) {
    let partner = baton.partner();
    World::load(&partner, "book");
    let failures: Vec<_> = rows_of("book")
        .iter()
        .filter_map(|row| wrong(&partner, row))
        .collect();
    assert!(
        failures.is_empty(),
        "{} wrong:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn wrong(partner: &Client, row: &Row) -> Option<String> {
    let (found, near) = (partner.get(&row.query), partner.get(&row.near));
    if found.status != 200 || near.status != 200 {
        return Some(format!(
            "{} {} or {}: {} {}",
            row.at, row.query, row.near, found.text, near.text
        ));
    }
    let again = partner.get(&own_link(&found));
    let (found, near) = (ids(&found, "match"), ids(&near, "match"));
    if again.status != 200 || ids(&again, "match") != found {
        return Some(format!("{} {}: its self link {}", row.at, row.query, again.text));
    }
    if found != row.finds {
        return Some(format!(
            "{} {} finds {found:?}, not {:?}",
            row.at, row.query, row.finds
        ));
    }
    let missed = near.is_disjoint(&row.finds);
    (!missed).then(|| format!("{} near miss {} finds {near:?}", row.at, row.near))
}

/// It repeats the search, whatever signs are in it.
fn own_link(reply: &Reply) -> String {
    let bundle = reply.json();
    bundle["link"][0]["url"]
        .as_str()
        .expect("a self link")
        .to_string()
}
