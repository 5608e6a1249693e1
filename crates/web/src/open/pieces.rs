//! What a writer on a thread of its own hands over to the network, piece by piece.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use tokio_stream::wrappers::ReceiverStream;

/// Pieces that wait between the writer and the network.
pub(super) const QUEUE: usize = 8;
/// How long a reader may take nothing.
const STALL: Duration = Duration::from_secs(30);
/// Size of a piece.
const PIECE: usize = 128 * 1024;

/// Why a writer stopped.
pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Collects bytes into pieces for the network, of the part that was asked for.
pub(super) struct Pieces {
    sender: tokio::sync::mpsc::Sender<std::io::Result<Bytes>>,
    runtime: tokio::runtime::Handle,
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
    /// To be called and written to on a thread that may wait.
    pub(super) fn new(
        sender: tokio::sync::mpsc::Sender<std::io::Result<Bytes>>,
        skip: u64,
        left: Option<u64>,
    ) -> Self {
        let waiting = Vec::with_capacity(PIECE);
        Self {
            sender,
            runtime: tokio::runtime::Handle::current(),
            waiting,
            skip,
            left,
            enough: Arc::default(),
            handed: Arc::default(),
        }
    }

    fn hand_over(&mut self) -> std::io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.waiting, Vec::with_capacity(PIECE));
        self.handed.fetch_add(piece.len() as u64, Ordering::Relaxed);
        let sending = tokio::time::timeout(STALL, self.sender.send(Ok(piece.into())));
        match self.runtime.block_on(sending) {
            Ok(Ok(())) => Ok(()),
            // Who takes nothing for so long is gone, too: what it holds is needed by others.
            Ok(Err(_)) | Err(_) => Err(gone()),
        }
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

/// Whether a writer broke off; told at the end of the pieces, for which no reader has to
/// make room first.
#[derive(Clone, Debug, Default)]
pub(super) struct Broken(Arc<AtomicBool>);

impl Broken {
    /// The writer broke off. To be said before its last sender is dropped.
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// The pieces for the network. Where the writer broke off, they end with an error: the
/// reader sees a broken transfer, never one that looks whole.
pub(super) fn stream(
    receiver: tokio::sync::mpsc::Receiver<std::io::Result<Bytes>>,
    broken: Broken,
) -> impl Stream<Item = std::io::Result<Bytes>> {
    let end = stream::once(async move {
        let is_broken = broken.0.load(Ordering::Acquire);
        is_broken.then(|| Err(std::io::Error::other("broken off")))
    });
    ReceiverStream::new(receiver).chain(end.filter_map(std::future::ready))
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
