//! The queue for the threads that hash passwords. Its length is a time: only work that ends within [`LONGEST_WAIT`] may
//! wait. Networks take turns, one hash each, so that the flood of one network fills its own lane and delays no other.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ipnet::IpNet;
use tokio::sync::oneshot;

/// The longest time that the work before a newcomer may take.
pub const LONGEST_WAIT: Duration = Duration::from_secs(3);
/// The most places, however cheap a hash is: each holds a request in memory.
const MOST_PLACES: usize = 4096;
/// Weight of the newest hash in the moving average: one in eight.
const WEIGHT: u32 = 8;

/// The network that a password came from; none for commands and clients whose address is unknown.
pub type Lane = Option<IpNet>;

/// Refusal of a newcomer, or of one that had to make room for another network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// The time in which the present queue is worked off.
    pub wait: Duration,
}

/// The queue and the number of its workers.
pub struct Queue {
    state: Mutex<State>,
    workers: usize,
}

struct State {
    /// Workers with a turn.
    busy: usize,
    lanes: HashMap<Lane, VecDeque<Waiter>>,
    /// Lanes in which passwords wait, the next one first.
    turns: VecDeque<Lane>,
    waiting: usize,
    last_id: u64,
    /// Moving average of what one hash takes.
    hash: Duration,
}

struct Waiter {
    id: u64,
    sender: oneshot::Sender<Turn>,
}

/// The right to occupy one worker until it is dropped.
pub struct Turn {
    queue: Option<Arc<Queue>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            queue.hand_on();
        }
    }
}

/// A place in the queue. Dropping it gives the place up.
pub struct Place {
    queue: Arc<Queue>,
    lane: Lane,
    id: u64,
    receiver: oneshot::Receiver<Turn>,
}

impl Place {
    /// Waits for the turn.
    ///
    /// # Errors
    /// [`Full`] where the place was taken away for another network, or [`LONGEST_WAIT`] has passed twice.
    pub async fn turn(mut self) -> Result<Turn, Full> {
        // The average may be wrong by some: who has waited for long should not go away with nothing for that.
        let turn = tokio::time::timeout(LONGEST_WAIT * 2, &mut self.receiver).await;
        turn.ok().and_then(Result::ok).ok_or_else(|| self.queue.full())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.queue.lock().remove(self.lane, self.id);
    }
}

/// The outcome of entering the queue.
pub enum Entered {
    /// A worker is free.
    Turn(Turn),
    /// All are busy.
    Place(Place),
}

impl Queue {
    /// A queue for `workers` threads; `hash` is the first estimate of what a hash takes.
    pub fn new(workers: usize, hash: Duration) -> Arc<Self> {
        let state = State { busy: 0, lanes: HashMap::new(), turns: VecDeque::new(), waiting: 0, last_id: 0, hash };
        Arc::new(Self { state: Mutex::new(state), workers: workers.max(1) })
    }

    /// Takes a turn or a place. Where all places are taken, the newest one of the longest lane makes room for a lane
    /// that is shorter by more than one.
    ///
    /// # Errors
    /// [`Full`] where there is no place.
    pub fn enter(self: &Arc<Self>, lane: Lane) -> Result<Entered, Full> {
        let mut state = self.lock();
        if state.busy < self.workers {
            state.busy += 1;
            return Ok(Entered::Turn(Turn { queue: Some(self.clone()) }));
        }
        if state.waiting >= state.places(self.workers) && !state.make_room(lane) {
            return Err(Full { wait: state.backlog(self.workers) });
        }
        let (id, receiver) = state.push(lane);
        Ok(Entered::Place(Place { queue: self.clone(), lane, id, receiver }))
    }

    /// Takes the time of a hash into the average.
    pub fn note(&self, took: Duration) {
        let mut state = self.lock();
        state.hash = (state.hash * (WEIGHT - 1) + took) / WEIGHT;
    }

    /// Whether there is a place for a newcomer.
    pub fn has_room(&self) -> bool {
        let state = self.lock();
        state.waiting < state.places(self.workers)
    }

    fn full(&self) -> Full {
        Full { wait: self.lock().backlog(self.workers) }
    }

    /// Gives the turn of a worker to the next in line.
    fn hand_on(self: &Arc<Self>) {
        loop {
            let mut state = self.lock();
            let Some(waiter) = state.next() else {
                state.busy = state.busy.saturating_sub(1);
                return;
            };
            drop(state);
            match waiter.sender.send(Turn { queue: Some(self.clone()) }) {
                Ok(()) => return,
                // The one that waited has gone; its turn must not be handed on twice.
                Err(mut turn) => turn.queue = None,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How many hashes the workers compute within [`LONGEST_WAIT`].
    fn places(&self, workers: usize) -> usize {
        let each = LONGEST_WAIT.as_micros() / self.hash.as_micros().max(1);
        let each = usize::try_from(each).unwrap_or(MOST_PLACES);
        each.saturating_mul(workers).clamp(workers, MOST_PLACES)
    }

    fn backlog(&self, workers: usize) -> Duration {
        let waiting = u32::try_from(self.waiting).unwrap_or(u32::MAX);
        let workers = u32::try_from(workers).unwrap_or(u32::MAX).max(1);
        self.hash.saturating_mul(waiting) / workers
    }

    fn push(&mut self, lane: Lane) -> (u64, oneshot::Receiver<Turn>) {
        let (sender, receiver) = oneshot::channel();
        self.last_id += 1;
        let waiters = self.lanes.entry(lane).or_default();
        if waiters.is_empty() {
            self.turns.push_back(lane);
        }
        waiters.push_back(Waiter { id: self.last_id, sender });
        self.waiting += 1;
        (self.last_id, receiver)
    }

    fn next(&mut self) -> Option<Waiter> {
        let lane = self.turns.pop_front()?;
        let waiters = self.lanes.get_mut(&lane)?;
        let waiter = waiters.pop_front();
        match waiters.is_empty() {
            true => drop(self.lanes.remove(&lane)),
            false => self.turns.push_back(lane),
        }
        self.waiting -= usize::from(waiter.is_some());
        waiter
    }

    fn make_room(&mut self, lane: Lane) -> bool {
        let own = self.lanes.get(&lane).map_or(0, VecDeque::len);
        let Some((longest, waiters)) = self.lanes.iter().max_by_key(|(_, waiters)| waiters.len()) else {
            return false;
        };
        let newest = waiters.back().map(|waiter| waiter.id);
        let longest = *longest;
        let Some(newest) = newest.filter(|_| waiters.len() > own + 1) else { return false };
        self.remove(longest, newest);
        true
    }

    /// Removes a waiter, if it is still there. Its sender is dropped, by which it learns.
    fn remove(&mut self, lane: Lane, id: u64) {
        let Some(waiters) = self.lanes.get_mut(&lane) else { return };
        let Some(at) = waiters.iter().rposition(|waiter| waiter.id == id) else { return };
        waiters.remove(at);
        self.waiting -= 1;
        if waiters.is_empty() {
            self.lanes.remove(&lane);
            self.turns.retain(|other| *other != lane);
        }
    }
}

#[cfg(test)]
mod tests;
