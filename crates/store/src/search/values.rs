//! The values of one parameter as a condition on one index row.
//! <https://hl7.org/fhir/R4/search.html#prefix>
use super::family::{Source, target_type, type_bind};
use super::sql::{Bind, Sql};
use super::{ranges, units};
use fhir::TypeId;
use fhir::registry::SearchParam;
use fhir::search::index::{clip, hash, normalise};
use fhir::search::{Reference, StrMode, Test, Token, UriMode};

/// Greater than every character a prefix can be followed by.
const LAST: char = '\u{10FFFF}';

/// A condition on the row `alias`, in parentheses.
pub fn any(sql: &mut Sql, param: &SearchParam, test: &Test, source: &Source, alias: &str) {
    sql.push("(");
    match test {
        Test::Token(tokens) | Test::Identifier(tokens) => codes(sql, tokens, alias),
        Test::Reference(targets) => references(sql, param, targets, alias),
        Test::Str(mode @ (StrMode::Contains | StrMode::EndsWith), texts) => {
            parts(sql, source, *mode, texts, alias);
        }
        Test::Str(mode, texts) => sql.any(texts, &mut |sql, text| string(sql, *mode, text, alias)),
        Test::Uri(mode, uris) => sql.any(uris, &mut |sql, uri| self::uri(sql, *mode, uri, alias)),
        Test::Date(dates) => sql.any(dates, &mut |sql, date| ranges::date(sql, date, alias)),
        Test::Number(numbers) => sql.any(numbers, &mut |sql, number| ranges::number(sql, number, alias)),
        Test::Near(points) => sql.any(points, &mut |sql, near| ranges::near(sql, near, alias)),
        Test::Quantity(tests) => units::any(sql, tests, alias, &source.asked_unit(alias)),
        Test::Paired(pairs) => sql.any(pairs, &mut |sql, (tokens, tests)| {
            sql.push("(");
            codes(sql, tokens, alias);
            sql.push(") AND (");
            units::any(sql, tests, alias, &source.asked_unit(alias));
            sql.push(")");
        }),
    }
    sql.push(")");
}

/// Plain codes are one list, which both engines answer by seeks.
fn codes(sql: &mut Sql, tokens: &[Token], alias: &str) {
    let plain: Option<Vec<_>> = tokens
        .iter()
        .map(|token| match token {
            Token::Code(code) => Some(Bind::Text(clip(code).to_string())),
            _ => None,
        })
        .collect();
    match plain {
        Some(codes) => {
            sql.equals(&format!("{alias}.code"), codes);
        }
        None => sql.any(tokens, &mut |sql, token| self::token(sql, token, alias)),
    }
}

fn token(sql: &mut Sql, token: &Token, alias: &str) {
    let (system, code) = match token {
        Token::Code(code) => (None, Some(code)),
        Token::NoSystem(code) => (Some(0), Some(code)),
        Token::SystemCode(system, code) => (Some(hash(Some(system))), Some(code)),
        Token::System(system) => (Some(hash(Some(system))), None),
    };
    if let Some(code) = code {
        sql.push(alias).push(".code = ").text(clip(code));
    }
    if code.is_some() && system.is_some() {
        sql.push(" AND ");
    }
    if let Some(system) = system {
        sql.push(alias).push(".system = ").big(system);
    }
}

/// A target by type and id.
fn local(target: &Reference) -> Option<(TypeId, &str)> {
    match target {
        Reference::Local { type_id, id } => Some(((*type_id)?, id.as_str())),
        Reference::Url(_) => None,
    }
}

/// Several ids of one type, to which the parameter may lead.
pub fn of_one_type<'a>(param: &SearchParam, targets: &'a [Reference]) -> Option<(TypeId, Vec<&'a str>)> {
    let named: Option<Vec<(TypeId, &str)>> = targets.iter().map(local).collect();
    let (types, ids): (Vec<TypeId>, Vec<&str>) = named?.into_iter().unzip();
    let (on, only) = (*types.first()?, &param.only_targets);
    let is_one = types.iter().all(|of| *of == on) && (only.is_empty() || only.contains(&on));
    (is_one && ids.len() > 1).then_some((on, ids))
}

/// Ids of one type are one list, which both engines answer by seeks.
fn references(sql: &mut Sql, param: &SearchParam, targets: &[Reference], alias: &str) {
    match of_one_type(param, targets) {
        Some((on, ids)) => {
            sql.among_texts(&format!("{alias}.target"), ids.into_iter());
            sql.push(&format!(" AND {alias}.target_type = "))
                .bind(type_bind(on));
        }
        None => sql.any(targets, &mut |sql, target| reference(sql, param, target, alias)),
    }
}

/// An alias such as `patient` reads all rows of `subject`, so the type is checked here.
fn reference(sql: &mut Sql, param: &SearchParam, target: &Reference, alias: &str) {
    let only = &param.only_targets;
    match target {
        Reference::Local {
            type_id: Some(type_id),
            id,
        } if only.is_empty() || only.contains(type_id) => {
            sql.push(alias).push(".target = ").text(id.as_str());
            sql.push(&format!(" AND {alias}.target_type = "))
                .bind(type_bind(*type_id));
        }
        Reference::Local { type_id: None, id } => {
            sql.push(alias).push(".target = ").text(id.as_str());
            if !only.is_empty() {
                sql.push(" AND ");
                target_type(sql, alias, only);
            }
        }
        Reference::Url(url) if only.is_empty() || only.iter().any(|on| names(url, *on)) => {
            self::url(sql, url, alias);
        }
        _ => {
            sql.push("1 = 0");
        }
    }
}

/// Whether a URL elsewhere is one of a resource of this type.
fn names(url: &str, on: TypeId) -> bool {
    url.contains(&format!("/{}/", on.name()))
}

fn url(sql: &mut Sql, url: &str, alias: &str) {
    sql.push(&format!("{alias}.target_type = -1 AND ("));
    sql.push(alias).push(".target = ").text(clip(url));
    // A canonical without a version means any version.
    if !url.contains('|') {
        sql.push(" OR ");
        between(sql, &format!("{alias}.target"), &format!("{}|", clip(url)));
    }
    sql.push(")");
}

/// Starts with, as a range both engines seek.
fn between(sql: &mut Sql, column: &str, prefix: &str) {
    sql.push(&format!("({column} >= ")).text(prefix);
    sql.push(&format!(" AND {column} < "))
        .text(format!("{prefix}{LAST}"))
        .push(")");
}

/// What asks for a part of a text looks for whole ones that have it, each of which is there once.
fn parts(sql: &mut Sql, source: &Source, mode: StrMode, texts: &[String], alias: &str) {
    let text = sql.alias();
    sql.among_found(&format!("{alias}.norm"), |sql| {
        sql.push(&format!("SELECT {text}.norm FROM idx_norm {text} WHERE "));
        source.param(sql, &text);
        sql.go_on_texts(&text, texts.len()).push(" AND (");
        sql.any(texts, &mut |sql, part| string(sql, mode, part, &text));
        sql.push(")");
    });
}

fn string(sql: &mut Sql, mode: StrMode, text: &str, alias: &str) {
    match mode {
        StrMode::StartsWith => between(sql, &format!("{alias}.norm"), text),
        StrMode::Exact => {
            let (norm, exact) = (normalise(text), clip(text));
            sql.push(alias).push(".norm = ").text(norm.as_str());
            // The exact text is stored only where it differs from the folded one.
            let stored = if norm == exact { "" } else { exact };
            sql.push(&format!(" AND {alias}.exact = ")).text(stored);
        }
        StrMode::Whole => {
            sql.push(alias).push(".norm = ").text(text);
        }
        StrMode::Contains => {
            sql.within(&format!("{alias}.norm"), text);
        }
        StrMode::EndsWith => {
            let pattern = format!("%{}", escaped(text));
            sql.push(alias)
                .push(".norm LIKE ")
                .text(pattern)
                .push(" ESCAPE '\\'");
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

fn uri(sql: &mut Sql, mode: UriMode, uri: &str, alias: &str) {
    let column = format!("{alias}.code");
    match mode {
        UriMode::Exact => {
            sql.push(&column).push(" = ").text(clip(uri));
        }
        UriMode::Below => between(sql, &column, clip(uri)),
        UriMode::Above => {
            sql.equals(&column, above(clip(uri)).into_iter().map(Bind::Text));
        }
    }
}

/// The uri and all that contain it by path segments.
fn above(uri: &str) -> Vec<String> {
    let ends = uri
        .char_indices()
        .filter(|(_, c)| matches!(c, '/' | ':' | '.' | '?' | '#'));
    let mut prefixes: Vec<String> = ends
        .flat_map(|(at, _)| [&uri[..at], &uri[..=at]])
        .map(str::to_string)
        .collect();
    prefixes.push(uri.to_string());
    prefixes.sort();
    prefixes.dedup();
    prefixes
}
