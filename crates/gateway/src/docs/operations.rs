//! The operations of the table. <https://hl7.org/fhir/R4/operations.html>
//!
//! Those of every type are described once, with the type as a part of the path.
use super::content::{Described, answer, body, parameter, query, secured};
use crate::operations::{Kind, Level, Operation, TABLE};
use fhir::TypeId;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterIn, PathItemBuilder, PathsBuilder};
use utoipa::openapi::schema::Type;

pub fn add(paths: PathsBuilder, types: &[TypeId]) -> PathsBuilder {
    TABLE.iter().fold(paths, |paths, operation| {
        let named = operation.types.iter().copied();
        let told = named.filter(|name| types.iter().any(|on| on.name() == *name));
        let every = operation.types.is_empty().then_some("{type}");
        every
            .into_iter()
            .chain(told)
            .fold(paths, |paths, on| of_type(paths, operation, on))
    })
}

fn of_type(paths: PathsBuilder, operation: &Operation, on: &str) -> PathsBuilder {
    operation.levels.iter().fold(paths, |paths, level| {
        let path = match level {
            Level::Type => format!("/fhir/{on}/${}", operation.code),
            Level::Instance => format!("/fhir/{on}/{{id}}/${}", operation.code),
        };
        let mut item = PathItemBuilder::new().operation(HttpMethod::Post, by_post(operation, on, *level));
        if !operation.affects_state {
            item = item.operation(HttpMethod::Get, by_get(operation, on, *level));
        }
        paths.path(path, item.build())
    })
}

fn described(operation: &Operation, on: &str, level: Level, method: &str) -> OperationBuilder {
    let every = on == "{type}";
    let of = if every { "Every" } else { on };
    let letter = if operation.affects_state { 'u' } else { 'r' };
    let scope = if every {
        format!("system/*.{letter}")
    } else {
        format!("system/{on}.{letter}")
    };
    let described = OperationBuilder::new()
        .tag(if every { "Every type" } else { on })
        .operation_id(Some(format!("{method}-{}-{of}-{level:?}", operation.code)))
        .summary(Some(operation.summary))
        .security(secured(&scope))
        .response("200", answer("The result", "Resource", None))
        .refuses(&["400", "401", "403", "404"]);
    let described = match every {
        true => described.parameter(parameter(
            "type",
            ParameterIn::Path,
            Type::String,
            "Resource type",
        )),
        false => described,
    };
    match level {
        Level::Instance => described.takes(&["id"]).refuses(&["410"]),
        Level::Type => described,
    }
}

fn by_get(operation: &Operation, on: &str, level: Level) -> OperationBuilder {
    let primitives = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.kind == Kind::Primitive);
    primitives.fold(described(operation, on, level, "get"), |described, parameter| {
        described.parameter(query(parameter.name, parameter.summary))
    })
}

fn by_post(operation: &Operation, on: &str, level: Level) -> OperationBuilder {
    described(operation, on, level, "post")
        .request_body(Some(body("Resource", None)))
        .refuses(&["413", "415", "422"])
}
