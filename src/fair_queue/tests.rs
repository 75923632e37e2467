use futures_util::FutureExt as _;

use super::*;

const LONGEST: Duration = Duration::from_secs(3);

fn lane(name: u8) -> Lane {
    Some(IpNet::new([192, 0, name, 0].into(), 24).unwrap())
}

/// A queue with one worker, whose turn is taken, and room for `places` more.
fn busy(places: u32) -> (Arc<Queue>, Turn) {
    let queue = Queue::new(1, LONGEST, LONGEST / places);
    let turn = take(&queue, lane(0));
    (queue, turn)
}

fn take(queue: &Arc<Queue>, lane: Lane) -> Turn {
    match queue.enter(lane) {
        Ok(Entered::Turn(turn)) => turn,
        Ok(Entered::Place(_)) => panic!("all workers are busy"),
        Err(full) => panic!("{full:?}"),
    }
}

fn wait(queue: &Arc<Queue>, lane: Lane) -> Result<Place, Full> {
    match queue.enter(lane)? {
        Entered::Turn(_) => panic!("a worker was free"),
        Entered::Place(place) => Ok(place),
    }
}

/// Polls everything that waits once, and returns the one that has got its turn.
fn served(waiting: &mut Vec<(&'static str, Place)>) -> Option<(&'static str, Turn)> {
    let at = waiting.iter_mut().position(|(_, place)| !place.receiver.is_empty())?;
    let (name, place) = waiting.remove(at);
    let turn = place.turn().now_or_never().expect("its turn has come").expect("a turn");
    Some((name, turn))
}

#[tokio::test]
async fn networks_take_turns() {
    let (queue, mut turn) = busy(100);
    let mut waiting = Vec::new();
    for (name, network) in [("a1", 1), ("a2", 1), ("a3", 1), ("a4", 1), ("b1", 2), ("b2", 2), ("c1", 3)] {
        waiting.push((name, wait(&queue, lane(network)).unwrap()));
    }
    let mut order = Vec::new();
    while let Some((name, next)) = {
        drop(turn);
        served(&mut waiting)
    } {
        order.push(name);
        turn = next;
    }
    assert_eq!(order, ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]);
    drop(take(&queue, lane(1)));
}

#[tokio::test]
async fn a_flood_is_refused_at_three_seconds_of_work_and_delays_no_other_network() {
    let (queue, turn) = busy(60);
    let mut flood: Vec<_> = (0..60).map(|_| ("flood", wait(&queue, lane(1)).unwrap())).collect();
    let refused = wait(&queue, lane(1)).err().unwrap();
    assert_eq!(refused.wait, LONGEST, "in three seconds all that waits is done");
    assert!(!queue.has_room());

    let single = wait(&queue, lane(2)).unwrap();
    let pushed_out = flood.pop().unwrap().1.turn().now_or_never().unwrap();
    assert_eq!(pushed_out.err().unwrap().wait, LONGEST, "the newest of the flood makes room");
    flood.push(("single", single));
    drop(turn);
    let (first, turn) = served(&mut flood).unwrap();
    drop(turn);
    let (second, _turn) = served(&mut flood).unwrap();
    assert_eq!([first, second], ["flood", "single"], "one piece of the flood comes before it, not sixty");
}

#[tokio::test]
async fn places_are_shared_evenly_between_competing_networks() {
    let (queue, _turn) = busy(60);
    let mut places = Vec::new();
    for network in [1, 2, 3] {
        for _ in 0..60 {
            places.extend(wait(&queue, lane(network)).ok());
        }
    }
    let held = |network| queue.lock().lanes.get(&lane(network)).map_or(0, VecDeque::len);
    let shares: Vec<usize> = [1, 2, 3].into_iter().map(held).collect();
    assert_eq!(shares.iter().sum::<usize>(), 60);
    assert!(shares.iter().all(|share| (19..=21).contains(share)), "{shares:?}");
}

#[tokio::test]
async fn a_place_that_is_given_up_is_free_again() {
    let (queue, turn) = busy(2);
    let first = wait(&queue, lane(1)).unwrap();
    let second = wait(&queue, lane(1)).unwrap();
    assert!(wait(&queue, lane(1)).is_err());
    drop(first);
    let third = wait(&queue, lane(1)).unwrap();
    drop(turn);
    let turn = second.turn().now_or_never().unwrap().unwrap();
    drop((turn, third));
    assert_eq!(queue.lock().busy, 0, "no turn is lost");
    assert_eq!(queue.lock().waiting, 0);
    drop(take(&queue, lane(1)));
}

#[tokio::test]
async fn the_turn_of_a_cancelled_waiter_goes_to_the_next() {
    let (queue, turn) = busy(10);
    let gone = wait(&queue, lane(1)).unwrap();
    let next = wait(&queue, lane(2)).unwrap();
    drop(turn);
    drop(gone);
    assert!(next.turn().now_or_never().unwrap().is_ok());
}

#[tokio::test]
async fn the_number_of_places_follows_the_duration_of_work() {
    let rows = [(1, 30_000, 100), (2, 30_000, 200), (2, 3_000_000, 2), (2, 60_000_000, 2), (4, 1, MOST_PLACES)];
    for (workers, micros, places) in rows {
        let queue = Queue::new(workers, LONGEST, Duration::from_micros(micros));
        assert_eq!(queue.places(&queue.lock()), places, "{workers} workers, {micros} µs");
    }
    let queue = Queue::new(1, LONGEST, Duration::from_millis(30));
    for _ in 0..50 {
        queue.note(Duration::from_millis(60));
    }
    assert!((50..=52).contains(&queue.places(&queue.lock())), "the average has followed");
}
