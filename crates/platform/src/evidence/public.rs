//! The log as everyone may see it, and the checking of receipts and certificates.
//!
//! All of it is read through the log's public form (checkpoint, entry bundles,
//! proofs), so this shows nothing that a stranger could not fetch.

use jiff::Timestamp;
use trust::audit::{self, Leaf};
use trust::log::{Checkpoint, InclusionProof, LogError, Receipt, TilePath, checkpoint};
use trust::verify::{VerifyError, verify_certificate, verify_receipt};
use vocabulary::{AssetId, Bilingual, EntryId, ReleaseId};

use crate::gate::release;
use crate::registry::{self, Asset, AssetState};
use crate::{Error, Platform};

/// Entries of a bundle.
const BUNDLE: u64 = 256;

/// The log as it is now.
#[derive(Clone, Debug)]
pub struct LogState {
    /// Its name, as in the checkpoint.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// Root hash, base64.
    pub root: String,
    /// When the newest entry was logged; `None` for an empty log.
    pub sealed_at: Option<Timestamp>,
    /// The signed checkpoint.
    pub checkpoint: String,
}

/// A sealed entry in a list: what its leaf says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEntry {
    /// The entry.
    pub id: EntryId,
    /// Its place in the log, from 0.
    pub index: u64,
    /// What kind of act.
    pub kind: String,
    /// When.
    pub at: Timestamp,
}

/// One entry, for anyone: what its leaf says, and the asset if that is published.
#[derive(Clone, Debug)]
pub struct EntryFacts {
    /// The entry.
    pub id: EntryId,
    /// Its place in the log; `None` until it is sealed.
    pub index: Option<u64>,
    /// What kind of act.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// SM3 commitment, hexadecimal; empty until it is sealed.
    pub sm3: String,
    /// SHA-256 commitment, hexadecimal; empty until it is sealed.
    pub sha256: String,
    /// The asset that it is about, if that is published.
    pub asset: Option<Asset>,
    /// The entry before it in the log.
    pub previous: Option<EntryId>,
    /// The entry behind it.
    pub next: Option<EntryId>,
    /// Proof that it is in the log; `None` until it is sealed.
    pub proof: Option<Proof>,
}

/// A proof of inclusion against the newest checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Entries of the log.
    pub size: u64,
    /// Root hash, base64.
    pub root: String,
    /// Hashes from the leaf upwards, base64.
    pub hashes: Vec<String>,
}

/// What the check of a receipt or certificate found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Whether everything holds.
    pub ok: bool,
    /// In a sentence.
    pub text: Bilingual,
    /// What was checked.
    pub checks: Vec<Check>,
    /// The entry that it is about, with its place.
    pub entry: Option<(EntryId, u64)>,
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What.
    pub text: Bilingual,
    /// Whether it holds.
    pub ok: bool,
}

/// The log as it is now.
///
/// # Errors
///
/// [`Error::Evidence`] if it cannot be read.
pub async fn state(platform: &Platform) -> Result<LogState, Error> {
    let (note, newest) = newest_checkpoint(platform).await?;
    let last = match newest.size.checked_sub(1) {
        Some(last) => entry_at(platform, last, newest.size).await?,
        None => None,
    };
    Ok(LogState {
        origin: newest.origin,
        size: newest.size,
        root: newest.root.to_string(),
        sealed_at: last.map(|entry| entry.at),
        checkpoint: note,
    })
}

/// The newest sealed entries, newest first.
///
/// # Errors
///
/// As [`state`].
pub async fn latest(platform: &Platform, limit: u64) -> Result<Vec<SealedEntry>, Error> {
    let (_, newest) = newest_checkpoint(platform).await?;
    let first = newest.size.saturating_sub(limit.min(BUNDLE));
    let mut entries = Vec::new();
    for number in first / BUNDLE..newest.size.div_ceil(BUNDLE) {
        entries.extend(bundle(platform, number, newest.size).await?);
    }
    entries.retain(|entry| entry.index >= first);
    entries.reverse();
    Ok(entries)
}

/// The place of an entry in the log; `None` until it is sealed.
///
/// # Errors
///
/// [`Error::Evidence`] if the log cannot be read, also if there is no such entry.
pub async fn index(platform: &Platform, id: EntryId) -> Result<Option<u64>, Error> {
    match platform.log.receipt(id).await {
        Ok(receipt) => Ok(Some(receipt.index)),
        Err(LogError::NotSealed | LogError::NotFound) => Ok(None),
        Err(error) => Err(Error::evidence(error)),
    }
}

/// One entry, as far as anyone may know of it.
///
/// # Errors
///
/// [`Error::NotFound`] if there is none.
pub async fn entry(platform: &Platform, id: EntryId) -> Result<EntryFacts, Error> {
    let mut reader = platform.store.read().await?;
    let missing = || Error::NotFound { what: "entry", id: id.to_string() };
    let record = audit::find(&mut reader, id).await?.ok_or_else(missing)?;
    let about = record.subject.strip_prefix("asset:").and_then(|id| id.parse::<AssetId>().ok());
    let asset = match about {
        Some(about) => registry::load_many(&mut reader, &[about]).await?.pop(),
        None => None,
    };
    drop(reader);
    let mut facts = EntryFacts {
        id,
        index: None,
        kind: record.kind,
        at: record.at,
        sm3: String::new(),
        sha256: String::new(),
        asset: asset.filter(|asset| asset.state == AssetState::Published),
        previous: None,
        next: None,
        proof: None,
    };
    let receipt = match platform.log.receipt(id).await {
        Ok(receipt) => receipt,
        Err(LogError::NotSealed | LogError::NotFound) => return Ok(facts),
        Err(error) => return Err(Error::evidence(error)),
    };
    let leaf: Leaf = crate::from_json("log entry", &receipt.entry)?;
    let proof = proof(platform, &receipt)?;
    if let Some(before) = receipt.index.checked_sub(1) {
        facts.previous = entry_at(platform, before, proof.size).await?.map(|entry| entry.id);
    }
    let behind = entry_at(platform, receipt.index.saturating_add(1), proof.size).await?;
    facts.next = behind.map(|entry| entry.id);
    facts.index = Some(receipt.index);
    facts.sm3 = leaf.sm3;
    facts.sha256 = leaf.sha256;
    facts.proof = Some(proof);
    Ok(facts)
}

/// Checks a receipt (JSON) or a certificate (compact JWS) against our log and keys.
///
/// # Errors
///
/// [`Error::Invalid`] if the text is neither.
pub async fn check(platform: &Platform, text: &str) -> Result<Checked, Error> {
    let text = text.trim();
    if let Ok(receipt) = serde_json::from_str::<Receipt>(text) {
        return check_receipt(platform, &receipt).await;
    }
    if text.split('.').count() == 3 && !text.contains(char::is_whitespace) {
        return check_certificate(platform, text).await;
    }
    Err(Error::invalid(
        "receipt",
        "这不是回执（JSON）也不是证书（三段以点相连的文本）。请原样粘贴下载到的内容。",
        "This is neither a receipt (JSON) nor a certificate (three parts joined by dots). Paste what you downloaded, as it is.",
    ))
}

async fn check_receipt(platform: &Platform, receipt: &Receipt) -> Result<Checked, Error> {
    let signature = Bilingual::new("检查点的签名", "signature of the checkpoint");
    let inside = Bilingual::new(
        "包含在日志中，内容与摘要一致",
        "in the log, and the content fits its digest",
    );
    let known = Bilingual::new("日志现在仍有这一条", "the log still has this entry");
    let (leaf, signed, holds) = match verify_receipt(receipt, platform.keyring.vkey()) {
        Ok(verified) => (Some(verified.leaf), true, true),
        Err(VerifyError::Checkpoint(_)) => (None, false, false),
        Err(_) => (None, true, false),
    };
    let mut entry = None;
    if let Some(leaf) = &leaf {
        let ours = platform.log.receipt(leaf.id).await;
        entry =
            ours.ok().filter(|ours| ours.entry == receipt.entry).map(|ours| (leaf.id, ours.index));
    }
    let checks = vec![
        Check { text: signature, ok: signed },
        Check { text: inside, ok: holds },
        Check { text: known, ok: entry.is_some() },
    ];
    let ok = checks.iter().all(|check| check.ok);
    let text = if ok {
        Bilingual::new(
            "这一行为确实记录在日志中，内容没有被改动。",
            "This act is in the log, and its record was not changed.",
        )
    } else if !signed {
        Bilingual::new("检查点不是本站签名的。", "The checkpoint was not signed by this site.")
    } else {
        Bilingual::new(
            "回执与日志不符，内容可能被改动过。",
            "The receipt does not fit the log; it may have been changed.",
        )
    };
    Ok(Checked { ok, text, checks, entry })
}

async fn check_certificate(platform: &Platform, jws: &str) -> Result<Checked, Error> {
    let statement = verify_certificate(jws, &platform.keyring.jwks()).ok();
    let named = statement.as_ref().and_then(|statement| statement.get("release")?.as_str());
    let release = match named.and_then(|id| id.parse::<ReleaseId>().ok()) {
        Some(id) => {
            let anyone = trust::Caller::anonymous(platform.clock.now());
            release::certified(&anyone, platform, id).await.ok()
        }
        None => None,
    };
    let same = release.filter(|release| release.certificate == jws);
    let entry = match &same {
        Some(release) => {
            index(platform, release.entry_id).await?.map(|place| (release.entry_id, place))
        }
        None => None,
    };
    let checks = vec![
        Check {
            text: Bilingual::new("证书的签名", "signature of the certificate"),
            ok: statement.is_some(),
        },
        Check {
            text: Bilingual::new("与放行时签发的一致", "the one that was issued with the release"),
            ok: same.is_some(),
        },
        Check {
            text: Bilingual::new("签发记录在日志中", "its issue is in the log"),
            ok: entry.is_some(),
        },
    ];
    let ok = checks.iter().all(|check| check.ok);
    let text = if ok {
        Bilingual::new(
            "证书由本站签发，并记录在日志中。",
            "The certificate was issued here, and its issue is in the log.",
        )
    } else if statement.is_none() {
        Bilingual::new(
            "签名与证书内容不符，或者不是本站签发的。",
            "The signature does not fit the certificate, or it was not issued here.",
        )
    } else {
        Bilingual::new(
            "签名有效，但公开的放行中没有这一份，可能已暂停。",
            "The signature is valid, but no public release has it; it may be suspended.",
        )
    };
    Ok(Checked { ok, text, checks, entry })
}

async fn newest_checkpoint(platform: &Platform) -> Result<(String, Checkpoint), Error> {
    let note = platform.log.checkpoint().await.map_err(Error::evidence)?;
    let newest = checkpoint::open(&note, platform.keyring.vkey()).map_err(Error::evidence)?;
    Ok((String::from_utf8_lossy(&note).into_owned(), newest))
}

fn proof(platform: &Platform, receipt: &Receipt) -> Result<Proof, Error> {
    let newest = checkpoint::open(receipt.checkpoint.as_bytes(), platform.keyring.vkey());
    let newest = newest.map_err(Error::evidence)?;
    let proof: InclusionProof = receipt.proof.parse().map_err(Error::evidence)?;
    Ok(Proof {
        size: newest.size,
        root: newest.root.to_string(),
        hashes: proof.hashes.iter().map(ToString::to_string).collect(),
    })
}

/// The entry at a place of a log of `size` entries.
async fn entry_at(
    platform: &Platform,
    place: u64,
    size: u64,
) -> Result<Option<SealedEntry>, Error> {
    if place >= size {
        return Ok(None);
    }
    let entries = bundle(platform, place / BUNDLE, size).await?;
    Ok(entries.into_iter().find(|entry| entry.index == place))
}

/// The entries of a bundle of a log of `size` entries.
async fn bundle(platform: &Platform, number: u64, size: u64) -> Result<Vec<SealedEntry>, Error> {
    let first = number.saturating_mul(BUNDLE);
    let width = usize::try_from(size.saturating_sub(first).min(BUNDLE)).unwrap_or(0);
    if width == 0 {
        return Ok(Vec::new());
    }
    let path = TilePath { level: None, number, width }.to_string();
    let bytes = platform.log.tile(&path).await.map_err(Error::evidence)?.unwrap_or_default();
    let mut rest = bytes.as_slice();
    let mut entries = Vec::with_capacity(width);
    // Each entry stands behind its length in two bytes.
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        let Some((leaf, tail)) = tail.split_at_checked(usize::from(u16::from_be_bytes(*length)))
        else {
            break;
        };
        let index = first.saturating_add(u64::try_from(entries.len()).unwrap_or(0));
        let leaf: Leaf = serde_json::from_slice(leaf)
            .map_err(|source| Error::Damaged { what: "log entry", source })?;
        let at = leaf.at.parse().map_err(Error::evidence)?;
        entries.push(SealedEntry { id: leaf.id, index, kind: leaf.kind, at });
        rest = tail;
    }
    Ok(entries)
}
