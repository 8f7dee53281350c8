//! The systems and extensions Baton speaks of in what it derives (design §3, Codes).

pub mod system {
    pub const PROGRAM: &str = "urn:baton:program";
    pub const TASK: &str = "urn:baton:task";
    pub const REASON: &str = "urn:baton:reason";
    pub const ROLE: &str = "urn:baton:role";
    pub const CARE_PLAN_CATEGORY: &str = "http://hl7.org/fhir/us/core/CodeSystem/careplan-category";
    pub const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    pub const ACT_PRIORITY: &str = "http://terminology.hl7.org/CodeSystem/v3-ActPriority";
    pub const ADMISSION_TYPE: &str = "http://terminology.hl7.org/CodeSystem/v2-0007";
    pub const ADMIT_SOURCE: &str = "http://terminology.hl7.org/CodeSystem/admit-source";
    pub const ADMIT_SOURCE_V2: &str = "http://terminology.hl7.org/CodeSystem/v2-0023";
    pub const SNOMED: &str = "http://snomed.info/sct";
    pub const RISK_PROBABILITY: &str = "http://terminology.hl7.org/CodeSystem/risk-probability";
}

pub mod extension {
    /// On a PlanDefinition: when it starts, for whom, how long. On what was derived: `url|version`.
    pub const PROTOCOL: &str = "urn:baton:protocol";
    /// The action of the protocol that made a resource.
    pub const RULE: &str = "urn:baton:rule";
    /// On an action: the rule. On Task.restriction.period: the arithmetic.
    pub const DEADLINE: &str = "urn:baton:deadline";
    /// On an action: what counts as done.
    pub const COMPLETION: &str = "urn:baton:completion";
    /// Why Baton closed a resource that has no statusReason.
    pub const REASON: &str = "urn:baton:reason";
    /// The status a person had given a resource before Baton closed it.
    pub const STATUS_BEFORE: &str = "urn:baton:status-before";
    /// The owner Baton chose; another owner was chosen by a person.
    pub const ASSIGNED: &str = "urn:baton:assigned";
    /// On the episode of a stay that is itself a readmission.
    pub const READMISSION: &str = "urn:baton:readmission";
    /// The inputs and points of the LACE index.
    pub const LACE: &str = "urn:baton:lace";
    /// Everything Baton adds starts so.
    pub const PREFIX: &str = "urn:baton:";
}
