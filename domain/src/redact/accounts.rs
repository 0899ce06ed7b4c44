//! Finds numbers of payment cards and bank accounts in text, by their shape, length and check digits.

/// Lengths of bank account numbers by country.
/// Source: <https://www.swift.com/standards/data-standards/iban-international-bank-account-number>, release 99.
const IBANS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 \
    EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 \
    KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 \
    PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";
/// Digits of a card's number (ISO/IEC 7812-1).
const CARD: std::ops::RangeInclusive<usize> = 12..=19;

/// What may stand between two groups of characters.
fn is_gap(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.')
}

/// Where bank account numbers stand.
pub(super) fn ibans(text: &str, found: &mut Vec<(usize, usize)>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at + 15 <= bytes.len() {
        match iban(bytes, at) {
            Some(end) => {
                found.push((at, end));
                at = end;
            }
            None => at += 1,
        }
    }
}

/// The end of the account number that begins here.
fn iban(bytes: &[u8], at: usize) -> Option<usize> {
    let [a, b, c, d] = *bytes.get(at..at + 4)?.first_chunk::<4>()?;
    if !(a.is_ascii_alphabetic() && b.is_ascii_alphabetic() && c.is_ascii_digit() && d.is_ascii_digit()) {
        return None;
    }
    let country = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
    let entry = IBANS.split(' ').find(|entry| entry.as_bytes().starts_with(&country))?;
    let length: usize = entry.get(2..)?.parse().ok()?;
    let (mut digits, mut end) = (Vec::with_capacity(length), at);
    while digits.len() < length {
        let byte = *bytes.get(end)?;
        end += 1;
        match byte {
            byte if byte.is_ascii_alphanumeric() => digits.push(byte.to_ascii_uppercase()),
            // One gap between groups; a second one ends it.
            byte if is_gap(byte) && bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) => {}
            _ => return None,
        }
    }
    digits.rotate_left(4);
    let rest = digits.iter().fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter - b'A') + 10) % 97,
    });
    (rest == 1).then_some(end)
}

/// Where card numbers stand.
pub(super) fn cards(text: &str, found: &mut Vec<(usize, usize)>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let begins =
            bytes[at].is_ascii_digit() && !at.checked_sub(1).is_some_and(|before| bytes[before].is_ascii_digit());
        match begins.then(|| card(bytes, at)).flatten() {
            Some(end) => {
                found.push((at, end));
                at = end;
            }
            None => at += 1,
        }
    }
}

/// The end of the longest card number that begins here; numbers are taken by whole groups of digits.
fn card(bytes: &[u8], at: usize) -> Option<usize> {
    let (mut digits, mut end, mut best) = (Vec::with_capacity(*CARD.end()), at, None);
    while digits.len() <= *CARD.end() {
        match bytes.get(end) {
            Some(digit) if digit.is_ascii_digit() => digits.push(digit - b'0'),
            gap => {
                if CARD.contains(&digits.len()) && is_issued(&digits) && luhn(&digits) {
                    best = Some(end);
                }
                let goes_on = bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
                if !gap.is_some_and(|gap| is_gap(*gap)) || !goes_on {
                    break;
                }
            }
        }
        end += 1;
    }
    best
}

/// Whether cards begin so: with 2 to 6, in lengths that the issuers of these use.
fn is_issued(digits: &[u8]) -> bool {
    match digits {
        [3, 0 | 6 | 8 | 9, ..] => (14..=19).contains(&digits.len()),
        [3, 4 | 7, ..] => digits.len() == 15,
        [3, 5, ..] => (16..=19).contains(&digits.len()),
        [4, ..] => matches!(digits.len(), 13 | 16 | 19),
        [2, 2..=7, ..] | [5, 1..=5, ..] => digits.len() == 16,
        [5, 0 | 6..=9, ..] | [6, ..] => true,
        _ => false,
    }
}

/// ISO/IEC 7812-1 annex B.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| {
            let value = u32::from(digit) * if place % 2 == 1 { 2 } else { 1 };
            value / 10 + value % 10
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|&digit| digit != digits[0])
}
