//! The operations Baton has for every or several types, in the order they are told.
use super::{Kind, Level, Operation, Parameter, everything, lastn, match_patient, meta, reindex, validate};

const fn primitive(name: &'static str, summary: &'static str) -> Parameter {
    Parameter {
        name,
        kind: Kind::Primitive,
        summary,
    }
}

const META: Parameter = Parameter {
    name: "meta",
    kind: Kind::Complex,
    summary: "Profiles, tags and security labels (Meta)",
};

const SINCE: Parameter = primitive("_since", "Changed at or after this instant");
const TYPE: Parameter = primitive("_type", "Types of the compartment, separated by commas");
const COUNT: Parameter = primitive("_count", "Resources per page");
const CURSOR: Parameter = primitive("_cursor", "From a link of the Bundle");

pub static TABLE: [Operation; 10] = [
    Operation {
        code: "validate",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-validate",
        types: &[],
        levels: &[Level::Type, Level::Instance],
        affects_state: false,
        summary: "Everything that is wrong with a resource, sent or stored",
        parameters: &[
            Parameter {
                name: "resource",
                kind: Kind::Resource,
                summary: "The resource; without it the stored one is validated",
            },
            primitive("mode", "create, update or delete: whether that could be done"),
            primitive(
                "profile",
                "Canonical of a profile; R4's base definitions are known",
            ),
        ],
        searches: false,
        run: |invocation| Box::pin(validate::run(invocation)),
    },
    Operation {
        code: "meta",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta",
        types: &[],
        levels: &[Level::Instance],
        affects_state: false,
        summary: "Profiles, tags and security labels of a resource",
        parameters: &[],
        searches: false,
        run: |invocation| Box::pin(meta::read(invocation)),
    },
    Operation {
        code: "meta-add",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta-add",
        types: &[],
        levels: &[Level::Instance],
        affects_state: true,
        summary: "Adds profiles, tags and security labels; a new version unless all are there",
        parameters: &[META],
        searches: false,
        run: |invocation| Box::pin(meta::add(invocation)),
    },
    Operation {
        code: "meta-delete",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta-delete",
        types: &[],
        levels: &[Level::Instance],
        affects_state: true,
        summary: "Removes profiles, tags and security labels; a new version unless none was there",
        parameters: &[META],
        searches: false,
        run: |invocation| Box::pin(meta::delete(invocation)),
    },
    Operation {
        code: "everything",
        definition: "http://hl7.org/fhir/OperationDefinition/Patient-everything",
        types: &["Patient"],
        levels: &[Level::Instance],
        affects_state: false,
        summary: "The record of a patient and what it refers to, in pages",
        parameters: &[
            primitive("start", "Care on or after this date; what has no date is kept"),
            primitive("end", "Care on or before this date"),
            SINCE,
            TYPE,
            COUNT,
            CURSOR,
        ],
        searches: false,
        run: |invocation| Box::pin(everything::run(invocation)),
    },
    Operation {
        code: "everything",
        definition: "http://hl7.org/fhir/OperationDefinition/Encounter-everything",
        types: &["Encounter"],
        levels: &[Level::Instance],
        affects_state: false,
        summary: "An encounter with all that belongs to it and what that refers to, in pages",
        parameters: &[SINCE, TYPE, COUNT, CURSOR],
        searches: false,
        run: |invocation| Box::pin(everything::run(invocation)),
    },
    Operation {
        code: "lastn",
        definition: "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
        types: &["Observation"],
        levels: &[Level::Type],
        affects_state: false,
        summary: "The latest observations of each code; needs patient or subject, and category or code",
        parameters: &[primitive("max", "How many of each code; 1 without it")],
        searches: true,
        run: |invocation| Box::pin(lastn::run(invocation)),
    },
    Operation {
        code: "match",
        definition: "http://hl7.org/fhir/OperationDefinition/Patient-match",
        types: &["Patient"],
        levels: &[Level::Type],
        affects_state: false,
        summary: "Patients who may be this one, graded; certain by identifier only",
        parameters: &[
            Parameter {
                name: "resource",
                kind: Kind::Resource,
                summary: "A Patient with what is known",
            },
            primitive(
                "onlyCertainMatches",
                "true: only those with an identifier of this one",
            ),
            primitive("count", "At most so many"),
        ],
        searches: false,
        run: |invocation| Box::pin(match_patient::run(invocation)),
    },
    Operation {
        code: "reindex-status",
        definition: "urn:baton:operation:reindex-status",
        types: &["SearchParameter"],
        levels: &[Level::Type, Level::Instance],
        affects_state: false,
        summary: "How far the index of what a definition finds is: state, resources done, of how many, and failed",
        parameters: &[],
        searches: false,
        run: |invocation| Box::pin(reindex::status(invocation)),
    },
    Operation {
        code: "reindex",
        definition: "urn:baton:operation:reindex",
        types: &["SearchParameter"],
        levels: &[Level::Instance],
        affects_state: true,
        summary: "Indexes all that a definition finds once more; until that is complete the old index serves",
        parameters: &[],
        searches: false,
        run: |invocation| Box::pin(reindex::again(invocation)),
    },
];
