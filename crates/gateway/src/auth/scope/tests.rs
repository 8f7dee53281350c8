use super::*;
use crate::auth::Access;
use fhir::TypeId;

impl Scopes {
    /// Whether a scope for the whole system says so.
    fn allows(&self, on: TypeId, access: Access) -> bool {
        let open = |scope: &&DataScope| !scope.is_limited() && scope.is_about(on);
        self.data()
            .filter(open)
            .any(|scope| scope.letters.covers(access.into()))
    }
}

fn of(text: &str) -> Scopes {
    Scopes::parse(text).unwrap()
}

fn patient() -> TypeId {
    TypeId::of("Patient").unwrap()
}

#[test]
fn letters_are_read_per_type_and_united() {
    let scopes = of("system/Patient.r system/Patient.s system/Task.cu");
    assert!(scopes.allows(patient(), Access::Read) && scopes.allows(patient(), Access::Search));
    assert!(!scopes.allows(patient(), Access::Create));
    assert!(!scopes.allows(TypeId::of("Encounter").unwrap(), Access::Read));
    assert!(of("system/*.d").allows(patient(), Access::Delete));
}

#[test]
fn the_words_of_version_1_are_shown_as_version_2() {
    let read = of("system/Patient.read");
    assert!(read.allows(patient(), Access::Search) && !read.allows(patient(), Access::Update));
    let write = of("system/Patient.write");
    assert!(write.allows(patient(), Access::Delete) && !write.allows(patient(), Access::Read));
    for (given, shown) in [
        ("system/Patient.read", "system/Patient.rs"),
        ("patient/*.write", "patient/*.cud"),
        ("user/*.*", "user/*.cruds"),
        ("openid  launch/patient openid", "openid launch/patient"),
        (
            "patient/Observation.rs?category=laboratory",
            "patient/Observation.rs?category=laboratory",
        ),
    ] {
        assert_eq!(of(given).to_string(), shown);
        assert_eq!(of(shown).to_string(), shown);
    }
}

#[test]
fn what_concerns_the_launch_opens_no_data() {
    let scopes = of("openid fhirUser launch launch/patient launch/encounter offline_access online_access");
    assert!(scopes.has(Session::OpenId) && scopes.has(Session::OnlineAccess));
    assert!(!of("openid").has(Session::FhirUser));
    assert!(scopes.data().next().is_none() && !scopes.allows(patient(), Access::Read));
}

/// They are about some resources of a type; nobody who asks for all of them may go by them.
#[test]
fn a_scope_with_a_query_or_a_person_does_not_open_the_type() {
    for some in [
        "patient/*.cruds",
        "user/Patient.cruds",
        "system/Patient.cruds?gender=female",
    ] {
        assert!(!of(some).allows(patient(), Access::Read), "{some}");
    }
}

#[test]
fn what_is_not_understood_is_refused_with_a_reason() {
    for bad in [
        "",
        "email",
        "launch/location",
        "practitioner/Patient.rs",
        "system/Patient",
        "system/Patient.",
        "system/Patient.sr",
        "system/Patient.rr",
        "system/Patient.x",
        "system/Pateint.r",
    ] {
        let why = Scopes::parse(bad).unwrap_err();
        assert!(why.contains(bad), "{why}");
    }
    assert!(Scopes::parse(&"openid ".repeat(2_000)).is_ok());
    let many: Vec<_> = (0..400).map(|n| format!("system/Patient.r?_id=p{n}")).collect();
    assert!(Scopes::parse(&many.join(" ")).unwrap_err().contains("wildcards"));
}

#[test]
fn a_query_asks_what_the_resource_says_of_itself() {
    for good in [
        "system/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
        "patient/Observation.rs?category=laboratory,vital-signs&status:not=entered-in-error",
        "user/Condition.r?code:missing=false&_lastUpdated=ge2020",
        "system/*.rs?_tag=urn:x|y",
        "system/Encounter.rs?service-provider=Organization/1",
        "system/Patient.rs?_id=a%2Cb",
    ] {
        assert_eq!(of(good).to_string(), good);
    }
    for bad in [
        "",
        "&",
        "category",
        "category=",
        "nothing=x",
        "_count=3",
        "_sort=code",
        "_include=*",
        "patient.name=Ann",
        "subject:Patient.name=Ann",
        "_has:Provenance:target:agent=Practitioner/1",
        "_list=x",
        "_text=x",
        "_content=x",
        "_filter=subject.name eq Ann",
        "code:in=http://vs",
        "code:text=x",
        "identifier:of-type=a|b|c",
        "code=%00",
        "code=%ff",
        "date=yesterday",
    ] {
        let bad = format!("system/Observation.rs?{}", bad.replace(' ', "+"));
        let why = Scopes::parse(&bad).unwrap_err();
        assert!(
            why.starts_with("scope `system/Observation.rs` has "),
            "{bad}: {why}"
        );
        assert!(!why.contains("Ann"), "{why}");
    }
    // Not every type has a code.
    assert!(Scopes::parse("system/*.rs?code=x").is_err());
}

#[test]
fn a_request_may_not_go_beyond_the_registration() {
    let registered = of("system/*.rs system/Task.cu");
    assert_eq!(
        of("system/Task.crus system/Patient.r").within(&registered),
        Ok(())
    );
    let beyond = |asked: &str, registered: &str| of(asked).within(&of(registered)).unwrap_err();
    assert_eq!(
        of("system/Patient.r system/Patient.cr")
            .within(&registered)
            .unwrap_err(),
        "system/Patient.cr"
    );
    assert_eq!(
        beyond("system/*.cruds", "system/*.rs system/Task.cu"),
        "system/*.cruds"
    );
    assert!(of("system/*.r").within(&of("system/Patient.r")).is_err());
}

#[test]
fn contexts_do_not_cover_each_other() {
    for wide in ["system/*.cruds", "user/*.cruds", "patient/*.cruds"] {
        for asked in ["system/Patient.r", "user/Patient.r", "patient/Patient.r"] {
            let same = wide.split('/').next() == asked.split('/').next();
            assert_eq!(of(asked).within(&of(wide)).is_ok(), same, "{asked} in {wide}");
        }
    }
    assert!(of("launch/patient").within(&of("patient/*.rs")).is_err());
    assert!(of("offline_access").within(&of("offline_access openid")).is_ok());
}

#[test]
fn a_query_is_covered_by_fewer_conditions() {
    let covered = |asked: &str, by: &str| of(asked).within(&of(by)).is_ok();
    let (lab, final_lab) = (
        "user/Observation.rs?category=laboratory",
        "user/Observation.rs?status=final&category=laboratory",
    );
    assert!(covered(lab, lab) && covered(lab, "user/Observation.rs") && covered(lab, "user/*.rs"));
    assert!(covered(final_lab, lab) && !covered(lab, final_lab));
    assert!(!covered("user/Observation.rs", lab) && !covered("user/*.rs", lab));
    assert!(covered(
        final_lab,
        "user/Observation.rs?category=laboratory&status=final"
    ));
    assert!(covered(
        lab,
        "user/Observation.r?category=laboratory user/Observation.s"
    ));
    let kept = of("openid user/*.rs user/Task.u").limited_to(&of("openid user/Task.u"));
    assert_eq!(kept.to_string(), "openid user/Task.u");
}

#[test]
fn logs_are_told_no_conditions() {
    let scopes = of("openid system/Patient.r?identifier=urn:mrn|7");
    assert_eq!(scopes.without_queries(), "openid system/Patient.r");
}
