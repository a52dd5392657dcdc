//! Faults that a test plans ahead: which endpoint, what goes wrong, how often. They are taken in
//! the order they were planned, one per request.

/// The faults planned for a stand-in, by endpoint.
pub struct Faults<K, F> {
    planned: Vec<Planned<K, F>>,
}

struct Planned<K, F> {
    endpoint: K,
    fault: F,
    left: u32,
}

impl<K, F> Default for Faults<K, F> {
    fn default() -> Self {
        Self {
            planned: Vec::new(),
        }
    }
}

impl<K: PartialEq, F: Clone> Faults<K, F> {
    /// Plans `fault` for the next `times` requests to `endpoint`, after those planned before.
    pub fn plan(&mut self, endpoint: K, fault: F, times: u32) {
        self.planned.push(Planned {
            endpoint,
            fault,
            left: times,
        });
    }

    /// The fault for the request that is being answered, if one is due.
    pub fn take(&mut self, endpoint: &K) -> Option<F> {
        self.planned.retain(|planned| planned.left > 0);
        let due = self
            .planned
            .iter_mut()
            .find(|planned| planned.endpoint == *endpoint)?;
        due.left -= 1;
        Some(due.fault.clone())
    }

    /// Forgets what is still planned.
    pub fn clear(&mut self) {
        self.planned.clear();
    }
}
