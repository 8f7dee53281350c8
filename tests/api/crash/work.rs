//! What is sent: stays as messages, and writes over FHIR that leave a mark.
use crate::support::Client;
use crate::support::messages::{Adt, days_ago};
use reqwest::blocking::RequestBuilder;
use serde_json::{Value, json};

/// An inpatient stay: admitted, discharged.
#[derive(Clone)]
pub struct Stay {
    pub patient: String,
    pub visit: String,
}

impl Stay {
    pub fn messages(&self) -> [Adt; 2] {
        let adt = |event: &'static str| Adt {
            control: format!("{}{event}", self.visit),
            ..Adt::new(event, &self.patient, &self.visit)
        };
        [adt("A01"), adt("A03").discharged(days_ago(1), "01")]
    }
}

/// One write over FHIR: a create, or a transaction of several.
pub struct Mark {
    name: String,
    pub parts: usize,
}

impl Mark {
    pub fn new(name: String, parts: usize) -> Mark {
        Mark { name, parts }
    }

    pub fn write(&self, partner: &Client) -> RequestBuilder {
        let identifier = json!([{"system": "urn:crash", "value": self.name}]);
        let basic = json!({"resourceType": "Basic", "code": {"text": "x"}, "identifier": identifier});
        let (path, body) = match self.parts {
            1 => ("Basic", basic),
            parts => ("", transaction(&vec![basic; parts])),
        };
        let request = partner
            .request("POST", path)
            .header("content-type", "application/fhir+json");
        request.body(body.to_string())
    }

    /// Finds all its parts.
    pub fn search(&self) -> String {
        format!("Basic?identifier=urn:crash|{}", self.name)
    }
}

fn transaction(resources: &[Value]) -> Value {
    let entry = |resource| json!({"resource": resource, "request": {"method": "POST", "url": "Basic"}});
    let entries: Vec<Value> = resources.iter().map(entry).collect();
    json!({"resourceType": "Bundle", "type": "transaction", "entry": entries})
}
