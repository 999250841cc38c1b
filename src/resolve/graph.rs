//! The order in which plugins start, and the cycles that make one impossible.
//!
//! The only module that knows petgraph.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use petgraph::Direction;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

/// What the graph says.
#[derive(Debug, PartialEq, Eq)]
pub enum Order {
    /// The plugins, providers before their consumers.
    Start(Vec<usize>),
    /// The cycles, one shortest path for each knot of plugins that need each other: each plugin
    /// needs the next, the last needs the first.
    Cycles(Vec<Vec<usize>>),
}

/// Orders `count` plugins, numbered from 0, of which `needs` says which consumer needs which
/// provider.
///
/// The answer depends on the numbers alone, so number the plugins by id: then the same app gives
/// the same order wherever its files lie.
pub fn order(count: usize, needs: impl IntoIterator<Item = (usize, usize)>) -> Order {
    let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(count, 0);
    for _ in 0..count {
        graph.add_node(());
    }
    let mut edges: Vec<(usize, usize)> = needs.into_iter().collect();
    edges.sort_unstable();
    edges.dedup();
    for (consumer, provider) in edges {
        graph.add_edge(NodeIndex::new(provider), NodeIndex::new(consumer), ());
    }
    let start = start(&graph);
    if start.len() == count { Order::Start(start) } else { Order::Cycles(cycles(&graph)) }
}

/// Providers before their consumers, and otherwise by number. What lies on or behind a cycle is
/// left out.
fn start(graph: &DiGraph<(), ()>) -> Vec<usize> {
    let mut missing: Vec<usize> = graph.node_indices().map(|node| providers(graph, node).count()).collect();
    let mut ready: BTreeSet<NodeIndex> = graph.node_indices().filter(|node| missing[node.index()] == 0).collect();
    let mut order = Vec::with_capacity(missing.len());
    while let Some(node) = ready.pop_first() {
        order.push(node.index());
        for consumer in graph.neighbors_directed(node, Direction::Outgoing) {
            missing[consumer.index()] -= 1;
            if missing[consumer.index()] == 0 {
                ready.insert(consumer);
            }
        }
    }
    order
}

/// What a plugin needs: an edge leads from provider to consumer.
fn providers(graph: &DiGraph<(), ()>, consumer: NodeIndex) -> impl Iterator<Item = NodeIndex> {
    graph.neighbors_directed(consumer, Direction::Incoming)
}

fn cycles(graph: &DiGraph<(), ()>) -> Vec<Vec<usize>> {
    let mut cycles: Vec<Vec<usize>> = tarjan_scc(graph)
        .into_iter()
        .filter(|knot| knot.len() > 1 || knot.iter().any(|&node| graph.contains_edge(node, node)))
        .filter_map(|knot| shortest_cycle(graph, &knot))
        .collect();
    cycles.sort();
    cycles
}

/// The shortest way from the lowest plugin of a knot through its providers back to itself.
fn shortest_cycle(graph: &DiGraph<(), ()>, knot: &[NodeIndex]) -> Option<Vec<usize>> {
    let knot: BTreeSet<NodeIndex> = knot.iter().copied().collect();
    let start = *knot.first()?;
    let mut reached_from: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        let needed: BTreeSet<NodeIndex> = providers(graph, node).collect();
        for provider in needed {
            if provider == start {
                return Some(path_back(&reached_from, start, node));
            }
            if knot.contains(&provider) && !reached_from.contains_key(&provider) {
                reached_from.insert(provider, node);
                queue.push_back(provider);
            }
        }
    }
    None
}

fn path_back(reached_from: &BTreeMap<NodeIndex, NodeIndex>, start: NodeIndex, end: NodeIndex) -> Vec<usize> {
    let mut path = vec![end.index()];
    let mut node = end;
    while node != start {
        let Some(&previous) = reached_from.get(&node) else { break };
        path.push(previous.index());
        node = previous;
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_come_first() {
        assert_eq!(order(4, [(0, 1), (1, 2), (0, 2), (3, 0)]), Order::Start(vec![2, 1, 0, 3]));
        assert_eq!(order(4, [(1, 3)]), Order::Start(vec![0, 2, 3, 1]));
    }

    #[test]
    fn the_order_of_edges_does_not_matter() {
        let edges = [(0, 3), (1, 3), (2, 1), (4, 0)];
        let mut reversed = edges;
        reversed.reverse();
        assert_eq!(order(5, edges), order(5, reversed));
    }

    #[test]
    fn each_knot_gives_its_whole_shortest_cycle() {
        let edges = [(0, 1), (1, 2), (2, 0), (2, 1), (3, 4), (4, 3), (5, 0)];
        assert_eq!(order(6, edges), Order::Cycles(vec![vec![0, 1, 2], vec![3, 4]]));
    }
}
