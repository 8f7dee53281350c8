//! The demo's partner system: a token, messages, searches, over HTTP.
use reqwest::{Client, RequestBuilder};
use serde_json::Value;

pub struct Partner {
    http: Client,
    base: String,
    token: String,
}

impl Partner {
    pub async fn connect(base: &str, id: &str, secret: &str) -> Result<Partner, String> {
        let http = Client::builder().no_proxy().build().map_err(|e| e.to_string())?;
        let request = http
            .post(format!("{base}/oauth/token"))
            .basic_auth(id, Some(secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        let answer = json(request).await?;
        let token = answer["access_token"]
            .as_str()
            .ok_or("no token was given")?
            .to_owned();
        Ok(Partner {
            http,
            base: base.to_owned(),
            token,
        })
    }

    pub async fn put(&self, path: &str, resource: &Value) -> Result<Value, String> {
        let url = format!("{}/fhir/{path}", self.base);
        let request = self
            .http
            .put(url)
            .bearer_auth(&self.token)
            .header("content-type", "application/fhir+json");
        json(request.body(resource.to_string())).await
    }

    /// Sends messages in order; their acknowledgements.
    pub async fn send_all(&self, messages: &[String]) -> Result<Vec<String>, String> {
        let mut acknowledgements = Vec::new();
        for message in messages {
            let request = self
                .http
                .post(format!("{}/hl7v2", self.base))
                .bearer_auth(&self.token)
                .header("content-type", "application/hl7-v2")
                .body(message.clone());
            acknowledgements.push(text(request).await?);
        }
        Ok(acknowledgements)
    }

    pub async fn bundle(&self, search: &str) -> Result<Value, String> {
        json(
            self.http
                .get(format!("{}/fhir/{search}", self.base))
                .bearer_auth(&self.token),
        )
        .await
    }

    /// Resources on the first page.
    pub async fn all(&self, search: &str) -> Result<Vec<Value>, String> {
        let bundle = self.bundle(search).await?;
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        Ok(entries
            .into_iter()
            .map(|mut entry| entry["resource"].take())
            .collect())
    }

    pub async fn only(&self, search: &str) -> Result<Value, String> {
        let mut found = self.all(search).await?;
        match found.len() {
            1 => Ok(found.remove(0)),
            count => Err(format!("{search} found {count} resources instead of one")),
        }
    }
}

async fn text(request: RequestBuilder) -> Result<String, String> {
    let response = request.send().await.map_err(|e| e.to_string())?;
    let status = response.status();
    let body = response.text().await.map_err(|e| e.to_string())?;
    if status.is_success() {
        Ok(body)
    } else {
        Err(format!("{status}: {body}"))
    }
}

async fn json(request: RequestBuilder) -> Result<Value, String> {
    serde_json::from_str(&text(request).await?).map_err(|e| e.to_string())
}
