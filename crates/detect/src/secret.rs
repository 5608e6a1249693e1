//! Passwords, keys and tokens in text.

/// Where a secret lies that the run at `start..end` begins or announces.
pub(crate) fn find(bytes: &[u8], start: usize, end: usize) -> Option<(usize, usize)> {
    let run = bytes.get(start..end)?;
    let next = bytes.get(end).copied().unwrap_or(0);
    match (run, next) {
        ([b'A', b'K' | b'S', b'I', b'A', ..], _) if run.len() == 20 => {
            let fits = run.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            return fits.then_some((start, end));
        }
        ([b'L', b'T', b'A', b'I', ..], _) if (16..=30).contains(&run.len()) => {
            let digits = run.iter().any(u8::is_ascii_digit);
            return digits.then_some((start, end));
        }
        (b"ghp" | b"gho" | b"ghs" | b"ghu", b'_') => return joined(bytes, start, end, 36),
        (b"sk" | b"pk", b'-' | b'_') => return joined(bytes, start, end, 20),
        (b"xoxb" | b"xoxp" | b"xoxa", b'-') => return joined(bytes, start, end, 20),
        ([b'e', b'y', b'J', ..], b'.') if run.len() >= 10 => {
            let to = token_end(bytes, end);
            let dots = bytes.get(start..to)?.iter().filter(|byte| **byte == b'.').count();
            return (dots == 2 && to - start >= 40).then_some((start, to));
        }
        _ => {}
    }
    announced(bytes, run, end)
}

/// A prefix and at least `least` characters behind it.
fn joined(bytes: &[u8], start: usize, end: usize, least: usize) -> Option<(usize, usize)> {
    let to = token_end(bytes, end);
    let body = bytes.get(end..to)?;
    let digits = body.iter().any(u8::is_ascii_digit);
    (to >= end + least && digits).then_some((start, to))
}

fn token_end(bytes: &[u8], from: usize) -> usize {
    let length = bytes
        .iter()
        .skip(from)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        .count();
    from + length
}

/// `password=…`, `token: …`.
fn announced(bytes: &[u8], run: &[u8], end: usize) -> Option<(usize, usize)> {
    let words: [&[u8]; 8] = [
        b"password",
        b"passwd",
        b"pwd",
        b"secret",
        b"token",
        b"apikey",
        b"secretkey",
        b"accesskey",
    ];
    if !(3..=9).contains(&run.len()) || !words.iter().any(|word| word.eq_ignore_ascii_case(run)) {
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
    let length = bytes
        .iter()
        .skip(from)
        .take_while(|byte| byte.is_ascii_graphic() && **byte != b'"')
        .count();
    let value = bytes.get(from..from + length)?;
    // `token: unknown` announces nothing.
    let mixed = value.iter().any(|byte| !byte.is_ascii_alphabetic());
    (marked && length >= 6 && mixed).then_some((from, from + length))
}

/// `密码：…`, `口令是…`, which no run of letters announces.
pub(crate) fn find_chinese(text: &str) -> Option<(usize, usize)> {
    let (word, length) = ["密码", "口令"]
        .iter()
        .find_map(|word| text.find(word).map(|place| (place, word.len())))?;
    let mut end = word + length;
    for joint in ["为", "是"] {
        if text.get(end..).is_some_and(|rest| rest.starts_with(joint)) {
            let from = end + joint.len();
            let bytes = text.as_bytes();
            let length = bytes.iter().skip(from).take_while(|byte| byte.is_ascii_graphic()).count();
            return (length >= 6).then_some((from, from + length));
        }
    }
    while text.as_bytes().get(end) == Some(&b' ') {
        end += 1;
    }
    value_after(text.as_bytes(), end)
}
