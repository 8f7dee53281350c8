use super::*;
use serde_json::json;

fn patient() -> Value {
    json!({
        "resourceType": "Patient",
        "birthDate": "1974-12-25",
        "_birthDate": {"extension": [{"url": "urn:test:time", "valueDateTime": "1974-12-25T14:35:45-05:00"}]},
        "deceasedBoolean": false,
        "name": [
            {"use": "official", "family": "Chalmers", "given": ["Peter", "James"]},
            {"use": "usual", "given": ["Jim"]},
        ],
        "telecom": [{"system": "phone", "value": "555", "rank": 1}, {"system": "email", "value": "a@b"}],
        "generalPractitioner": [
            {"reference": "Practitioner/1"},
            {"reference": "http://example.org/fhir/Organization/2/_history/3"},
            {"reference": "#gp"},
        ],
        "contained": [{"resourceType": "Practitioner", "id": "gp", "gender": "female"}],
    })
}

fn observation() -> Value {
    json!({
        "resourceType": "Observation",
        "status": "final",
        "effectiveDateTime": "2024-03-01T10:00:00Z",
        "valueQuantity": {"value": 7.5, "unit": "days", "code": "d"},
        "component": [{"valueString": "x"}, {"valueQuantity": {"value": 2}}],
        "subject": {"reference": "Patient/1"},
    })
}

fn shown(expression: &str, resource: &Value) -> Vec<String> {
    let compiled = Expr::compile(expression).expect("an expression");
    let env = Env::default().at(1_700_000_000_000_000);
    let items = compiled.evaluate(resource, &env);
    let text = |item: &Item| {
        let json = item.json().map(Value::to_string);
        let computed = item.as_str().map(|text| format!("{text:?}"));
        json.or(computed).unwrap_or_else(|| format!("{:?}", item.data))
    };
    items
        .iter()
        .map(|item| format!("{} {}", item.type_name(), text(item)))
        .collect()
}

#[track_caller]
fn holds(expression: &str, resource: &Value) {
    let compiled = Expr::compile(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let env = Env::default().at(1_700_000_000_000_000);
    assert!(compiled.holds(resource, &env), "{expression}");
}

#[test]
fn paths_know_the_types_of_what_they_find() {
    assert_eq!(
        shown("Patient.name.given", &patient()),
        ["string \"Peter\"", "string \"James\"", "string \"Jim\""]
    );
    assert_eq!(
        shown("Patient.telecom.where(system='email').value", &patient()),
        ["string \"a@b\""]
    );
    assert_eq!(
        shown("Observation.effective", &observation()),
        ["dateTime \"2024-03-01T10:00:00Z\""]
    );
    assert_eq!(
        shown("Observation.component.value.as(string)", &observation()),
        ["string \"x\""]
    );
    let quantity = ["Quantity {\"value\":7.5,\"unit\":\"days\",\"code\":\"d\"}"];
    assert_eq!(
        shown(
            "(Observation.value as Quantity) | (Observation.value as SampledData)",
            &observation()
        ),
        quantity
    );
    assert_eq!(
        shown("Observation.component[1].value.value", &observation()),
        ["decimal 2"]
    );
    assert!(shown("Patient.nothing", &patient()).is_empty());
}

#[test]
fn references_resolve_by_their_text() {
    let practitioners = shown(
        "Patient.generalPractitioner.where(resolve() is Practitioner).reference",
        &patient(),
    );
    assert_eq!(practitioners, ["string \"Practitioner/1\"", "string \"#gp\""]);
    holds(
        "Patient.generalPractitioner.where(resolve() is Organization).count() = 1",
        &patient(),
    );
    holds(
        "Patient.generalPractitioner.resolve().gender = 'female'",
        &patient(),
    );
}

#[test]
fn extensions_of_primitives_are_reachable() {
    let found = shown("Patient.birthDate.extension('urn:test:time').value", &patient());
    assert_eq!(found, ["dateTime \"1974-12-25T14:35:45-05:00\""]);
    holds(
        "birthDate.hasExtension('urn:test:time') and birthDate.hasValue()",
        &patient(),
    );
}

#[test]
fn conditions_hold() {
    let about_patient = [
        "deceased.exists() and deceased = false",
        "(Patient.deceased.exists() and Patient.deceased != false).not()",
        "name.where(use = 'official').given.first() = 'Peter'",
        "name.all(given.exists())",
        "name.any(family = 'Chalmers') and name.exists(use = 'usual')",
        "name[0].given contains 'James' and 'Jim' in name.given",
        "name.family ~ 'CHALMERS'",
        "birthDate < @1975 and birthDate <= @1974-12-25 and birthDate = @1974-12-25",
        "today() = @2023-11-14 and birthDate <= today() - 18 years",
        "(birthDate = @1974).empty()",
        "telecom.rank > 0 and telecom.rank + 1 = 2",
        "name.family.matches('^Ch.*s$') and name.family.startsWith('Ch') and name.family.length() = 8",
        "name.given.count() = 3 and name.given.tail().count() = 2 and name.given.last() = 'Jim'",
        "gender.exists() implies gender = 'male'",
        "gender.empty() and (true xor false) and (false or true)",
        "iif(gender.exists(), 'a', 'b') = 'b'",
        "name.select(given.first()) = ('Peter' | 'Jim')",
        "Patient.descendants().where($this is Practitioner).exists()",
        "name.family.substring(0, 2) & 'x' = 'Chx'",
        "%resource.birthDate.exists() and %unknown.empty()",
    ];
    about_patient
        .iter()
        .for_each(|expression| holds(expression, &patient()));
    let about_observation = [
        "value > 1 week and value < 200 hours and value = 7.5 'd'",
        "value is Quantity and component[0].value is string",
        "effective + 2 days = @2024-03-03T10:00:00Z",
        "status in ('final' | 'amended')",
        "-1 + 3 * 2 = 5 and 7 div 2 = 3 and 7 mod 2 = 1 and 1 / 2 = 0.5",
    ];
    about_observation
        .iter()
        .for_each(|expression| holds(expression, &observation()));
}

#[test]
fn variables_are_given() {
    let (stay, codes) = (
        json!({"resourceType": "Encounter", "status": "finished"}),
        json!(["AMA", "home"]),
    );
    let env = Env::default().with("stay", &stay).with("codes", &codes);
    let nothing = json!({});
    let expression = Expr::compile("%stay.status = 'finished' and 'home' in %codes").expect("an expression");
    assert!(expression.holds(&nothing, &env));
    assert!(!expression.holds(&nothing, &Env::default()));
}

#[test]
fn what_is_not_an_expression_says_where() {
    let wrong = [
        ("", 0),
        ("a.", 2),
        ("a.foo()", 2),
        ("a +", 3),
        ("'open", 0),
        ("a b", 2),
        ("(a", 2),
        ("a.where()", 2),
        ("a.matches('(')", 2),
        ("a /* ", 1),
        ("a.as('x')", 2),
    ];
    for (expression, at) in wrong {
        let error = Expr::compile(expression).expect_err(expression);
        assert_eq!((error.at, expression), (at, expression), "{error}");
    }
    assert!(Expr::compile(&"(".repeat(10_000)).is_err());
    assert!(Expr::compile(&"a.where(".repeat(10_000)).is_err());
}

/// Expressions that would not end, or end too late, or make too much, are ended.
#[test]
fn hostile_expressions_are_bounded() {
    let nested = |open: &str, inner: &str, close: &str| open.repeat(40) + inner + &close.repeat(40);
    let endless = [
        "1.repeat($this + 1)",
        "'x'.repeat($this & 'x')",
        "(1|2|3|4|5|6|7|8|9|10).repeat(iif($this < 1000000, $this + 1, {})).count()",
        "Patient.descendants().select(%resource.descendants()).select(%resource.descendants()).select(%resource.descendants()).select(%resource.descendants())",
        "%resource.descendants().aggregate($total & $total & 'xxxxxxxxxxxxxxxx', 'x').length()",
        "'x'.replace('', 'xxxxxxxxxxxxxxxx').replace('x', %big).replace('x', %big).replace('x', %big)",
        "%big.matches('(x{1,40}y?){1,9}$')",
        "%big.replaceMatches('x', %big)",
        "(%big & %big).length()",
    ];
    let big = json!("x".repeat(600_000));
    let env = Env::default().with("big", &big).work(200_000);
    for text in endless {
        let expression = Expr::compile(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(
            expression.try_evaluate(&patient(), &env).err(),
            Some(TooCostly),
            "{text}"
        );
    }
    let ending = [
        nested("children().repeat(", "children()", ")"),
        nested("iif(true,", "1", ")"),
    ];
    for text in ending {
        Expr::compile(&text)
            .expect("an expression")
            .evaluate(&patient(), &env);
    }
}

/// However an expression nests, it fits the stack of a worker.
#[test]
fn long_expressions_are_refused_or_fit() {
    let chains = [
        ("a", ".a"),
        ("1", "+1"),
        ("a", "[0]"),
        ("a", ".where(b)"),
        ("a", " | a"),
        ("a", " is b"),
    ];
    for (first, link) in chains {
        assert!(
            Expr::compile(&(first.to_owned() + &link.repeat(100_000))).is_err(),
            "{link}"
        );
        let long = first.to_owned() + &link.repeat(240);
        let expression = Expr::compile(&long).unwrap_or_else(|error| panic!("{link}: {error}"));
        let evaluate = move || expression.evaluate(&patient(), &Env::default()).len();
        let worker = std::thread::Builder::new().stack_size(2 << 20).spawn(evaluate);
        worker.expect("a thread").join().expect("no overflow");
    }
    let wrong = [
        "a.matches('(')",
        "$that",
        "a.lowBoundary()",
        "a.memberOf('x')",
        "a.defineVariable('x')",
    ];
    for text in wrong {
        assert!(Expr::compile(text).is_err(), "{text}");
    }
    assert!(Expr::compile(&format!("a.matches('{}')", "a".repeat(3_000))).is_err());
    assert!(Expr::compile("a.matches('(a{1000}){1000}')").is_err());
}

#[test]
fn functions_of_n1_are_there() {
    let right = [
        "(true | false).anyFalse() and (false).allFalse() and (1 | 2).isDistinct()",
        "(1 | 2).subsetOf(1 | 2 | 3) and (1 | 2 | 3).supersetOf(2 | 3)",
        "name.select($index) = (0 | 1)",
        "(1 | 2 | 3).aggregate($this + $total, 0) = 6",
        "%resource.repeat(contained).gender = 'female'",
        "'2024-01'.convertsToDate() and '24'.convertsToDate().not() and 'T10:00'.toTime() = @T10:00",
        "'yes'.toBoolean() and '1.5 \\'mg\\''.toQuantity() = 1.5 'mg' and 1.convertsToQuantity()",
        "(-1.5).abs() = 1.5 and 1.5.ceiling() = 2 and 1.5.floor() = 1 and 1.45.round(1) = 1.5 and 9.sqrt() = 3",
        "2.power(3) = 8 and 8.log(2) = 3 and 1.ln() = 0 and 0.exp() = 1 and (-1.5).truncate() = -1",
        "'a,b'.split(',').join('+') = 'a+b' and ' a '.trim() = 'a' and 'ab'.toChars() = ('a' | 'b')",
        "'abc'.replaceMatches('b.', 'x') = 'ax' and 'abc'.matchesFull('b').not() and 'abc'.matches('b')",
        "birthDate.type().name = 'date' and 1.type().namespace = 'System' and name.trace('x').exists()",
        "1 'cm'.comparable(1 'm') and 1 'cm'.comparable(1 's').not() and timeOfDay() > @T10:00",
        "%context.birthDate = %rootResource.birthDate",
    ];
    for expression in right {
        holds(expression, &patient());
    }
}

#[test]
fn all_search_expressions_compile() {
    use crate::registry::registry;
    for param in registry().types().iter().flat_map(|t| registry().params(*t)) {
        let relative = param.components.iter().map(|(_, expression)| *expression);
        for expression in relative.chain([param.expression]) {
            Expr::compile(expression)
                .unwrap_or_else(|error| panic!("{}.{}: {error}", param.on.name(), param.code));
        }
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "[a-c.()\\[\\]'@%$0-9 +*/|=<>\\\\é-]{0,40}") {
        if let Ok(expression) = Expr::compile(&text) {
            expression.holds(&patient(), &Env::default());
        }
    }
}
