//! The CapabilityStatement, from the registry. <https://hl7.org/fhir/R4/capabilitystatement.html>
