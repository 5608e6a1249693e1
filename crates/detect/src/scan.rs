//! One pass over a text that finds identifiers made of letters and digits.
//!
//! The pass goes from run to run of ASCII letters and digits and decides by
//! length and class of a run, and by the byte behind it, which kinds are
//! possible at all; only then is a check computed. A run may touch Chinese
//! characters on both sides: `电话13812345678，` has one.
//!
//! No regular expression, no allocation, no backtracking over the text.
//!
//! ```text
//! run ─▶ byte behind it: @ . : - space · ─▶ e-mail, IP, MAC, groups of digits, plate
//!    └─▶ digits only: by length           ─▶ citizen id, card, mobile, device
//!    └─▶ mixed: by length                 ─▶ credit code, passport, IBAN, permit, key
//! ```

use crate::check::{self, Check, Scheme};
use crate::forms::{is_landline, is_mobile, is_plate_char, is_ssn, plate_end, plate_start};
use crate::kind::Kind;
use crate::label;
use crate::secret;

/// One find in a text, by byte offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
    /// Whether the check digit is right, where the kind has one, and the
    /// surroundings do not speak against it.
    pub(crate) valid: bool,
    /// Whether a word before it says what it is; only names are found without.
    pub(crate) named: bool,
}

/// Classes of bytes.
const OTHER: u8 = 0;
const DIGIT: u8 = 1;
const UPPER: u8 = 2;
const LOWER: u8 = 4;

#[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
const CLASSES: [u8; 256] = {
    let mut classes = [OTHER; 256];
    let mut byte = 0;
    while byte < 128 {
        #[expect(clippy::cast_possible_truncation, reason = "below 128")]
        let class = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b'A'..=b'Z' => UPPER,
            b'a'..=b'z' => LOWER,
            _ => OTHER,
        };
        classes[byte] = class;
        byte += 1;
    }
    classes
};

#[inline]
#[expect(clippy::indexing_slicing, reason = "256 classes, one for each byte")]
fn class(byte: u8) -> u8 {
    CLASSES[byte as usize]
}

/// Lengths of runs that were looked at, to know what chance would give.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RunLengths {
    /// Runs of 11 digits.
    pub(crate) eleven: u64,
    /// Runs of 18 digits, the last of which may be an X.
    pub(crate) eighteen: u64,
}

/// Finds identifiers in `bytes`, which are UTF-8; appends them in order.
pub(crate) fn scan(bytes: &[u8], hits: &mut Vec<Hit>, lengths: &mut RunLengths) {
    let mut scanner = Scanner { bytes, hits };
    let mut at = 0;
    while let Some(found) = bytes.iter().skip(at).position(|byte| class(*byte) != OTHER) {
        let start = at + found;
        let mut seen = OTHER;
        let mut digits = 0;
        let mut end = start;
        for byte in bytes.iter().skip(start) {
            let class = class(*byte);
            if class == OTHER {
                break;
            }
            seen |= class;
            digits += usize::from(class == DIGIT);
            end += 1;
        }
        let length = end - start;
        match length {
            11 if seen == DIGIT => lengths.eleven += 1,
            18 if digits >= 17 => lengths.eighteen += 1,
            _ => {}
        }
        at = scanner.dispatch(start, end, seen).max(end);
    }
}

struct Scanner<'a> {
    bytes: &'a [u8],
    hits: &'a mut Vec<Hit>,
}

impl Scanner<'_> {
    #[inline]
    fn at(&self, place: usize) -> u8 {
        self.bytes.get(place).copied().unwrap_or(0)
    }

    fn before(&self, place: usize) -> u8 {
        place.checked_sub(1).map_or(0, |place| self.at(place))
    }

    fn slice(&self, start: usize, end: usize) -> &[u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    fn push(&mut self, start: usize, end: usize, kind: Kind, valid: bool) -> usize {
        while self.hits.last().is_some_and(|last| last.end > start) {
            self.hits.pop();
        }
        self.hits.push(Hit { start, end, kind, valid, named: true });
        end
    }

    /// Looks at one run; returns where to go on.
    fn dispatch(&mut self, start: usize, end: usize, seen: u8) -> usize {
        let next = self.at(end);
        let length = end - start;
        let found = match next {
            b'@' => self.email(start, end),
            b':' if length <= 4 => self.mac(start, end).or_else(|| self.ipv6(start)),
            b'-' if length == 2 => self.mac(start, end),
            b'.' if seen == DIGIT && length <= 3 => self.ipv4(start),
            _ => None,
        };
        let found = found
            .or_else(|| if seen == DIGIT { self.grouped(start, end, next) } else { None })
            .or_else(|| {
                secret::find(self.bytes, start, end)
                    .map(|(from, to)| self.push(from, to, Kind::Secret, true))
            });
        if let Some(end) = found {
            return end;
        }
        // The integer part or the fraction of a number is no identifier.
        let fraction = self.before(start) == b'.'
            && start >= 2
            && class(self.at(start - 2)) == DIGIT
            && length != 18;
        let whole = next == b'.' && class(self.at(end + 1)) == DIGIT && seen == DIGIT;
        if fraction || whole {
            return end;
        }
        if seen == DIGIT { self.number(start, end) } else { self.mixed(start, end, seen) }
    }

    /// Digits only, nothing joined to them.
    fn number(&mut self, start: usize, end: usize) -> usize {
        let bytes = self.bytes;
        let run = bytes.get(start..end).unwrap_or_default();
        let plain = || !label::is_number_label(bytes, start);
        match run.len() {
            11 if is_mobile(run) => self.push(start, end, Kind::Mobile, plain()),
            13 if run.starts_with(b"86") && is_mobile(run.get(2..).unwrap_or_default()) => {
                self.push(start + 2, end, Kind::Mobile, plain())
            }
            11 | 12 if is_landline(run) => self.push(start, end, Kind::Landline, false),
            18 => self.eighteen(start, end),
            13..=19 => {
                let passes = check::luhn(run);
                if run.len() == 15
                    && !passes
                    && check::is_old_citizen_id(run)
                    && label::says_identity(bytes, start)
                {
                    return self.push(start, end, Kind::CitizenId, true);
                }
                let kind = match check::card_scheme(run) {
                    Some(scheme) => card_kind(scheme),
                    None if run.len() == 15 && check::is_imei(run) => Kind::Imei,
                    None => return end,
                };
                self.push(start, end, kind, passes && plain())
            }
            _ => end,
        }
    }

    /// Eighteen characters: a citizen id, a credit code or a card.
    ///
    /// A province and a day of birth at their places are rarer in other numbers
    /// than a wrong check digit is in citizen ids.
    fn eighteen(&mut self, start: usize, end: usize) -> usize {
        let bytes = self.bytes;
        let run = bytes.get(start..end).unwrap_or_default();
        match check::citizen_id(run) {
            Check::No => {}
            check => return self.push(start, end, Kind::CitizenId, check == Check::Pass),
        }
        let credit = check::credit_code(run);
        if run.iter().any(u8::is_ascii_alphabetic) {
            return match credit {
                Check::No => end,
                check => self.push(start, end, Kind::CreditCode, check == Check::Pass),
            };
        }
        // Digits only: made-up numbers are frequent, so the surroundings count.
        let plain = !label::is_number_label(bytes, start);
        let card = check::card_scheme(run);
        if let Some(scheme) = card
            && plain
            && check::luhn(run)
        {
            return self.push(start, end, card_kind(scheme), true);
        }
        let department = matches!(run.first(), Some(b'1' | b'5' | b'9'));
        if credit != Check::No && department {
            let passes = credit == Check::Pass && plain;
            return self.push(start, end, Kind::CreditCode, passes);
        }
        match card {
            Some(scheme) => self.push(start, end, card_kind(scheme), false),
            None => end,
        }
    }

    /// Letters, or letters and digits.
    fn mixed(&mut self, start: usize, end: usize, seen: u8) -> usize {
        let bytes = self.bytes;
        let run = bytes.get(start..end).unwrap_or_default();
        let [first, second, rest @ ..] = run else { return self.plate_with_dot(start, end) };
        let upper = first.is_ascii_uppercase();
        if upper && (5..=7).contains(&run.len()) {
            if let Some(from) = plate_start(bytes, start)
                && let Some(to) = plate_end(bytes, run, end)
            {
                return self.push(from, to, Kind::Plate, true);
            }
            return end;
        }
        if run.len() == 18 {
            return self.eighteen(start, end);
        }
        let digits_from = |from: usize| run.iter().skip(from).all(u8::is_ascii_digit);
        if upper && run.len() == 9 {
            let letter = second.is_ascii_uppercase();
            let kind = match first {
                b'E' if digits_from(2) && (letter || second.is_ascii_digit()) => Kind::Passport,
                b'G' | b'D' | b'S' | b'P' | b'K' if digits_from(1) => Kind::Passport,
                b'P' | b'S' | b'D' | b'M' if matches!(second, b'E' | b'A') && digits_from(2) => {
                    Kind::Passport
                }
                b'C' if digits_from(2) && (letter || second.is_ascii_digit()) => Kind::TravelPermit,
                b'H' | b'M' | b'W' | b'L' | b'T' if digits_from(1) => Kind::TravelPermit,
                _ => return self.organization(start, end),
            };
            let plain = !label::is_number_label(bytes, start);
            return self.push(start, end, kind, plain);
        }
        if matches!(first, b'H' | b'M') && run.len() == 11 && digits_from(1) {
            let plain = !label::is_number_label(bytes, start);
            return self.push(start, end, Kind::TravelPermit, plain);
        }
        if seen & LOWER == 0 && upper && second.is_ascii_uppercase() {
            if run.len() >= 15 {
                return match check::iban(run) {
                    Check::No => end,
                    check => self.push(start, end, Kind::Iban, check == Check::Pass),
                };
            }
            if run.len() == 4 && rest.iter().all(u8::is_ascii_digit) && self.at(end) == b' ' {
                return self.iban_in_groups(start, end);
            }
        }
        end
    }

    fn organization(&mut self, start: usize, end: usize) -> usize {
        let run = self.slice(start, end);
        let (Some(body), Some(last)) = (run.get(..8), run.last()) else { return end };
        let digits = body.iter().filter(|byte| byte.is_ascii_digit()).count();
        match check::organization_code(body, *last) {
            Check::No => end,
            // A word of nine letters is none.
            _ if digits < 3 => end,
            check => self.push(start, end, Kind::OrganizationCode, check == Check::Pass),
        }
    }

    fn email(&mut self, start: usize, end: usize) -> Option<usize> {
        let mut from = start;
        while from > 0 {
            let byte = self.at(from - 1);
            if class(byte) == OTHER && !matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-') {
                break;
            }
            from -= 1;
        }
        while matches!(self.at(from), b'.' | b'-' | b'+' | b'%') {
            from += 1;
        }
        let mut to = end + 1;
        let mut dot = None;
        loop {
            let byte = self.at(to);
            match byte {
                b'.' => dot = Some(to),
                b'-' => {}
                byte if class(byte) != OTHER => {}
                _ => break,
            }
            to += 1;
        }
        while matches!(self.before(to), b'.' | b'-') {
            to -= 1;
            if dot == Some(to) {
                dot = self.slice(end, to).iter().rposition(|byte| *byte == b'.').map(|p| end + p);
            }
        }
        let dot = dot?;
        let last = self.slice(dot + 1, to);
        let letters = last.len() >= 2 && last.iter().all(u8::is_ascii_alphabetic);
        (letters && dot > end + 1).then(|| self.push(from, to, Kind::Email, true))
    }

    fn mac(&mut self, start: usize, end: usize) -> Option<usize> {
        if end - start != 2 || matches!(self.before(start), b':' | b'-') {
            return None;
        }
        let mark = self.at(end);
        let to = start + 17;
        let text = self.bytes.get(start..to)?;
        for (place, byte) in text.iter().enumerate() {
            let fits = if place % 3 == 2 { *byte == mark } else { byte.is_ascii_hexdigit() };
            if !fits {
                return None;
            }
        }
        if class(self.at(to)) != OTHER || self.at(to) == mark {
            return None;
        }
        Some(self.push(start, to, Kind::Mac, true))
    }

    fn ipv6(&mut self, start: usize) -> Option<usize> {
        if self.before(start) == b':' {
            return None;
        }
        let rest = self.bytes.get(start..)?;
        let length = rest
            .iter()
            .take(46)
            .take_while(|byte| byte.is_ascii_hexdigit() || **byte == b':')
            .count();
        let mut text = rest.get(..length)?;
        while let Some(shorter) = text.strip_suffix(b":") {
            text = shorter;
        }
        // A time of day has two colons; an address in short form is rare in
        // tables and needs its double colon.
        let colons = text.iter().filter(|byte| **byte == b':').count();
        if colons < 3 || class(self.at(start + length)) != OTHER {
            return None;
        }
        let address: std::net::Ipv6Addr = std::str::from_utf8(text).ok()?.parse().ok()?;
        (!address.is_unspecified()).then(|| self.push(start, start + text.len(), Kind::Ip, true))
    }

    fn ipv4(&mut self, start: usize) -> Option<usize> {
        if self.before(start) == b'.' || label::is_version_label(self.bytes, start) {
            return None;
        }
        let rest = self.bytes.get(start..)?;
        let mut groups = 0;
        let mut at = 0;
        loop {
            let digits = rest.iter().skip(at).take(4).take_while(|b| b.is_ascii_digit()).count();
            let group = rest.get(at..at + digits)?;
            let value = group.iter().fold(0_u32, |sum, byte| sum * 10 + u32::from(byte - b'0'));
            let padded = digits > 1 && group.first() == Some(&b'0');
            if !(1..=3).contains(&digits) || value > 255 || padded {
                return None;
            }
            groups += 1;
            at += digits;
            if groups == 4 {
                break;
            }
            if rest.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
        let end = start + at;
        let more = self.at(end) == b'.' && class(self.at(end + 1)) != OTHER;
        if more || class(self.at(end)) != OTHER {
            return None;
        }
        Some(self.push(start, end, Kind::Ip, true))
    }

    /// Digits joined by single spaces or dashes: cards, citizen ids, telephone
    /// and social security numbers.
    fn grouped(&mut self, start: usize, end: usize, next: u8) -> Option<usize> {
        let length = end - start;
        let joined = matches!(next, b'-' | b' ');
        let bracketed = next == b')' && self.before(start) == b'(';
        if !(joined || bracketed) || !(3..=8).contains(&length) {
            return None;
        }
        let country = start >= 3 && self.slice(start - 3, start) == b"86-";
        if matches!(self.before(start), b'-' | b'.') && !country {
            return None;
        }
        let (digits, groups, to) = self.collect(start, next);
        let (count, lengths) = groups;
        let digits = digits.get(..count)?;
        let kind = match (lengths, next) {
            ([3, 2, 4, 0, ..], b'-') if is_ssn(digits) => Kind::Ssn,
            ([3, 4, 4, 0, ..], _) if is_mobile(digits) => Kind::Mobile,
            ([3 | 4, 7 | 8, 0, ..], _) if is_landline(digits) => Kind::Landline,
            ([area @ (3 | 4), number @ (7 | 8), 1..=5, 0, ..], b'-')
                if is_landline(digits.get(..usize::from(area + number))?) =>
            {
                Kind::Landline
            }
            ([8, 1, 0, ..], b'-') => {
                let (body, last) = (digits.get(..8)?, digits.last()?);
                match check::organization_code(body, *last) {
                    Check::Pass => Kind::OrganizationCode,
                    _ => return None,
                }
            }
            ([6, 8, 4, 0, ..], _)
            | ([6, 4, 4, 4, 0, ..], _)
            | ([4, 4, 4, 4, 2, ..], _)
            | ([3, 3, 4, 4, 4, ..], _)
                if check::citizen_id(digits) == Check::Pass =>
            {
                Kind::CitizenId
            }
            ([4, 4, 4, 1..=7, ..] | [4, 6, 5, 0, ..] | [6, 1..=13, 0, ..], _) if count >= 14 => {
                let scheme = check::card_scheme(digits)?;
                if !check::luhn(digits) {
                    return None;
                }
                card_kind(scheme)
            }
            _ => return None,
        };
        let from = if bracketed { start - 1 } else { start };
        Some(self.push(from, to, kind, true))
    }

    /// The digits of up to five groups, their number, the length of each group and
    /// where the last ends. A closing X counts as a digit.
    fn collect(&self, start: usize, mark: u8) -> ([u8; 24], (usize, [u8; 6]), usize) {
        let mut digits = [0_u8; 24];
        let mut lengths = [0_u8; 6];
        let (mut count, mut at, mut to) = (0, start, start);
        for group in &mut lengths {
            let from = at;
            loop {
                let byte = self.at(at);
                let closing = matches!(byte, b'X' | b'x') && matches!(count, 8 | 17);
                if !byte.is_ascii_digit() && !closing {
                    break;
                }
                let Some(slot) = digits.get_mut(count) else { break };
                *slot = byte;
                count += 1;
                at += 1;
            }
            *group = u8::try_from(at - from).unwrap_or(u8::MAX);
            if at == from {
                break;
            }
            to = at;
            if self.at(at) != mark {
                break;
            }
            at += 1;
        }
        if class(self.at(to)) != OTHER {
            // The last group runs on in letters: it is no group.
            return (digits, (0, [0; 6]), start);
        }
        (digits, (count, lengths), to)
    }

    /// `DE41 3704 0044 …`: groups of four.
    fn iban_in_groups(&mut self, start: usize, end: usize) -> usize {
        let mut text = [0_u8; 34];
        let (mut count, mut at) = (0, start);
        let mut to = end;
        while let Some(slot) = text.get_mut(count) {
            let byte = self.at(at);
            if class(byte) & (DIGIT | UPPER) != 0 {
                *slot = byte;
                count += 1;
                at += 1;
                to = at;
            } else if byte == b' ' && count % 4 == 0 {
                at += 1;
            } else {
                break;
            }
            if check::iban(text.get(..count).unwrap_or_default()) == Check::Pass {
                return self.push(start, to, Kind::Iban, true);
            }
        }
        end
    }

    /// `京A·12345`: a dot between the letter and the rest.
    fn plate_with_dot(&mut self, start: usize, end: usize) -> usize {
        let bytes = self.bytes;
        let letter = self.at(start).is_ascii_uppercase();
        if !letter || self.slice(end, end + 2) != "·".as_bytes() {
            return end;
        }
        let from = end + 2;
        let length =
            bytes.iter().skip(from).take(8).take_while(|byte| class(**byte) != OTHER).count();
        let rest = self.slice(from, from + length);
        if !(5..=6).contains(&length) || !rest.iter().all(|byte| is_plate_char(*byte)) {
            return end;
        }
        match plate_start(bytes, start) {
            Some(province) => self.push(province, from + length, Kind::Plate, true),
            None => end,
        }
    }
}

fn card_kind(scheme: Scheme) -> Kind {
    match scheme {
        Scheme::China => Kind::BankCard,
        Scheme::International => Kind::CreditCard,
    }
}
