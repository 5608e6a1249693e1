//! One after another: what touches the same thing waits for its turn.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

/// Locks by name; a name takes no room while nobody holds or waits for it.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    locks: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>,
}

impl Turns {
    /// Waits until nobody else works on `name`; the turn ends when the guard is dropped.
    pub async fn wait(&self, name: impl ToString) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(locks.entry(name.to_string()).or_default())
        };
        lock.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::Turns;

    #[tokio::test]
    async fn the_second_waits_for_the_first_and_another_name_does_not() {
        let turns = Turns::default();
        let first = turns.wait("a").await;
        let other = turns.wait("b").await;
        let waiting = tokio::spawn({
            let turns = turns.clone();
            async move { drop(turns.wait("a").await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop((first, other));
        waiting.await.unwrap();
        drop(turns.wait("c").await);
        assert!(turns.locks.lock().unwrap().len() <= 1);
    }
}
