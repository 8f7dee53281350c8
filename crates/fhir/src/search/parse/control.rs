//! Parameters that shape the answer rather than choose matches.
//! <https://hl7.org/fhir/R4/search.html#modifyingresults>
use super::context::{Context, too_costly};
use super::{Limits, invalid, unsupported};
use crate::registry::ParamKind;
use crate::search::{Include, Query, Sort, SortBy, Summary, Total};
use crate::view::View;
use crate::{Issue, TypeId};

/// Each is a join more.
const MAX_SORT: usize = 10;

pub enum Applied {
    /// Not ours: a filter.
    No,
    Yes,
    /// Taken with this value instead of the one given.
    As(String),
    /// Taken, but no part of the `self` link's parameters.
    Hidden,
}

pub fn apply(
    query: &mut Query,
    name: &str,
    value: &str,
    cx: &Context,
    limits: Limits,
) -> Result<Applied, Issue> {
    match name {
        "_count" => return count(query, value, limits).map(Applied::As),
        "_cursor" => {
            query.cursor = Some(value.to_string());
            return Ok(Applied::Hidden);
        }
        "_sort" => sort(query, value, cx)?,
        "_total" => query.total = total(value)?,
        "_summary" => summary(query, value)?,
        // What is shown of each resource is chosen where the answer is made.
        "_elements" => drop(View::asked(Some(query.on), name, value)?),
        "_include" | "_include:iterate" | "_revinclude" | "_revinclude:iterate" => {
            include(query, name, value, cx)?
        }
        "_format" | "_pretty" => {}
        "_explain" => match value {
            "true" | "false" => query.explain = value == "true",
            _ => return Err(invalid(name, "takes true or false")),
        },
        "_contained" if value == "false" => {}
        "_contained" | "_containedType" | "_query" | "_score" => {
            return Err(unsupported(name, "is not offered by this server"));
        }
        _ if name.starts_with("_include:") || name.starts_with("_revinclude:") => {
            return Err(unsupported(name, "takes no modifier but :iterate"));
        }
        _ => return Ok(Applied::No),
    }
    Ok(Applied::Yes)
}

/// `0` asks for the number of matches alone.
fn count(query: &mut Query, value: &str, limits: Limits) -> Result<String, Issue> {
    let wanted: usize = value
        .parse()
        .map_err(|_| invalid("_count", "takes a whole number, 0 or more"))?;
    query.count = wanted.min(limits.max_count);
    if wanted == 0 {
        query.summary = Summary::Count;
    }
    Ok(query.count.to_string())
}

fn total(value: &str) -> Result<Total, Issue> {
    match value {
        "none" => Ok(Total::None),
        "estimate" => Ok(Total::Estimate),
        "accurate" => Ok(Total::Accurate),
        _ => Err(invalid("_total", "takes none, estimate or accurate")),
    }
}

fn summary(query: &mut Query, value: &str) -> Result<(), Issue> {
    match value {
        "count" => {
            query.summary = Summary::Count;
            query.count = 0;
            Ok(())
        }
        _ if View::asked(Some(query.on), "_summary", value)?.is_some() => Ok(()),
        _ => Err(invalid("_summary", "takes true, text, data, count or false")),
    }
}

fn sort(query: &mut Query, value: &str, cx: &Context) -> Result<(), Issue> {
    for key in value.split(',') {
        let (code, descending) = match key.strip_prefix('-') {
            Some(code) => (code, true),
            None => (key, false),
        };
        let by = match code {
            "_id" => SortBy::Id,
            "_lastUpdated" => SortBy::LastUpdated,
            _ => SortBy::Param(cx.param(query.on, code)?),
        };
        if let SortBy::Param(param) = &by
            && matches!(param.kind, ParamKind::Composite | ParamKind::Special)
        {
            return Err(unsupported("_sort", &format!("cannot order by '{}'", param.code)));
        }
        if query.sort.len() == MAX_SORT {
            return Err(too_costly("_sort", "takes at most 10 parameters"));
        }
        query.sort.push(Sort { by, descending });
    }
    Ok(())
}

/// <https://hl7.org/fhir/R4/search.html#revinclude>
fn include(query: &mut Query, name: &str, value: &str, cx: &Context) -> Result<(), Issue> {
    let (reverse, iterate) = (name.starts_with("_rev"), name.ends_with(":iterate"));
    let unknown = || invalid(name, "names an unknown resource type");
    if value == "*" && !reverse {
        let all = Include {
            reverse,
            from: query.on,
            by: None,
            target: None,
            iterate,
        };
        with_own(query, all, cx);
        return Ok(());
    }
    let mut parts = value.split(':');
    let (Some(from), Some(code), target, None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(invalid(
            name,
            "takes Type:parameter or Type:parameter:target-type",
        ));
    };
    let from = TypeId::of(from).ok_or_else(unknown)?;
    let target = target.map(|t| TypeId::of(t).ok_or_else(unknown)).transpose()?;
    let by = if code == "*" {
        None
    } else {
        Some(cx.reference_param(from, code)?)
    };
    if !iterate && !reverse && from != query.on {
        let rule = format!(
            "starts from a type other than {}; add :iterate to follow included ones",
            query.on.name()
        );
        return Err(invalid(name, &rule));
    }
    let clause = Include {
        reverse,
        from,
        by,
        target,
        iterate,
    };
    with_own(query, clause, cx);
    Ok(())
}

/// `*` is all references of R4; those that the database adds are clauses of their own.
fn with_own(query: &mut Query, clause: Include, cx: &Context) {
    if clause.by.is_none() {
        for param in cx.own_references(clause.from) {
            query.includes.push(Include {
                by: Some(param),
                ..clause.clone()
            });
        }
    }
    query.includes.push(clause);
}
