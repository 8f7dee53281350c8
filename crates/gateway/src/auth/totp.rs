//! One-time passwords of an authenticator app. <https://www.rfc-editor.org/rfc/rfc6238>
use aws_lc_rs::constant_time::verify_slices_are_equal;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::{Algorithm, Secret, TOTP};

/// What every authenticator app understands: SHA-1, six digits, thirty seconds.
const DIGITS: usize = 6;
const STEP: i64 = 30;

/// The shared secret as people type it into their app.
pub fn encode(secret: [u8; 20]) -> String {
    match Secret::Raw(secret.to_vec()).to_encoded() {
        Secret::Encoded(text) => text,
        Secret::Raw(_) => String::new(),
    }
}

/// For the QR code of an app: `otpauth://totp/Baton:doc?…`.
pub fn address(name: &str, secret: &str) -> String {
    let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
    format!("otpauth://totp/Baton:{name}?secret={secret}&issuer=Baton&digits={DIGITS}&period={STEP}")
}

/// The step whose password this is, the present one or a neighbour of it, as clocks differ.
pub fn step_of(secret: &str, password: &str, seconds: i64) -> Option<i64> {
    let secret = Secret::Encoded(secret.to_owned()).to_bytes().ok()?;
    let totp = TOTP::new(Algorithm::SHA1, DIGITS, 1, STEP.unsigned_abs(), secret).ok()?;
    let now = seconds / STEP;
    let shown = |step: i64| totp.generate((step * STEP).unsigned_abs());
    // All three are compared, whichever it is.
    let same = [now - 1, now, now + 1].map(|step| {
        (
            step,
            verify_slices_are_equal(shown(step).as_bytes(), password.as_bytes()).is_ok(),
        )
    });
    same.into_iter().find_map(|(step, same)| same.then_some(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the last six digits.
    #[test]
    fn the_examples_of_the_rfc_hold() {
        let secret = encode(*b"12345678901234567890");
        for (seconds, password) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(step_of(&secret, password, seconds), Some(seconds / 30));
            assert_eq!(step_of(&secret, password, seconds + 30), Some(seconds / 30));
            assert_eq!(step_of(&secret, password, seconds + 90), None);
        }
        assert_eq!(step_of(&secret, "", 59), None);
        assert_eq!(step_of("not base32!", "287082", 59), None);
    }

    #[test]
    fn the_address_names_whom_it_is_for() {
        let address = address("doc@clinic", "ABC");
        assert_eq!(
            address,
            "otpauth://totp/Baton:doc%40clinic?secret=ABC&issuer=Baton&digits=6&period=30"
        );
    }
}
