//! Which addresses a client may make us ask: a registered URL must not become a way into our own
//! network. <https://owasp.org/www-community/attacks/Server_Side_Request_Forgery>
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};

/// For registration and before each request: https, and no address of a private network in it.
pub fn check_url(url: &str, allow_private: bool) -> Result<(), String> {
    let url = reqwest::Url::parse(url).map_err(|_| "the JWKS URL is malformed".to_owned())?;
    if allow_private && matches!(url.scheme(), "http" | "https") {
        return Ok(());
    }
    let address = url
        .host_str()
        .map(|host| host.trim_matches(['[', ']']).parse::<IpAddr>());
    match (url.scheme(), address) {
        ("https", Some(Ok(ip))) if !is_public(ip) => Err(PRIVATE.into()),
        ("https", Some(_)) => Ok(()),
        _ => Err("the JWKS URL must start with https://".into()),
    }
}

const PRIVATE: &str = "the JWKS URL leads into a private network (allow with tokens.allow_private_jwks)";

/// Resolves names and drops private addresses, so that a name cannot point inside either.
pub struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|addr| is_public(addr.ip())).collect();
            match public.is_empty() {
                true => Err(PRIVATE.into()),
                false => Ok(Box::new(public.into_iter()) as Addrs),
            }
        })
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let special = v4.is_unspecified() || v4.is_broadcast() || v4.is_multicast() || a == 0 || a >= 240;
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || shared || special)
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public(IpAddr::V4(v4)),
            // Global unicast is 2000::/3; everything else is local, multicast or reserved.
            None => v6.segments()[0] & 0xe000 == 0x2000,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_asked() {
        for inside in [
            "10.0.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "192.168.1.1",
            "100.64.0.1",
            "0.0.0.0",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
            assert!(
                check_url(&format!("https://{inside}/jwks"), false).is_err(),
                "{inside}"
            );
        }
        for inside in ["::1", "fe80::1", "fc00::1", "::ffff:10.0.0.1"] {
            assert!(
                check_url(&format!("https://[{inside}]/jwks"), false).is_err(),
                "{inside}"
            );
        }
        assert!(
            is_public("93.184.216.34".parse().unwrap()) && is_public("2606:2800:220::1".parse().unwrap())
        );
    }

    #[test]
    fn only_https_is_asked_unless_the_operator_allows_more() {
        assert!(check_url("https://hie.example/jwks", false).is_ok());
        assert!(check_url("http://hie.example/jwks", false).is_err());
        assert!(check_url("http://127.0.0.1:9/jwks", true).is_ok());
        assert!(check_url("file:///etc/passwd", true).is_err());
    }
}
