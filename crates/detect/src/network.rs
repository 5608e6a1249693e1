//! Addresses of networks: e-mail, IP, MAC.

use crate::chars::{DASH, DOT, class, is_alnum};
use crate::kind::Kind;
use crate::label;
use crate::scan::Scanner;

impl Scanner<'_> {
    /// `start..end` is the run before the `@`.
    pub(crate) fn email(&mut self, start: usize, end: usize) -> Option<usize> {
        let joined = |byte: u8| class(byte) & (DASH | DOT) != 0 || matches!(byte, b'%' | b'+');
        let mut from = start;
        while from > 0 && (is_alnum(self.at(from - 1)) || joined(self.at(from - 1))) {
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
                byte if is_alnum(byte) => {}
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

    /// Six pairs of hexadecimal digits.
    pub(crate) fn mac(&mut self, start: usize, end: usize) -> Option<usize> {
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
        if is_alnum(self.at(to)) || self.at(to) == mark && is_alnum(self.at(to + 1)) {
            return None;
        }
        Some(self.push(start, to, Kind::Mac, true))
    }

    /// `0123.4567.89ab`, as routers print it.
    pub(crate) fn mac_in_fours(&mut self, start: usize) -> Option<usize> {
        if self.before(start) == b'.' {
            return None;
        }
        let to = start + 14;
        let text = self.bytes.get(start..to)?;
        let mut letters = 0;
        for (place, byte) in text.iter().enumerate() {
            let fits = if place % 5 == 4 { *byte == b'.' } else { byte.is_ascii_hexdigit() };
            if !fits {
                return None;
            }
            letters += usize::from(byte.is_ascii_alphabetic());
        }
        let ends = !is_alnum(self.at(to)) && self.at(to) != b'.';
        (ends && letters > 0).then(|| self.push(start, to, Kind::Mac, true))
    }

    pub(crate) fn ipv6(&mut self, start: usize) -> Option<usize> {
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
        while text.len() > 2 && text.ends_with(b":") && !text.ends_with(b"::") {
            text = text.split_last()?.1;
        }
        // A time of day has two colons; the short form of an address needs its
        // double colon and a digit.
        let colons = text.iter().filter(|byte| **byte == b':').count();
        let short = text.windows(2).any(|pair| pair == b"::");
        if !(short && text.len() >= 6 || colons >= 7) || is_alnum(self.at(start + length)) {
            return None;
        }
        if !text.iter().any(u8::is_ascii_digit) {
            return None;
        }
        // Without `::` there are eight groups of one to four digits.
        if !short {
            let plain = colons == 7
                && text.split(|byte| *byte == b':').all(|group| (1..=4).contains(&group.len()));
            return plain.then(|| self.push(start, start + text.len(), Kind::Ip, true));
        }
        let address: std::net::Ipv6Addr = std::str::from_utf8(text).ok()?.parse().ok()?;
        (!address.is_unspecified()).then(|| self.push(start, start + text.len(), Kind::Ip, true))
    }

    /// The number of up to three digits at `at` and how many they are, 4 if there are
    /// more. Without branches: how long a group is, nothing foretells.
    #[inline]
    fn group(&self, at: usize) -> (u32, usize) {
        let [a, b, c, d] = [0, 1, 2, 3].map(|place| self.at(at + place).wrapping_sub(b'0'));
        let one = a < 10;
        let two = one & (b < 10);
        let three = two & (c < 10);
        let four = three & (d < 10);
        let value = u32::from(a);
        let value = if two { value * 10 + u32::from(b) } else { value };
        let value = if three { value * 10 + u32::from(c) } else { value };
        let digits = usize::from(one) + usize::from(two) + usize::from(three) + usize::from(four);
        (value, digits)
    }

    pub(crate) fn ipv4(&mut self, start: usize) -> Option<usize> {
        if self.before(start) == b'.' {
            return None;
        }
        let mut at = start;
        for group in 0..4 {
            let first = self.at(at);
            let (value, digits) = self.group(at);
            at += digits;
            let zero = (digits > 1) & (first == b'0');
            if (digits == 0) | (digits > 3) | (value > 255) | zero {
                return None;
            }
            if group < 3 {
                if self.at(at) != b'.' {
                    return None;
                }
                at += 1;
            }
        }
        let more = self.at(at) == b'.' && is_alnum(self.at(at + 1));
        if more || is_alnum(self.at(at)) || label::is_version_label(self.bytes, start) {
            return None;
        }
        Some(self.push(start, at, Kind::Ip, true))
    }
}
