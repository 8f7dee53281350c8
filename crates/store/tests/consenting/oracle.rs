//! What Consents say, read from their provisions one by one, slowly and plainly.
use super::world::{ACT_CODE, CONFIDENTIALITY, World};
use fhir::consent::{Recipient, purpose};
use fhir::datetime::parse_range;
use serde_json::Value;

const SCALE: [&str; 6] = ["U", "L", "M", "N", "R", "V"];
const SUD: [&str; 3] = ["SUD", "ETHUD", "OPIOIDUD"];

/// A provision with those around it, outermost first.
struct Path<'a> {
    effect: Option<bool>,
    steps: Vec<(&'a Value, Option<bool>)>,
    children: Vec<Path<'a>>,
}

struct Asked<'a> {
    resource: &'a Value,
    recipient: &'a Recipient,
}

pub fn shows(world: &World, resource: &Value, recipient: &Recipient) -> bool {
    let asked = &Asked { resource, recipient };
    let whose = patients(resource);
    let of = |id: &str| {
        let mine = world.consents.iter().filter(|consent| binds(consent, id));
        mine.map(read).collect::<Vec<Path>>()
    };
    let denied = whose
        .iter()
        .any(|id| of(id).iter().any(|root| denies(root, asked)));
    let permitted = |label: &Value| {
        !whose.is_empty()
            && whose
                .iter()
                .all(|id| of(id).iter().any(|root| permits(root, label, asked)))
    };
    !denied && hiding(resource).all(permitted)
}

fn patients(resource: &Value) -> Vec<String> {
    let own = (resource["resourceType"] == "Patient").then(|| resource["id"].as_str().unwrap_or_default());
    let led = [&resource["subject"], &resource["performer"][0]];
    let led = led
        .into_iter()
        .filter_map(|one| one["reference"].as_str()?.strip_prefix("Patient/"));
    own.into_iter().chain(led).map(str::to_owned).collect()
}

fn binds(consent: &Value, id: &str) -> bool {
    consent["status"] == "active" && consent["patient"]["reference"] == format!("Patient/{id}")
}

fn labels(resource: &Value) -> impl Iterator<Item = &Value> {
    resource["meta"]["security"].as_array().into_iter().flatten()
}

fn hiding(resource: &Value) -> impl Iterator<Item = &Value> {
    let hides = |label: &&Value| match label["code"].as_str() {
        Some("R" | "V") => label["system"] == CONFIDENTIALITY,
        Some("SUD" | "OPIOIDUD" | "HIV") => true,
        _ => false,
    };
    labels(resource).filter(hides)
}

fn read(consent: &Value) -> Path<'_> {
    let policy = match consent["policyRule"]["coding"][0]["code"].as_str() {
        Some("OPTIN") => Some(true),
        Some("OPTOUT") => Some(false),
        _ => None,
    };
    let root = &consent["provision"];
    path(root, effect(root).or(policy), Vec::new())
}

fn effect(provision: &Value) -> Option<bool> {
    Some(provision["type"].as_str()? == "permit")
}

fn path<'a>(
    provision: &'a Value,
    effect_of: Option<bool>,
    mut steps: Vec<(&'a Value, Option<bool>)>,
) -> Path<'a> {
    steps.push((provision, effect_of));
    let nested = provision["provision"].as_array().into_iter().flatten();
    let children = nested.map(|one| path(one, effect(one), steps.clone())).collect();
    Path {
        effect: effect_of,
        steps,
        children,
    }
}

/// Some denial of the tree holds, and none of its exceptions does.
fn denies(path: &Path, asked: &Asked) -> bool {
    let here = path.effect == Some(false)
        && holds(path, asked)
        && !path.children.iter().any(|child| holds(child, asked));
    here || path.children.iter().any(|child| denies(child, asked))
}

/// Some permission holds, and names the label, itself or by what is around it.
fn permits(path: &Path, label: &Value, asked: &Asked) -> bool {
    let mut naming = path
        .steps
        .iter()
        .filter(|(provision, _)| provision["securityLabel"].is_array());
    let mut named = naming.clone().count() > 0;
    named &= naming.all(|(provision, effect)| names(provision, label, *effect == Some(true)));
    let here = path.effect == Some(true) && named && holds(path, asked);
    here || path.children.iter().any(|child| permits(child, label, asked))
}

fn holds(path: &Path, asked: &Asked) -> bool {
    let permits = path.effect == Some(true);
    path.steps.iter().all(|(provision, effect)| {
        let (resource, recipient) = (asked.resource, asked.recipient);
        let borne = provision["securityLabel"].is_null() || bears(provision, resource, *effect == Some(true));
        of_recipient(provision, recipient, permits) && of_resource(provision, resource, permits) && borne
    })
}

fn any(list: &Value, test: impl Fn(&Value) -> bool) -> bool {
    list.as_array().is_none_or(|items| items.iter().any(test))
}

fn of_recipient(provision: &Value, recipient: &Recipient, permits: bool) -> bool {
    let is_meant = |actor: &Value| {
        let text = actor["reference"]["reference"].as_str().unwrap_or_default();
        recipient.actors.contains(text)
    };
    let serves = |code: &Value| match recipient.purpose {
        None => !permits,
        Some(said) => purpose::parts(code["code"].as_str().unwrap_or_default()).contains(&said),
    };
    let edge = |name: &str| provision["period"][name].as_str().and_then(parse_range);
    any(&provision["actor"], is_meant)
        && any(&provision["purpose"], serves)
        && any(&provision["action"], |action| {
            action["coding"][0]["code"] != "correct"
        })
        && edge("start").is_none_or(|start| start.low <= recipient.now)
        && edge("end").is_none_or(|end| recipient.now <= end.high)
}

fn of_resource(provision: &Value, resource: &Value, permits: bool) -> bool {
    let name = format!(
        "{}/{}",
        resource["resourceType"].as_str().unwrap_or_default(),
        resource["id"].as_str().unwrap_or_default()
    );
    let codes = [&resource["code"], &resource["component"][0]["code"]];
    let coded = |code: &Value| codes.iter().any(|one| one["coding"][0] == code["coding"][0]);
    let dates = ["effectiveDateTime", "birthDate"].map(|name| resource[name].as_str().and_then(parse_range));
    let date = dates.into_iter().flatten().next();
    let from = provision["dataPeriod"]["start"].as_str().and_then(parse_range);
    let dated = from.is_none_or(|from| match (date, permits) {
        (None, permits) => !permits,
        (Some(date), true) => from.low <= date.low,
        (Some(date), false) => from.low <= date.high,
    });
    any(&provision["class"], |class| {
        class["code"] == resource["resourceType"]
    }) && any(&provision["data"], |data| data["reference"]["reference"] == name)
        && any(&provision["code"], coded)
        && dated
}

fn bears(provision: &Value, resource: &Value, permits: bool) -> bool {
    let unlabelled = !labels(resource).any(|label| label["system"] == CONFIDENTIALITY);
    let usual = serde_json::json!({"system": CONFIDENTIALITY, "code": "N"});
    labels(resource)
        .chain(unlabelled.then_some(&usual))
        .any(|label| names(provision, label, permits))
}

fn names(provision: &Value, label: &Value, permits: bool) -> bool {
    let place = |one: &Value| SCALE.iter().position(|code| one["code"] == *code);
    any(&provision["securityLabel"], |named| {
        let system = &named["system"];
        if system == CONFIDENTIALITY {
            let ordered = if permits {
                place(label) <= place(named)
            } else {
                place(label) >= place(named)
            };
            return ordered && label["system"] == CONFIDENTIALITY;
        }
        let same = label["system"] == *system || label["system"].is_null();
        let below =
            named["code"] == "SUD" && system == ACT_CODE && SUD.iter().any(|code| label["code"] == *code);
        same && (label["code"] == named["code"] || below)
    })
}
