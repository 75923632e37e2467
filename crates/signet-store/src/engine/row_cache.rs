//! A cache of rows by key, filled on demand. Bounded in bytes, since strangers choose the size of some rows.

use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::StoreError;

/// An LRU cache of rows.
pub(crate) struct RowCache<K, V> {
    rows: Cache<K, V>,
    /// The number of invalidations so far.
    invalidations: AtomicU64,
}

impl<K, V> RowCache<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// An empty cache of at most `bytes` bytes, as `weigh` counts them. LRU rather than LFU: the row of a person who
    /// signs in is read a few times within seconds, and then not for days.
    pub(crate) fn new(bytes: u64, weigh: fn(&V) -> usize) -> Self {
        let weigher = move |_: &K, row: &V| u32::try_from(weigh(row)).unwrap_or(u32::MAX);
        let builder = Cache::builder().max_capacity(bytes).weigher(weigher);
        Self { rows: builder.eviction_policy(EvictionPolicy::lru()).build(), invalidations: AtomicU64::new(0) }
    }

    /// Returns the row with this key, from the cache or by `read`. Absence is not cached. A row that is invalidated
    /// while `read` runs is returned but not cached, since it may be outdated.
    pub(crate) async fn get<F>(&self, key: K, read: impl FnOnce(K) -> F) -> Result<Option<V>, StoreError>
    where
        F: Future<Output = Result<Option<V>, StoreError>>,
    {
        if let Some(cached) = self.rows.get(&key) {
            return Ok(Some(cached));
        }
        let before = self.invalidations.load(Ordering::Acquire);
        // Boxed: a cache miss is rare, and its future would make that of every request larger.
        let row = Box::pin(read(key.clone())).await?;
        if let Some(row) = &row {
            self.rows.insert(key.clone(), row.clone());
            if self.invalidations.load(Ordering::Acquire) != before {
                self.rows.invalidate(&key);
            }
        }
        Ok(row)
    }

    /// Returns the row if it is cached.
    pub(crate) fn peek(&self, key: &K) -> Option<V> {
        self.rows.get(key)
    }

    pub(crate) fn invalidate(&self, key: &K) {
        self.invalidations.fetch_add(1, Ordering::AcqRel);
        self.rows.invalidate(key);
    }

    pub(crate) fn invalidate_all(&self) {
        self.invalidations.fetch_add(1, Ordering::AcqRel);
        self.rows.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The row under key 1; a miss reads 0.
    async fn ask(cache: &RowCache<u8, u8>) -> Option<u8> {
        cache.get(1, |_| async { Ok(Some(0)) }).await.unwrap()
    }

    #[tokio::test]
    async fn a_row_is_read_once_and_again_after_its_invalidation() {
        let cache = RowCache::new(10, |_| 1);
        let reads = AtomicU64::new(0);
        let read = |_| async { Ok(Some(reads.fetch_add(1, Ordering::Relaxed))) };
        assert_eq!(cache.get(1, read).await.unwrap(), Some(0));
        assert_eq!(cache.get(1, read).await.unwrap(), Some(0));
        cache.invalidate(&1);
        assert_eq!(cache.get(1, read).await.unwrap(), Some(1));
        cache.invalidate_all();
        assert_eq!(cache.get(1, read).await.unwrap(), Some(2));
    }

    #[tokio::test]
    async fn large_rows_leave_room_for_fewer() {
        let cache = RowCache::new(1_000, |size: &usize| *size);
        for key in 0..200_u64 {
            cache.get(key, |_| async { Ok(Some(100_usize)) }).await.unwrap();
            cache.rows.run_pending_tasks();
            assert!(cache.rows.weighted_size() <= 1_000, "{key}");
        }
        assert_eq!(cache.rows.entry_count(), 10);
    }

    #[tokio::test]
    async fn a_new_row_is_cached_although_others_were_read_more_often() {
        let cache = RowCache::new(10, |_| 1);
        let reads = AtomicU64::new(0);
        for person in 0..30_u64 {
            for _ in 0..20 {
                cache.get(person, |_| async { Ok(Some(reads.fetch_add(1, Ordering::Relaxed))) }).await.unwrap();
                cache.rows.run_pending_tasks();
            }
            assert_eq!(reads.load(Ordering::Relaxed), person + 1, "read once, the first time");
        }
        assert_eq!(cache.rows.entry_count(), 10);
    }

    #[tokio::test]
    async fn absence_is_not_cached() {
        let cache = RowCache::<u8, u8>::new(10, |_| 1);
        assert_eq!(cache.get(1, |_| async { Ok(None) }).await.unwrap(), None);
        assert_eq!(ask(&cache).await, Some(0));
    }

    #[tokio::test]
    async fn a_row_invalidated_while_it_is_read_is_not_cached() {
        let rows: [(&str, fn(&RowCache<u8, u8>)); 2] =
            [("it", |cache| cache.invalidate(&1)), ("everything", |cache| cache.invalidate_all())];
        for (what, invalidate) in rows {
            let cache = RowCache::new(10, |_| 1);
            let late = cache.get(1, |_| async {
                invalidate(&cache);
                Ok(Some(7))
            });
            assert_eq!(late.await.unwrap(), Some(7), "{what}");
            assert_eq!(ask(&cache).await, Some(0), "{what} was put back");
        }
    }
}
