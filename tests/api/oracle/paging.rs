//! Pages as a client reads them: by their links, forwards and back.
use crate::support::Client;
use serde_json::Value;

/// More pages than any answer here has.
const MOST: usize = 400;

/// The ids of each page; `between` runs before each link is followed.
pub fn walk(partner: &Client, path: &str, mut between: impl FnMut()) -> Result<Vec<Vec<String>>, String> {
    let (mut pages, mut next) = (Vec::new(), Some(path.to_string()));
    while let Some(url) = next {
        let bundle = page(partner, &url)?;
        pages.push(ids(&bundle));
        if pages.len() > MOST {
            return Err("the pages do not end".to_string());
        }
        next = link(&bundle, "next");
        between();
    }
    Ok(pages)
}

/// The pages hold these, in order, none longer than asked, and lead back as they came.
pub fn agrees(partner: &Client, path: &str, count: usize, expected: &[String]) -> Result<(), String> {
    let pages = walk(partner, path, || {})?;
    let all: Vec<_> = pages.iter().flatten().cloned().collect();
    if all != expected {
        return Err(format!("finds {all:?}\n  not   {expected:?}"));
    }
    if let Some(long) = pages.iter().find(|page| page.len() > count) {
        return Err(format!("a page of {long:?}"));
    }
    back(partner, path, &pages)
}

fn back(partner: &Client, path: &str, pages: &[Vec<String>]) -> Result<(), String> {
    if pages.len() < 2 {
        return Ok(());
    }
    let mut bundle = page(partner, path)?;
    while let Some(next) = link(&bundle, "next") {
        bundle = page(partner, &next)?;
    }
    for (at, wanted) in pages.iter().enumerate().rev().skip(1) {
        let previous = link(&bundle, "previous").ok_or(format!("no way back to page {at}"))?;
        bundle = page(partner, &previous)?;
        if ids(&bundle) != *wanted {
            return Err(format!(
                "page {at} on the way back holds {:?}, not {wanted:?}",
                ids(&bundle)
            ));
        }
    }
    Ok(())
}

fn page(partner: &Client, url: &str) -> Result<Value, String> {
    let reply = partner.get(url);
    match reply.status {
        200 => Ok(reply.json()),
        status => Err(format!("{status} {}", reply.text)),
    }
}

fn link(bundle: &Value, relation: &str) -> Option<String> {
    let links = bundle["link"].as_array().into_iter().flatten();
    let found = links.into_iter().find(|link| link["relation"] == relation)?;
    found["url"].as_str().map(str::to_string)
}

fn ids(bundle: &Value) -> Vec<String> {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    let matches = entries.filter(|entry| entry["search"]["mode"] == "match");
    matches
        .filter_map(|entry| Some(entry["resource"]["id"].as_str()?.to_string()))
        .collect()
}
