//! What a writer on a thread of its own hands over to the network, piece by piece.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;

/// Pieces that wait between the writer and the network.
pub(super) const QUEUE: usize = 8;
/// Size of a piece.
const PIECE: usize = 128 * 1024;

/// Why a writer stopped.
pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Collects bytes into pieces for the network, of the part that was asked for.
pub(super) struct Pieces {
    sender: tokio::sync::mpsc::Sender<std::io::Result<Bytes>>,
    waiting: Vec<u8>,
    /// Bytes before the part.
    skip: u64,
    /// Bytes of the part that are still to come; `None` where nobody counted them.
    left: Option<u64>,
    /// Set once the part is whole: what would follow need not be made.
    pub(super) enough: Arc<AtomicBool>,
    /// Bytes that were handed over.
    pub(super) handed: Arc<AtomicU64>,
}

impl Pieces {
    pub(super) fn new(
        sender: tokio::sync::mpsc::Sender<std::io::Result<Bytes>>,
        skip: u64,
        left: Option<u64>,
    ) -> Self {
        let waiting = Vec::with_capacity(PIECE);
        Self { sender, waiting, skip, left, enough: Arc::default(), handed: Arc::default() }
    }

    fn hand_over(&mut self) -> std::io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.waiting, Vec::with_capacity(PIECE));
        self.handed.fetch_add(piece.len() as u64, Ordering::Relaxed);
        self.sender.blocking_send(Ok(piece.into())).map_err(|_| gone())
    }

    /// Hands over what is left.
    pub(super) fn end(mut self) -> Result<(), Failure> {
        Ok(self.hand_over()?)
    }

    /// Takes what belongs to the part.
    fn take(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if self.skip > 0 && self.sender.is_closed() {
            return Err(gone());
        }
        let before = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
        self.skip -= before as u64;
        let part = bytes.get(before..).unwrap_or_default();
        let Some(left) = &mut self.left else {
            self.waiting.extend_from_slice(part);
            return Ok(());
        };
        let kept = usize::try_from(*left).unwrap_or(usize::MAX).min(part.len());
        *left -= kept as u64;
        let is_whole = *left == 0;
        self.waiting.extend_from_slice(part.get(..kept).unwrap_or_default());
        if is_whole && kept < part.len() {
            self.hand_over()?;
            self.enough.store(true, Ordering::Relaxed);
            return Err(std::io::Error::other("the part is whole"));
        }
        Ok(())
    }
}

fn gone() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::BrokenPipe, "the reader is gone")
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.take(bytes)?;
        if self.waiting.len() >= PIECE {
            self.hand_over()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
