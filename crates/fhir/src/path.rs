//! FHIRPath, compiled, over serde_json values. <http://hl7.org/fhirpath/N1/>
