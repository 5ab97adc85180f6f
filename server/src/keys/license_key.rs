//! The form of a license key: `XXXX-XXXX-XXXX-XXXX`.
//!
//! 15 random characters of Crockford's base32 (75 bits) and a check character. The check character
//! is a CRC-5 (polynomial x⁵ + x² + 1) over the 15 five-bit digits, so that it stays in the same
//! alphabet and finds every single wrong digit and every swap of neighbours. It is read whatever
//! its case, with I and L as 1 and O as 0, and with or without hyphens.

use sha2::{Digest, Sha256};

use crate::clock::{CROCKFORD, hex, random};

const DIGITS: usize = 16;

fn check_digit(digits: &[u8]) -> u8 {
    let mut crc: u8 = 0b1_1111;
    for digit in digits {
        for bit in (0..5).rev() {
            let top = (crc >> 4) ^ (digit >> bit & 1);
            crc = (crc << 1) & 31;
            if top & 1 == 1 {
                crc ^= 0b0_0101;
            }
        }
    }
    crc
}

fn digit_of(c: char) -> Option<u8> {
    let c = match c.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    };
    CROCKFORD.iter().position(|&d| char::from(d) == c).and_then(|at| u8::try_from(at).ok())
}

fn write(digits: &[u8]) -> String {
    digits.iter().map(|&d| char::from(CROCKFORD[usize::from(d & 31)])).collect()
}

/// A new key in canonical form: 16 characters without hyphens.
#[must_use]
pub fn generate() -> String {
    let mut digits: Vec<u8> = random::<{ DIGITS - 1 }>().iter().map(|b| b & 31).collect();
    digits.push(check_digit(&digits));
    write(&digits)
}

/// The canonical form of a typed key; `None` when it cannot be one.
#[must_use]
pub fn parse(typed: &str) -> Option<String> {
    // Longer than any spelling of a key: not even looked at.
    if typed.len() > 64 {
        return None;
    }
    let mut digits = Vec::with_capacity(DIGITS);
    for c in typed.trim().chars().filter(|&c| c != '-') {
        if digits.len() == DIGITS {
            return None;
        }
        digits.push(digit_of(c)?);
    }
    let (&check, body) = digits.split_last()?;
    (digits.len() == DIGITS && check_digit(body) == check).then(|| write(&digits))
}

/// The key as people see it, in groups of four.
#[must_use]
pub fn grouped(canonical: &str) -> String {
    let mut out = String::with_capacity(canonical.len() + 3);
    for (at, c) in canonical.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            out.push('-');
        }
        out.push(c);
    }
    out
}

/// The key with all but its last group hidden.
#[must_use]
pub fn hint(canonical: &str) -> String {
    format!("••••-••••-••••-{}", canonical.get(12..).unwrap_or_default())
}

/// Lower-case hex SHA-256 of the canonical form: what is stored. 75 random bits need no salt.
#[must_use]
pub fn hash(canonical: &str) -> String {
    hex(&Sha256::digest(canonical.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_is_read_however_people_type_it() {
        for _ in 0..200 {
            let key = generate();
            let typed = grouped(&key);
            assert_eq!(typed.len(), 19);
            assert_eq!(parse(&typed).as_deref(), Some(&*key));
            let sloppy = key.to_lowercase().replace('1', "l").replace('0', "o");
            assert_eq!(parse(&format!(" {sloppy} ")).as_deref(), Some(&*key));
        }
    }

    #[test]
    fn every_single_typing_error_and_every_swap_of_neighbours_is_found_offline() {
        let key: Vec<u8> = generate().into_bytes();
        for at in 0..DIGITS {
            for &other in CROCKFORD {
                let mut typed = key.clone();
                typed[at] = other;
                let typed = String::from_utf8(typed).unwrap();
                assert_eq!(parse(&typed).is_some(), other == key[at], "{typed}");
            }
            if at + 1 < DIGITS && key[at] != key[at + 1] {
                let mut typed = key.clone();
                typed.swap(at, at + 1);
                assert_eq!(parse(&String::from_utf8(typed).unwrap()), None);
            }
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(typed in ".{0,80}") {
            if let Some(key) = parse(&typed) {
                prop_assert_eq!(key.len(), DIGITS);
            }
        }
    }
}
