//! Passwords, keys and tokens in text.

use crate::chars::is_alnum;

/// Whether a run that begins like this may begin or announce a secret; most runs
/// need no closer look.
#[inline]
pub(crate) fn may_begin(bytes: &[u8], start: usize, length: usize, digits: usize) -> bool {
    let Some(first) = bytes.get(start) else { return false };
    let word = digits == 0
        && (2..=12).contains(&length)
        && (matches!(first | 0x20, b'a' | b'b' | b'g' | b'k' | b'p' | b'r' | b's' | b't' | b'x')
            || bytes.get(start + length) == Some(&b':'));
    word || length >= 10 && matches!(first, b'A' | b'L' | b'e')
}

/// Where a secret lies that the run at `start..end` begins or announces.
pub(crate) fn find(bytes: &[u8], start: usize, end: usize) -> Option<(usize, usize)> {
    let run = bytes.get(start..end)?;
    let next = bytes.get(end).copied().unwrap_or(0);
    match (run, next) {
        ([b'A', b'K' | b'S', b'I', b'A', ..], _) if run.len() == 20 => {
            let fits = run.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            return fits.then_some((start, end));
        }
        ([b'L', b'T', b'A', b'I', ..] | [b'A', b'K', b'I', b'D', ..], _)
            if (16..=40).contains(&run.len()) =>
        {
            let digits = run.iter().any(u8::is_ascii_digit);
            return digits.then_some((start, end));
        }
        ([b'A', b'I', b'z', b'a', ..], _) => return joined(bytes, start, start + 4, 35),
        (b"ghp" | b"gho" | b"ghs" | b"ghu" | b"ghr", b'_') => {
            return joined(bytes, start, end, 36);
        }
        (b"github", b'_') if bytes.get(end..end + 5) == Some(b"_pat_") => {
            return joined(bytes, start, end, 30);
        }
        (b"glpat", b'-') => return joined(bytes, start, end, 20),
        (b"sk" | b"pk" | b"rk", b'-' | b'_') => return joined(bytes, start, end, 20),
        (b"xoxb" | b"xoxp" | b"xoxa", b'-') => return joined(bytes, start, end, 20),
        ([b'e', b'y', b'J', ..], b'.') if run.len() >= 10 => {
            let to = token_end(bytes, end);
            let dots = bytes.get(start..to)?.iter().filter(|byte| **byte == b'.').count();
            return (dots == 2 && to - start >= 40).then_some((start, to));
        }
        (b"BEGIN", b' ') => return private_key(bytes, start, end),
        (b"Bearer" | b"bearer", b' ') => {
            let to = token_end(bytes, end + 1);
            return (to - end > 16).then_some((end + 1, to));
        }
        (_, b':') if bytes.get(end..end + 3) == Some(b"://") => return in_address(bytes, end + 3),
        _ => {}
    }
    announced(bytes, run, start, end)
}

/// A prefix and at least `least` characters behind it.
fn joined(bytes: &[u8], start: usize, end: usize, least: usize) -> Option<(usize, usize)> {
    let to = token_end(bytes, end);
    let body = bytes.get(end..to)?;
    let digits = body.iter().any(u8::is_ascii_digit);
    (to >= end + least && digits).then_some((start, to))
}

fn token_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let length = rest
        .iter()
        .take_while(|byte| is_alnum(**byte) || matches!(byte, b'-' | b'_' | b'.'))
        .count();
    // A full stop ends a sentence, not a token.
    let dots = rest.get(..length).unwrap_or_default().iter().rev();
    from + length - dots.take_while(|byte| **byte == b'.').count()
}

/// `-----BEGIN … PRIVATE KEY-----` up to its end, or to the end of the text.
fn private_key(bytes: &[u8], start: usize, end: usize) -> Option<(usize, usize)> {
    let line = bytes.get(end..(end + 40).min(bytes.len()))?;
    if !line.windows(16).any(|window| window == b"PRIVATE KEY-----") {
        return None;
    }
    let from = start - bytes.get(..start)?.iter().rev().take_while(|byte| **byte == b'-').count();
    let rest = bytes.get(end..)?;
    let close = rest.windows(9).position(|window| window == b"-----END ");
    let to = close.map_or(bytes.len(), |place| {
        let tail = bytes.get(end + place + 9..).unwrap_or_default();
        let marks = tail.windows(5).position(|window| window == b"-----");
        marks.map_or(bytes.len(), |marks| end + place + 9 + marks + 5)
    });
    Some((from, to))
}

/// The password of `scheme://user:password@host`.
fn in_address(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let rest = bytes.get(from..)?;
    let length = rest
        .iter()
        .take_while(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'@' | b'"' | b'\''))
        .count();
    if rest.get(length) != Some(&b'@') {
        return None;
    }
    let colon = rest.get(..length)?.iter().position(|byte| *byte == b':')?;
    (length > colon + 1).then_some((from + colon + 1, from + length))
}

/// `password=…`, `token: …`, `api_key=…`.
fn announced(bytes: &[u8], run: &[u8], start: usize, end: usize) -> Option<(usize, usize)> {
    let words: [&[u8]; 9] = [
        b"password",
        b"passwd",
        b"pwd",
        b"secret",
        b"token",
        b"apikey",
        b"secretkey",
        b"accesskey",
        b"passphrase",
    ];
    if !(3..=10).contains(&run.len()) {
        return None;
    }
    if run.eq_ignore_ascii_case(b"key") {
        let head = bytes.get(..start)?;
        let named = ["api_", "access_", "secret_", "private_", "api-", "secret-", "api "]
            .iter()
            .any(|word| {
                head.len() >= word.len()
                    && head
                        .get(head.len() - word.len()..)
                        .is_some_and(|tail| tail.eq_ignore_ascii_case(word.as_bytes()))
            });
        return if named { value_after(bytes, end) } else { None };
    }
    if !words.iter().any(|word| word.eq_ignore_ascii_case(run)) {
        return None;
    }
    value_after(bytes, end)
}

/// The value behind `=` or `:`; at least six characters without a blank.
fn value_after(bytes: &[u8], end: usize) -> Option<(usize, usize)> {
    let mut from = end;
    let mut marked = false;
    loop {
        let rest = bytes.get(from..)?;
        if rest.starts_with("：".as_bytes()) {
            marked = true;
            from += 3;
            continue;
        }
        match rest.first()? {
            b'=' | b':' => marked = true,
            b' ' | b'"' | b'\'' => {}
            _ => break,
        }
        from += 1;
    }
    let rest = bytes.get(from..)?;
    let length = rest
        .iter()
        .take_while(|byte| {
            byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b',' | b';' | b'&' | b'}')
        })
        .count();
    let value = rest.get(..length)?;
    // `token: unknown` announces nothing.
    let mixed = value.iter().any(|byte| !byte.is_ascii_alphabetic());
    (marked && length >= 6 && mixed).then_some((from, from + length))
}

/// Whether there is a word for a password among Chinese characters.
pub(crate) fn announces(run: Option<&[u8]>) -> bool {
    let Some(run) = run else { return false };
    WORDS.iter().any(|word| run.windows(word.len()).any(|window| window == word.as_bytes()))
}

const WORDS: [&str; 3] = ["密码", "口令", "密钥"];

/// `密码：…`, `口令是…`, which no run of letters announces.
pub(crate) fn find_chinese(text: &str) -> Option<(usize, usize)> {
    let (word, length) =
        WORDS.iter().find_map(|word| text.find(word).map(|place| (place, word.len())))?;
    let mut end = word + length;
    for joint in ["为", "是"] {
        if text.get(end..).is_some_and(|rest| rest.starts_with(joint)) {
            let from = end + joint.len();
            let rest = text.as_bytes().get(from..).unwrap_or_default();
            let length = rest.iter().take_while(|byte| byte.is_ascii_graphic()).count();
            return (length >= 6).then_some((from, from + length));
        }
    }
    while text.as_bytes().get(end) == Some(&b' ') {
        end += 1;
    }
    value_after(text.as_bytes(), end)
}
