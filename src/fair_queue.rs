//! Queues for threads that do expensive work for strangers, such as hashing passwords and using private keys. A queue
//! is bounded by time: only work that can finish within the bound may wait. Networks take turns with one piece of work
//! each, so that a flood from one network fills its own lane and delays no other.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ipnet::IpNet;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The maximum number of places, however cheap the work is, since each holds a request in memory.
const MOST_PLACES: usize = 4096;
/// The moving average weighs the newest duration by one in eight.
const WEIGHT: u32 = 8;

/// The network that work came from; `None` for commands and clients with an unknown address.
pub type Lane = Option<IpNet>;

/// The refusal of a newcomer, or of a waiter that had to make room for another network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// The time until the current queue is done.
    pub wait: Duration,
}

/// A queue and the number of its workers.
pub struct Queue {
    state: Mutex<State>,
    workers: usize,
    longest: Duration,
}

struct State {
    /// Workers with a turn.
    busy: usize,
    lanes: HashMap<Lane, VecDeque<Waiter>>,
    /// Lanes with waiting work, next one first.
    turns: VecDeque<Lane>,
    waiting: usize,
    last_id: u64,
    /// The moving average of the duration of one piece of work.
    average: Duration,
}

struct Waiter {
    id: u64,
    sender: oneshot::Sender<Turn>,
}

/// The right to occupy one worker until it is dropped.
pub struct Turn {
    queue: Option<Arc<Queue>>,
}

impl Turn {
    /// Runs the work on a thread that may block. It continues, and occupies its worker, even if the caller is dropped.
    pub fn spend<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        tokio::task::spawn_blocking(move || {
            let started = Instant::now();
            let done = work();
            if let Some(queue) = &self.queue {
                queue.note(started.elapsed());
            }
            done
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            queue.hand_on();
        }
    }
}

/// A place in the queue. Dropping it gives up the place.
struct Place {
    queue: Arc<Queue>,
    lane: Lane,
    id: u64,
    receiver: oneshot::Receiver<Turn>,
}

impl Place {
    /// Waits for the turn. [`Full`] means that another network got the place, or that twice the longest wait has
    /// passed.
    async fn turn(mut self) -> Result<Turn, Full> {
        // The average is an estimate, so a caller gets twice the longest wait before it is refused.
        let turn = tokio::time::timeout(self.queue.longest * 2, &mut self.receiver).await;
        turn.ok().and_then(Result::ok).ok_or_else(|| self.queue.full())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.queue.lock().remove(self.lane, self.id);
    }
}

/// The outcome of entering the queue.
enum Entered {
    Turn(Turn),
    Place(Place),
}

impl Queue {
    /// Creates a queue for `workers` threads in which a newcomer waits at most `longest`; `estimate` is the initial
    /// average duration of one piece of work.
    pub fn new(workers: usize, longest: Duration, estimate: Duration) -> Arc<Self> {
        let lanes = HashMap::new();
        let turns = VecDeque::new();
        let state = State { busy: 0, lanes, turns, waiting: 0, last_id: 0, average: estimate };
        Arc::new(Self { state: Mutex::new(state), workers: workers.max(1), longest })
    }

    /// Waits for a turn. [`Full`] means that there is no place, or that another network got it.
    pub async fn turn(self: &Arc<Self>, lane: Lane) -> Result<Turn, Full> {
        match self.enter(lane)? {
            Entered::Turn(turn) => Ok(turn),
            Entered::Place(place) => place.turn().await,
        }
    }

    /// Takes a turn or a place. If all places are taken, the newest waiter of the longest lane is evicted for a lane
    /// that is shorter by more than one.
    fn enter(self: &Arc<Self>, lane: Lane) -> Result<Entered, Full> {
        let mut state = self.lock();
        if state.busy < self.workers {
            state.busy += 1;
            return Ok(Entered::Turn(Turn { queue: Some(self.clone()) }));
        }
        if state.waiting >= self.places(&state) && !state.make_room(lane) {
            return Err(Full { wait: state.backlog(self.workers) });
        }
        let (id, receiver) = state.push(lane);
        Ok(Entered::Place(Place { queue: self.clone(), lane, id, receiver }))
    }

    /// Adds a duration to the average.
    fn note(&self, took: Duration) {
        let mut state = self.lock();
        state.average = (state.average * (WEIGHT - 1) + took) / WEIGHT;
    }

    pub fn has_room(&self) -> bool {
        let state = self.lock();
        state.waiting < self.places(&state)
    }

    /// Returns the number of pieces of work that the workers can do within the longest wait.
    fn places(&self, state: &State) -> usize {
        let each = self.longest.as_micros() / state.average.as_micros().max(1);
        let each = usize::try_from(each).unwrap_or(MOST_PLACES);
        each.saturating_mul(self.workers).clamp(self.workers, MOST_PLACES)
    }

    fn full(&self) -> Full {
        Full { wait: self.lock().backlog(self.workers) }
    }

    /// Gives the turn of a worker to the next waiter.
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
                // The waiter has gone; its turn must not be handed on twice.
                Err(mut turn) => turn.queue = None,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn backlog(&self, workers: usize) -> Duration {
        let waiting = u32::try_from(self.waiting).unwrap_or(u32::MAX);
        let workers = u32::try_from(workers).unwrap_or(u32::MAX).max(1);
        self.average.saturating_mul(waiting) / workers
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
        if waiters.is_empty() {
            self.lanes.remove(&lane);
        } else {
            self.turns.push_back(lane);
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

    /// Removes a waiter if it is still there. Dropping its sender wakes it.
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
