//! A cache, an event bus and a state machine to be measured.
//!
//! `SLOW=13` does 13 of 100 operations twice, so that what is measured is 13 % slower. What takes nanoseconds is slowed by
//! whole steps instead: one from 30 on, two from 60 on.

use std::collections::VecDeque;
use std::hint::black_box;

/// Runs operations, and some of them twice.
pub struct Load {
    percent: u32,
    owed: u32,
}

impl Load {
    pub fn from_env() -> Self {
        let percent = std::env::var("SLOW").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        Self { percent, owed: 0 }
    }

    pub fn percent(&self) -> u32 {
        self.percent
    }

    /// Runs an operation of a few nanoseconds, behind steps of about one.
    #[inline]
    pub fn step<T>(&self, operation: impl FnOnce() -> T) -> T {
        (0..self.percent / 30).fold(1_u64, |x, _| black_box(x).wrapping_mul(0x9e37_79b9));
        operation()
    }

    #[inline]
    pub fn run<T>(&mut self, mut operation: impl FnMut() -> T) -> T {
        self.owed += self.percent;
        while self.owed >= 100 {
            self.owed -= 100;
            black_box(operation());
        }
        operation()
    }
}

/// Tenants by their number, in slots.
pub struct TenantCache {
    slots: Vec<Option<(u64, u32)>>,
}

impl TenantCache {
    pub fn new(size: usize) -> Self {
        Self { slots: vec![None; size.next_power_of_two()] }
    }

    #[inline]
    fn slot(&self, tenant: u64) -> usize {
        (tenant.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & (self.slots.len() - 1)
    }

    #[inline]
    pub fn insert(&mut self, tenant: u64, value: u32) {
        let slot = self.slot(tenant);
        self.slots[slot] = Some((tenant, value));
    }

    #[inline]
    pub fn get(&self, tenant: u64) -> Option<u32> {
        let found = self.slots[self.slot(tenant)]?;
        (found.0 == tenant).then_some(found.1)
    }

    /// Looks a tenant up, and makes its value where it is not there.
    pub fn get_or_make(&self, tenant: u64) -> u32 {
        self.get(tenant).unwrap_or_else(|| (0..12).fold(tenant as u32, |value, i| value.rotate_left(i) ^ 0x5bd1))
    }
}

/// Events on their way to subscribers.
#[derive(Default)]
pub struct EventBus {
    queue: VecDeque<(u32, String)>,
    seen: usize,
}

impl EventBus {
    pub fn publish(&mut self, topic: u32, payload: &str) {
        self.queue.push_back((topic, payload.to_uppercase()));
        while let Some((topic, payload)) = self.queue.pop_front() {
            self.seen += payload.bytes().filter(|byte| u32::from(*byte) > topic).count();
        }
    }

    pub fn seen(&self) -> usize {
        self.seen
    }
}

/// An order through all of its states, each of which checks the lines again.
pub fn process_order(lines: &[u32]) -> u32 {
    (0..6).fold(1, |state: u32, step| {
        let total = lines.iter().fold(state, |sum, line| sum.wrapping_mul(31).wrapping_add(*line ^ step));
        total | 1
    })
}
