//! What a run of ASCII letters and digits is, by its length and class and by the
//! bytes around it. A run may touch Chinese characters on both sides.
//!
//! ```text
//! run ─▶ byte behind it: @ . : - space ·  ─▶ e-mail, IP, MAC, groups of digits, plate
//!    └─▶ digits only: by length           ─▶ citizen id, card, mobile, device
//!    └─▶ mixed: by length                 ─▶ credit code, passport, IBAN, permit, key
//! ```

use crate::chars::{DIGIT, LOWER, UPPER, class, is_alnum};
use crate::check::{self, Check, Scheme};
use crate::disguise::Disguise;
use crate::encoded;
use crate::forms::{is_landline, is_mobile, is_plate_char, is_ssn, plate_end, plate_start};
use crate::kind::Kind;
use crate::label;
use crate::places;
use crate::scan::Scanner;
use crate::secret;
use crate::unveil;

impl Scanner<'_> {
    /// Looks at one run; returns where to go on.
    #[inline]
    pub(crate) fn run(&mut self, start: usize, end: usize, seen: u8, digits: usize) -> usize {
        let next = self.at(end);
        let length = end - start;
        let numeric = seen == DIGIT;
        let found = match next {
            b'@' => self.email(start, end),
            b':' => self.before_colon(start, end, seen),
            b'-' if length == 2 && !numeric => self.mac(start, end),
            b'-' | b' ' if numeric => self.before_joint(start, end, next),
            b'.' => self.before_dot(start, end, numeric),
            b')' | 0xef if numeric => self.bracketed(start, end),
            b'/' if numeric && length == 4 => self.birth_date(start, end),
            b'/' | b'_' if numeric && matches!(length, 3 | 6) => self.grouped(start, end, next),
            0xe5 if numeric && length == 4 => self.birth_date(start, end),
            _ => None,
        };
        if let Some(end) = found {
            return end;
        }
        if !numeric
            && secret::may_begin(self.bytes, start, length, digits)
            && let Some((from, to)) = secret::find(self.bytes, start, end)
        {
            return self.push(from, to, Kind::Secret, true);
        }
        if length < 4 {
            let letter = length == 1 && !numeric;
            return if letter { self.short_plate(start, end, next) } else { end };
        }
        // The integer part or the fraction of a number is no identifier.
        let fraction = self.before(start) == b'.'
            && start >= 2
            && class(self.at(start - 2)) == DIGIT
            && length != 18;
        // 13812345678.0 is a number that went through a spreadsheet.
        let whole = numeric
            && next == b'.'
            && class(self.at(end + 1)) == DIGIT
            && !(start == 0 && self.bytes.get(end..) == Some(b".0"));
        if fraction || whole {
            return end;
        }
        let hits = self.hits.len();
        let to =
            if numeric { self.number(start, end) } else { self.mixed(start, end, seen, digits) };
        if self.hits.len() == hits
            && to == end
            && start > 0
            && digits >= 4
            && (6..=24).contains(&length)
            && let Some(kind) = label::names_number_of(self.bytes, start)
        {
            return self.push(start, end, kind, true);
        }
        to
    }

    fn before_colon(&mut self, start: usize, end: usize, seen: u8) -> Option<usize> {
        // Hexadecimal digits only: a word or a time of day is none.
        if end - start > 4 || !self.slice(start, end).iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        if seen == DIGIT && self.at(end + 3) != b':' && self.at(end + 1) != b':' {
            // `12:30`, unless an address goes on behind a short group.
            return self.ipv6(start);
        }
        self.mac(start, end).or_else(|| self.ipv6(start))
    }

    fn before_joint(&mut self, start: usize, end: usize, next: u8) -> Option<usize> {
        let length = end - start;
        if length == 2 && next == b'-' {
            return self.mac(start, end);
        }
        if length == 4
            && next == b'-'
            && let Some(end) = self.birth_date(start, end)
        {
            return Some(end);
        }
        self.grouped(start, end, next)
    }

    fn before_dot(&mut self, start: usize, end: usize, numeric: bool) -> Option<usize> {
        let length = end - start;
        if numeric && length <= 3 {
            return self
                .ipv4(start)
                .or_else(|| self.coordinates(start))
                .or_else(|| if length == 3 { self.grouped(start, end, b'.') } else { None });
        }
        if numeric && length == 6 {
            return self.grouped(start, end, b'.');
        }
        if length != 4 {
            return None;
        }
        let date = if numeric { self.birth_date(start, end) } else { None };
        date.or_else(|| self.mac_in_fours(start))
    }

    fn bracketed(&mut self, start: usize, end: usize) -> Option<usize> {
        if !(3..=4).contains(&(end - start)) {
            return None;
        }
        let narrow = self.before(start) == b'(' && self.at(end) == b')';
        let wide = self.slice(start.saturating_sub(3), start) == "（".as_bytes()
            && self.slice(end, end + 3) == "）".as_bytes();
        let (from, mut at) = match (narrow, wide) {
            (true, _) => (start - 1, end + 1),
            (_, true) => (start - 3, end + 3),
            _ => return None,
        };
        if matches!(self.at(at), b' ' | b'-') {
            at += 1;
        }
        let number = at;
        while class(self.at(at)) == DIGIT {
            at += 1;
        }
        let mut digits = [0_u8; 12];
        let area = end - start;
        digits.get_mut(..area)?.copy_from_slice(self.bytes.get(start..end)?);
        digits.get_mut(area..area + at - number)?.copy_from_slice(self.bytes.get(number..at)?);
        if is_alnum(self.at(at)) || !is_landline(digits.get(..area + at - number)?) {
            return None;
        }
        let to = self.extension(at);
        Some(self.push(from, to, Kind::Landline, true))
    }

    /// The end of an extension behind a landline number: `-801`, `转801`.
    fn extension(&self, at: usize) -> usize {
        let marks: [&[u8]; 5] = ["转".as_bytes(), b"-", b" ext ", b"ext", " 转 ".as_bytes()];
        let Some(mark) = marks
            .iter()
            .find(|mark| self.bytes.get(at..).is_some_and(|rest| rest.starts_with(mark)))
        else {
            return at;
        };
        let from = at + mark.len();
        let digits = (0..6).take_while(|place| class(self.at(from + place)) == DIGIT).count();
        let fits = (1..=5).contains(&digits) && !is_alnum(self.at(from + digits));
        if fits { from + digits } else { at }
    }

    /// Where the country code of the mainland before a number begins; `start`
    /// without one: `+86 `, `0086-`, `(+86)`, `86-`.
    fn country(&self, start: usize) -> usize {
        let joint = start - usize::from(matches!(self.before(start), b'-' | b' '));
        let bracket = self.before(joint) == b')';
        let end = joint - usize::from(bracket);
        if end < 2 || self.slice(end - 2, end) != b"86" {
            return start;
        }
        let mut from = end - 2;
        match self.before(from) {
            b'+' => from -= 1,
            b'0' if from >= 2 && self.at(from - 2) == b'0' => from -= 2,
            byte if is_alnum(byte) => return start,
            _ if joint == start && !bracket => return start,
            _ => {}
        }
        if bracket {
            if self.before(from) != b'(' {
                return start;
            }
            from -= 1;
        }
        if is_alnum(self.before(from)) { start } else { from }
    }

    /// Digits only, nothing joined to them.
    fn number(&mut self, start: usize, end: usize) -> usize {
        let bytes = self.bytes;
        let run = bytes.get(start..end).unwrap_or_default();
        match run.len() {
            8 => self.birth_date(start, end).unwrap_or(end),
            9 => self.organization(start, end),
            11 if is_mobile(run) => {
                let plain = !label::is_number_label(bytes, start);
                self.push(self.country(start), end, Kind::Mobile, plain)
            }
            10..=12 if is_landline(run) => {
                let named = label::says_telephone(bytes, start);
                let to = if named { self.extension(end) } else { end };
                self.push(start, to, Kind::Landline, named)
            }
            13 | 15 if run.starts_with(b"86") || run.starts_with(b"0086") => {
                let number = run.get(run.len() - 11..).unwrap_or_default();
                if run.len() == 13 && run.starts_with(b"86") && is_mobile(number)
                    || run.starts_with(b"0086") && is_mobile(number)
                {
                    let plain = !label::is_number_label(bytes, start);
                    let from = start - usize::from(self.before(start) == b'+');
                    return self.push(from, end, Kind::Mobile, plain);
                }
                self.card(start, end)
            }
            18 => self.eighteen_digits(start, end),
            13..=19 => self.card(start, end),
            _ if encoded::may_be_digits_in_hex(run) => {
                let mut out = [0; 24];
                let digits = encoded::hex(run, &mut out).unwrap_or_default();
                self.decoded(start, end, digits, Disguise::Hex)
            }
            _ => end,
        }
    }

    /// Digits that were encoded, with a line end behind them perhaps.
    #[cold]
    fn decoded(&mut self, start: usize, end: usize, digits: &[u8], disguise: Disguise) -> usize {
        let digits = digits.trim_ascii_end();
        let kind = match digits {
            _ if !digits.iter().all(u8::is_ascii_alphanumeric) => None,
            [b'8', b'6', number @ ..] | number if is_mobile(number) => Some((Kind::Mobile, true)),
            _ => unveil::checked_kind(&digits.to_ascii_uppercase()),
        };
        match kind {
            Some((kind, valid)) => self.push_veiled((start, end), kind, valid, disguise),
            None => end,
        }
    }

    /// A card, a device or a citizen id of 15 digits.
    fn card(&mut self, start: usize, end: usize) -> usize {
        let bytes = self.bytes;
        let run = bytes.get(start..end).unwrap_or_default();
        let old = run.len() == 15 && check::is_old_citizen_id(run);
        let scheme = check::card_scheme(run);
        let device = run.len() == 15 && check::is_imei(run);
        if (scheme.is_some() || device) && check::luhn(run) {
            let kind = scheme.map_or(Kind::Imei, card_kind);
            let plain = !label::is_number_label(bytes, start);
            return self.push(start, end, kind, plain);
        }
        if old {
            // A label or a column of them says so; one alone is no evidence.
            let named = label::says_identity(bytes, start);
            return self.push(start, end, Kind::CitizenId, named);
        }
        match scheme {
            Some(scheme) => self.push(start, end, card_kind(scheme), false),
            None if device => self.push(start, end, Kind::Imei, false),
            None => end,
        }
    }

    /// Eighteen letters and digits: a citizen id or a credit code.
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
        match check::credit_code(run) {
            Check::No => self.eighteen_with_letters(start, end),
            check => self.push(start, end, Kind::CreditCode, check == Check::Pass),
        }
    }

    /// A citizen id in which O stands for 0 and l or I for 1, which no credit code has.
    /// One whose check digit is wrong is none.
    #[cold]
    fn eighteen_with_letters(&mut self, start: usize, end: usize) -> usize {
        let Some(mut id) = self.slice(start, end).first_chunk::<18>().copied() else { return end };
        for byte in &mut id {
            match byte {
                b'O' | b'o' => *byte = b'0',
                b'l' | b'I' | b'i' => *byte = b'1',
                _ => {}
            }
        }
        if check::citizen_id(&id) != Check::Pass {
            return end;
        }
        self.push_veiled((start, end), Kind::CitizenId, true, Disguise::Letters)
    }

    /// As [`Scanner::eighteen`], of digits only.
    fn eighteen_digits(&mut self, start: usize, end: usize) -> usize {
        let bytes = self.bytes;
        let run = bytes.get(start..end).unwrap_or_default();
        match check::citizen_id(run) {
            Check::No => {}
            check => return self.push(start, end, Kind::CitizenId, check == Check::Pass),
        }
        let credit = match run.first() {
            Some(b'1' | b'5' | b'9') => check::credit_code(run),
            _ => Check::No,
        };
        let card = check::card_scheme(run);
        let department = credit != Check::No;
        if card.is_none() && !department {
            return end;
        }
        // Digits only: made-up numbers are frequent, so the surroundings count.
        let plain = !label::is_number_label(bytes, start);
        if let Some(scheme) = card
            && plain
            && check::luhn(run)
        {
            return self.push(start, end, card_kind(scheme), true);
        }
        if department {
            let passes = credit == Check::Pass && plain;
            return self.push(start, end, Kind::CreditCode, passes);
        }
        match card {
            Some(scheme) => self.push(start, end, card_kind(scheme), false),
            None => end,
        }
    }

    /// Letters, or letters and digits, at least four.
    fn mixed(&mut self, start: usize, end: usize, seen: u8, digits: usize) -> usize {
        let bytes = self.bytes;
        let run = bytes.get(start..end).unwrap_or_default();
        let [first, second, ..] = run else { return end };
        let upper = first.is_ascii_uppercase();
        if encoded::may_be_digits_in_base64(run) {
            let mut out = [0; 24];
            let digits = encoded::base64(run, &mut out).unwrap_or_default();
            let padding = (0..2).take_while(|place| self.at(end + place) == b'=').count();
            let hits = self.hits.len();
            let to = self.decoded(start, end + padding, digits, Disguise::Base64);
            if self.hits.len() > hits {
                return to;
            }
        }
        if encoded::may_be_digits_in_base32(run) {
            let mut out = [0; 24];
            let digits = encoded::base32(run, &mut out).unwrap_or_default();
            let padding = (0..6).take_while(|place| self.at(end + place) == b'=').count();
            let hits = self.hits.len();
            let to = self.decoded(start, end + padding, digits, Disguise::Base32);
            if self.hits.len() > hits {
                return to;
            }
        }
        match run.len() {
            4 if upper && second.is_ascii_uppercase() && digits == 2 && self.at(end) == b' ' => {
                return self.iban_in_groups(start, end);
            }
            5..=7 => {
                if first.is_ascii_alphabetic()
                    && digits > 0
                    && let Some(from) = plate_start(bytes, start)
                    && let Some(to) = plate_end(bytes, run, end)
                {
                    return self.push(from, to, Kind::Plate, true);
                }
                return end;
            }
            9 if upper && digits >= 3 => return self.nine(start, end),
            11 if matches!(first, b'H' | b'M') && digits == 10 => {
                let plain = !label::is_number_label(bytes, start);
                return self.push(start, end, Kind::TravelPermit, plain);
            }
            18 if digits >= 6 => return self.eighteen(start, end),
            15.. if digits >= 4
                && first.is_ascii_alphabetic()
                && second.is_ascii_alphabetic()
                && seen & (UPPER | LOWER) != (UPPER | LOWER) =>
            {
                return match check::iban(run) {
                    Check::Pass => self.push(start, end, Kind::Iban, true),
                    Check::Form if upper => self.push(start, end, Kind::Iban, false),
                    _ => end,
                };
            }
            _ => {}
        }
        end
    }

    /// Nine characters: a passport, a permit, an organization code.
    fn nine(&mut self, start: usize, end: usize) -> usize {
        let bytes = self.bytes;
        let run = bytes.get(start..end).unwrap_or_default();
        let [first, second, rest @ ..] = run else { return end };
        let tail = rest.iter().all(u8::is_ascii_digit);
        let digit = second.is_ascii_digit();
        let kind = match first {
            b'E' if tail && (digit || second.is_ascii_uppercase()) => Kind::Passport,
            b'G' | b'D' | b'S' | b'P' | b'K' if tail && digit => Kind::Passport,
            b'P' | b'S' | b'D' | b'M' if tail && matches!(second, b'E' | b'A') => Kind::Passport,
            b'C' if tail && (digit || second.is_ascii_uppercase()) => Kind::TravelPermit,
            b'H' | b'M' | b'W' | b'L' | b'T' if tail && digit => Kind::TravelPermit,
            _ => return self.organization(start, end),
        };
        let plain = !label::is_number_label(bytes, start);
        self.push(start, end, kind, plain)
    }

    fn organization(&mut self, start: usize, end: usize) -> usize {
        let bytes = self.bytes;
        let run = bytes.get(start..end).unwrap_or_default();
        let (Some(body), Some(last)) = (run.get(..8), run.last()) else { return end };
        match check::organization_code(body, *last) {
            Check::No => end,
            check => {
                // In a text nine letters and digits are many things.
                let whole = start == 0 && end == bytes.len();
                let passes = check == Check::Pass;
                let named = whole || passes && label::says_organization(bytes, start);
                if named { self.push(start, end, Kind::OrganizationCode, passes) } else { end }
            }
        }
    }

    /// Digits joined by single spaces, dashes or dots: cards, citizen ids,
    /// telephone and social security numbers.
    fn grouped(&mut self, start: usize, end: usize, next: u8) -> Option<usize> {
        let length = end - start;
        if !(3..=8).contains(&length) || class(self.at(end + 1)) != DIGIT {
            return None;
        }
        // 2025-05-18: no group of two follows one of four.
        if length == 4 && (class(self.at(end + 3)) != DIGIT || class(self.at(end + 4)) != DIGIT) {
            return None;
        }
        let from = self.country(start);
        if matches!(self.before(start), b'-' | b'.') && from == start {
            return None;
        }
        let (digits, (count, lengths), to) = self.collect(start, next);
        let digits = digits.get(..count)?;
        let kind = match (lengths, next) {
            ([3, 4, 4, 0, ..], b'-' | b' ') if is_mobile(digits) => {
                return Some(self.push(from, to, Kind::Mobile, true));
            }
            ([3, 4, 4, 0, ..], _) if is_mobile(digits) => {
                let disguise = Disguise::Separators;
                return Some(self.push_veiled((from, to), Kind::Mobile, true, disguise));
            }
            ([6, 8, 4, 0, ..], b'.' | b'/' | b'_') if check::citizen_id(digits) == Check::Pass => {
                let disguise = Disguise::Separators;
                return Some(self.push_veiled((start, to), Kind::CitizenId, true, disguise));
            }
            (_, b'.' | b'/' | b'_') => return None,
            ([3, 2, 4, 0, ..], _) if is_ssn(digits) => {
                if next != b'-' && !label::says_ssn(self.bytes, start) {
                    return None;
                }
                Kind::Ssn
            }
            ([3 | 4, 7 | 8, 0, ..], _) if is_landline(digits) => {
                let to = self.extension(to);
                return Some(self.push(from, to, Kind::Landline, true));
            }
            ([area @ (2 | 3), number @ (7 | 8), rest @ ..], _) if from < start => {
                // +86 351 7654321: without the 0 of the area code.
                let mut full = [b'0'; 12];
                let length = usize::from(area + number);
                full.get_mut(1..=length)?.copy_from_slice(digits.get(..length)?);
                if !is_landline(full.get(..=length)?) {
                    return None;
                }
                let place = start + length + 1;
                let to = if rest.first() == Some(&0) { to } else { self.extension(place) };
                return Some(self.push(from, to, Kind::Landline, true));
            }
            ([area @ (3 | 4), number @ (7 | 8), 1..=5, 0, ..], b'-')
                if is_landline(digits.get(..usize::from(area + number))?) =>
            {
                return Some(self.push(from, to, Kind::Landline, true));
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
            | ([6, 4, 2, 2, 4, 0], _)
            | ([4, 4, 4, 4, 2, ..], _)
            | ([3, 3, 4, 4, 4, ..], _)
                if check::citizen_id(digits) == Check::Pass =>
            {
                Kind::CitizenId
            }
            ([4, 4, 4, 1..=7, ..] | [4, 6, 5 | 4, 0, ..] | [6, 1..=13, 0, ..], _)
                if count >= 13 =>
            {
                let kind = card_kind(check::card_scheme(digits)?);
                let passes = check::luhn(digits);
                // Those that fail say how many pass by chance in a column of them.
                let whole = start == 0 && to == self.bytes.len();
                return (passes || whole).then(|| self.push(start, to, kind, passes));
            }
            _ => return None,
        };
        Some(self.push(start, to, kind, true))
    }

    /// The digits of up to six groups, their number, the length of each group and
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
        if is_alnum(self.at(to)) {
            // The last group runs on in letters: it is no group.
            return (digits, (0, [0; 6]), start);
        }
        (digits, (count, lengths), to)
    }

    /// `DE41 3704 0044 …`: groups of four.
    fn iban_in_groups(&mut self, start: usize, end: usize) -> usize {
        let mut text = [0_u8; 34];
        let (mut count, mut at) = (0, start);
        while let Some(slot) = text.get_mut(count) {
            let byte = self.at(at);
            if class(byte) & (DIGIT | UPPER) != 0 {
                *slot = byte;
                count += 1;
                at += 1;
            } else if byte == b' ' && count % 4 == 0 {
                at += 1;
                continue;
            } else {
                break;
            }
            let whole = count >= 15 && !is_alnum(self.at(at));
            if whole && check::iban(text.get(..count).unwrap_or_default()) == Check::Pass {
                return self.push(start, at, Kind::Iban, true);
            }
        }
        end
    }

    /// `京A·12345`, `京A-12345`: a mark between the letter and the rest.
    fn short_plate(&mut self, start: usize, end: usize, next: u8) -> usize {
        if end - start != 1 || !self.at(start).is_ascii_alphabetic() {
            return end;
        }
        let mark = match next {
            0xc2 if self.at(end + 1) == 0xb7 => 2,
            0xe2 if self.slice(end, end + 3) == "•".as_bytes() => 3,
            b'-' | b' ' | b'.' => 1,
            _ => return end,
        };
        let from = end + mark;
        let length = (0..8).take_while(|place| is_alnum(self.at(from + place))).count();
        let rest = self.slice(from, from + length);
        let digits = rest.iter().filter(|byte| byte.is_ascii_digit()).count();
        if !(5..=6).contains(&length) || digits < 2 || !rest.iter().all(|b| is_plate_char(*b)) {
            return end;
        }
        match plate_start(self.bytes, start) {
            Some(province) => self.push(province, from + length, Kind::Plate, true),
            None => end,
        }
    }

    /// A date of birth, if a word before or behind says that it is one.
    fn birth_date(&mut self, start: usize, end: usize) -> Option<usize> {
        if !matches!(self.slice(start, start + 2), b"19" | b"20") {
            return None;
        }
        // Most days are a whole cell.
        if start == 0 && self.bytes.len() <= end + 6 {
            return None;
        }
        let to = places::day_end(self.bytes, start, end)?;
        let rest = self.bytes.get(to..).unwrap_or_default();
        let behind = rest.starts_with("出生".as_bytes()) || rest.starts_with("生，".as_bytes());
        (behind || label::says_birth(self.bytes, start))
            .then(|| self.push(start, to, Kind::BirthDate, true))
    }

    fn coordinates(&mut self, start: usize) -> Option<usize> {
        let from = start - usize::from(self.before(start) == b'-');
        if matches!(self.before(from), b'.') || is_alnum(self.before(from)) {
            return None;
        }
        let to = places::pair_of_degrees(self.bytes, from)?;
        Some(self.push(from, to, Kind::Coordinates, true))
    }
}

pub(crate) fn card_kind(scheme: Scheme) -> Kind {
    match scheme {
        Scheme::China => Kind::BankCard,
        Scheme::International => Kind::CreditCard,
    }
}
