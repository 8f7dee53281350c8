//! Which addresses a client may make us ask: a registered URL must not become a way into our own
//! network. <https://owasp.org/www-community/attacks/Server_Side_Request_Forgery>
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// For registration: a URL of keys.
pub fn check_url(url: &str, allow_private: bool) -> Result<(), String> {
    check_address("the JWKS URL", url, allow_private)
}

/// Before each request too: https, and no address of a private network in it. `what` begins the error.
pub fn check_address(what: &str, url: &str, allow_private: bool) -> Result<(), String> {
    let url = reqwest::Url::parse(url).map_err(|_| format!("{what} is malformed"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "{what} must not hold a password; what is asked is public"
        ));
    }
    if allow_private && matches!(url.scheme(), "http" | "https") {
        return Ok(());
    }
    let address = url
        .host_str()
        .map(|host| host.trim_matches(['[', ']']).parse::<IpAddr>());
    match (url.scheme(), address) {
        ("https", Some(Ok(ip))) if !is_public(ip) => Err(format!("{what} {PRIVATE}")),
        ("https", Some(_)) => Ok(()),
        _ => Err(format!("{what} must start with https://")),
    }
}

const PRIVATE: &str =
    "leads into a private network (allow with tokens.allow_private_jwks, or allow_private of an issuer)";

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

/// Neither reserved nor local by the registries of special addresses.
/// <https://www.iana.org/assignments/iana-ipv4-special-registry>,
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>
fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6.segments()),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let special = match v4.octets() {
        [0 | 10 | 127 | 224..=255, ..] => true,
        [100, b, ..] => (64..128).contains(&b),
        [169, 254, ..] | [192, 168, ..] | [198, 18 | 19, ..] => true,
        [172, b, ..] => (16..32).contains(&b),
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        _ => false,
    };
    !special
}

/// Global unicast is 2000::/3; everything else is local, multicast, reserved, or IPv4 in disguise. In it
/// 2001::/23 and 2002::/16 hold addresses of IPv4 too, and two ranges are for documentation.
fn is_public_v6([a, b, ..]: [u16; 8]) -> bool {
    let special = match a {
        0x2001 => b < 0x200 || b == 0xdb8,
        0x2002 => true,
        0x3fff => b < 0x1000,
        _ => false,
    };
    a & 0xe000 == 0x2000 && !special
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
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.170",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
            assert!(
                check_url(&format!("https://{inside}/jwks"), false).is_err(),
                "{inside}"
            );
        }
        for inside in [
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:a00:1::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
        ] {
            assert!(
                check_url(&format!("https://[{inside}]/jwks"), false).is_err(),
                "{inside}"
            );
        }
        for outside in [
            "93.184.216.34",
            "172.32.0.1",
            "2606:2800:220::1",
            "2001:200::1",
            "2a00::1",
        ] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    /// What a browser would take for an address is one here too.
    #[test]
    fn other_spellings_of_an_address_are_that_address() {
        for inside in [
            "0x7f.1",
            "2130706433",
            "0177.0.0.1",
            "127.1",
            "127.0.0.1.",
            "[::ffff:7f00:1]",
            "①27.0.0.1",
        ] {
            assert!(
                check_url(&format!("https://{inside}/jwks"), false).is_err(),
                "{inside}"
            );
        }
        assert!(check_url("https://user:pass@hie.example/jwks", true).is_err());
    }

    #[actix_web::test]
    async fn a_name_that_leads_inside_is_not_resolved() {
        let name = "localhost".parse().unwrap();
        let error = PublicOnly.resolve(name).await.err().expect("refused");
        assert!(error.to_string().contains("private network"));
    }

    #[test]
    fn only_https_is_asked_unless_the_operator_allows_more() {
        assert!(check_url("https://hie.example/jwks", false).is_ok());
        assert!(check_url("http://hie.example/jwks", false).is_err());
        assert!(check_url("http://127.0.0.1:9/jwks", true).is_ok());
        assert!(check_url("file:///etc/passwd", true).is_err());
    }
}
