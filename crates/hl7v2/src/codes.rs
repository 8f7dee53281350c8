//! The code maps of `data/codes.tsv`: a new spelling of a code is a new line there.
use std::collections::HashMap;
use std::sync::LazyLock;

/// Patient discharge status by its NUBC numbers.
pub const DISPOSITION_SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/nubc-UB92";

/// First column of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Table {
    Class,
    Disposition,
    Gender,
    Priority,
    AdmissionType,
    Marital,
    NameUse,
    AddressUse,
    AddressType,
    ContactSystem,
    ContactUse,
    Relationship,
    Subscriber,
    Participation,
    Race,
    Ethnicity,
    DiagnosisUse,
    Language,
    /// HL7 table 0396 and OIDs to FHIR code systems.
    System,
    /// Names and OIDs of assigning authorities with a system of their own.
    Authority,
}

const NAMES: [(&str, Table); 20] = [
    ("class", Table::Class),
    ("disposition", Table::Disposition),
    ("gender", Table::Gender),
    ("priority", Table::Priority),
    ("admission-type", Table::AdmissionType),
    ("marital", Table::Marital),
    ("name-use", Table::NameUse),
    ("address-use", Table::AddressUse),
    ("address-type", Table::AddressType),
    ("contact-system", Table::ContactSystem),
    ("contact-use", Table::ContactUse),
    ("relationship", Table::Relationship),
    ("subscriber", Table::Subscriber),
    ("participation", Table::Participation),
    ("race", Table::Race),
    ("ethnicity", Table::Ethnicity),
    ("diagnosis-use", Table::DiagnosisUse),
    ("language", Table::Language),
    ("system", Table::System),
    ("authority", Table::Authority),
];

#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub system: &'static str,
    pub code: &'static str,
    pub display: &'static str,
}

static ROWS: LazyLock<HashMap<Table, HashMap<&'static str, Row>>> = LazyLock::new(|| {
    let mut tables: HashMap<Table, HashMap<&'static str, Row>> = HashMap::new();
    for (table, from, row) in include_str!("../data/codes.tsv").lines().filter_map(row) {
        tables.entry(table).or_default().insert(from, row);
    }
    tables
});

fn row(line: &'static str) -> Option<(Table, &'static str, Row)> {
    let mut columns = line.split('\t');
    let mut next = || columns.next();
    let name = next()?;
    let table = NAMES.iter().find(|(known, _)| *known == name)?.1;
    Some((
        table,
        next()?,
        Row {
            system: next()?,
            code: next()?,
            display: next()?,
        },
    ))
}

/// What the v2 code means in FHIR.
pub(crate) fn translate(table: Table, v2: &str) -> Option<Row> {
    ROWS.get(&table)?.get(v2.trim().to_uppercase().as_str()).copied()
}

/// The row that leads to this FHIR code.
pub(crate) fn target(table: Table, code: &str) -> Option<Row> {
    ROWS.get(&table)?.values().find(|row| row.code == code).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_file_is_a_row_of_its_own() {
        let lines: Vec<_> = include_str!("../data/codes.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        let read: usize = ROWS.values().map(HashMap::len).sum();
        assert_eq!(read, lines.len());
        assert_eq!(ROWS.len(), NAMES.len());
        for line in lines {
            assert_eq!(
                line.split('\t').filter(|column| !column.is_empty()).count(),
                5,
                "{line}"
            );
        }
    }

    #[test]
    fn spellings_of_one_disposition_meet() {
        for spelling in ["1", "01", "HOME", "home"] {
            assert_eq!(
                translate(Table::Disposition, spelling).map(|row| row.code),
                Some("01")
            );
        }
    }
}
