//! Bundles as input: entries, processing order, references. <https://hl7.org/fhir/R4/http.html#transaction>
