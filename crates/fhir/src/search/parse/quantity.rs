//! `[prefix]number|system|code`. <https://hl7.org/fhir/R4/search.html#quantity>
use super::escape::{split, unescape};
use super::number::number;
use crate::search::{Prefixed, QuantityTest};

pub fn quantity(text: &str) -> Result<Prefixed<QuantityTest>, &'static str> {
    let parts = split(text, '|');
    let (system, code) = match parts[..] {
        [_] => (None, None),
        [_, system, code] => (given(system), given(code)),
        _ => return Err("takes number, number||unit or number|system|code"),
    };
    let Prefixed {
        prefix,
        value: number,
    } = number(parts[0])?;
    Ok(Prefixed {
        prefix,
        value: QuantityTest { number, system, code },
    })
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| unescape(text))
}
