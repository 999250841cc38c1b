//! The order of the start, and the knots that make one impossible.

use std::collections::BTreeSet;

/// The order in which plugins start, and each set of plugins that need each other. There is an order
/// only when there are no such sets.
pub fn order(mut ids: Vec<String>, needs: &BTreeSet<(String, String, String)>) -> (Vec<String>, Vec<BTreeSet<String>>) {
    ids.sort_unstable();
    let direct: BTreeSet<(&str, &str)> =
        needs.iter().map(|(consumer, _, own)| (consumer.as_str(), own.as_str())).collect();
    let mut reach = direct.clone();
    for middle in &ids {
        for from in &ids {
            for to in &ids {
                if reach.contains(&(from, middle)) && reach.contains(&(middle, to)) {
                    reach.insert((from, to));
                }
            }
        }
    }
    let knot = |id: &String| -> BTreeSet<String> {
        let both = |other: &&String| reach.contains(&(id, *other)) && reach.contains(&(*other, id));
        ids.iter().filter(both).cloned().collect()
    };
    let knots: BTreeSet<BTreeSet<String>> = ids.iter().map(knot).filter(|knot| !knot.is_empty()).collect();
    let mut start: Vec<String> = Vec::new();
    // The next is always the first by id of those whose providers have all started.
    while knots.is_empty() && start.len() < ids.len() {
        let started = |id: &str| start.iter().any(|other| other == id);
        let ready = |id: &&String| direct.iter().all(|(consumer, own)| *consumer != id.as_str() || started(own));
        let next = ids.iter().filter(|id| !started(id)).find(ready).cloned();
        start.extend(next);
    }
    (start, knots.into_iter().collect())
}
