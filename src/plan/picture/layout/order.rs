use super::rank::Ranks;
use super::{Line, Shape};

/// How often the columns are gone through.
const SWEEPS: usize = 12;

/// How high the room is that a line gets where it passes a column.
const PASS: i64 = 18;

/// What stands in a column: a box, or a line on its way to a later column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) rank: usize,
    pub(super) height: i64,
    /// How far below the upper edge lines arrive.
    pub(super) entry: i64,
}

/// A part of a line, from one column to the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) from: usize,
    /// How far below the upper edge of `from` it begins.
    pub(super) exit: i64,
    pub(super) to: usize,
}

/// The columns, each from top to bottom.
pub(super) struct Columns {
    /// The boxes, under their own numbers, and then the passing lines.
    pub(super) nodes: Vec<Node>,
    pub(super) columns: Vec<Vec<usize>>,
    /// The parts of all lines.
    pub(super) parts: Vec<Part>,
    /// For each line the passing nodes on its way.
    pub(super) passes: Vec<Vec<usize>>,
    /// For each node the parts that arrive and those that leave, as indices of `parts`.
    pub(super) arriving: Vec<Vec<usize>>,
    pub(super) leaving: Vec<Vec<usize>>,
}

impl Columns {
    pub(super) fn new(shapes: &[Shape], lines: &[Line], ranks: &Ranks) -> Self {
        let node = |(shape, rank): (&Shape, &Option<usize>)| Node {
            rank: rank.unwrap_or(0),
            height: shape.height,
            entry: shape.entry,
        };
        let mut nodes: Vec<Node> = shapes.iter().zip(&ranks.of).map(node).collect();
        let mut parts = Vec::new();
        let mut passes = Vec::with_capacity(lines.len());
        for (line, back) in lines.iter().zip(&ranks.back) {
            let mut passed = Vec::new();
            if !back {
                let (mut from, mut exit) = (line.from, line.exit);
                for rank in nodes[line.from].rank + 1..nodes[line.to].rank {
                    nodes.push(Node { rank, height: PASS, entry: PASS / 2 });
                    let to = nodes.len() - 1;
                    parts.push(Part { from, exit, to });
                    passed.push(to);
                    (from, exit) = (to, PASS / 2);
                }
                parts.push(Part { from, exit, to: line.to });
            }
            passes.push(passed);
        }
        let mut columns: Vec<Vec<usize>> = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            if ranks.of.get(index).is_none_or(Option::is_some) {
                if columns.len() <= node.rank {
                    columns.resize_with(node.rank + 1, Vec::new);
                }
                columns[node.rank].push(index);
            }
        }
        let mut arriving = vec![Vec::new(); nodes.len()];
        let mut leaving = vec![Vec::new(); nodes.len()];
        for (index, part) in parts.iter().enumerate() {
            arriving[part.to].push(index);
            leaving[part.from].push(index);
        }
        let mut columns = Self { nodes, columns, parts, passes, arriving, leaving };
        columns.follow_lines();
        columns
    }

    /// A first order: from the left column on, nodes come in the order of the lines to them, so that
    /// the providers of an import stand in their own order.
    fn follow_lines(&mut self) {
        let mut place = vec![None; self.nodes.len()];
        let mut met = 0..;
        for column in 0..self.columns.len() {
            // Whom no line has met yet stands at the end.
            self.columns[column].sort_by_key(|&node| place[node].unwrap_or(usize::MAX));
            for &part in self.columns[column].iter().flat_map(|&node| &self.leaving[node]) {
                let to = self.parts[part].to;
                place[to] = place[to].or(met.next());
            }
        }
    }

    /// Orders the columns so that few lines cross: each node goes to the middle of its neighbours,
    /// column by column, to and fro; the best order that was met stays.
    pub(super) fn uncross(&mut self) {
        let mut best = (self.crossings(), self.columns.clone());
        for sweep in 0..SWEEPS {
            if best.0 == 0 {
                break;
            }
            if sweep % 2 == 0 {
                (1..self.columns.len()).for_each(|column| self.sort(column, true));
            } else {
                (0..self.columns.len().saturating_sub(1)).rev().for_each(|column| self.sort(column, false));
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.columns.clone());
            }
        }
        self.columns = best.1;
    }

    /// Sorts a column by its neighbours at the left, or at the right.
    fn sort(&mut self, column: usize, by_left: bool) {
        let places = self.places();
        let middle = |node: usize| {
            let parts = if by_left { &self.arriving[node] } else { &self.leaving[node] };
            let neighbour = |&part: &usize| {
                let part = self.parts[part];
                if by_left { self.begin(&places, part) } else { (places[part.to] << 16, 0) }.0
            };
            let sum: i64 = parts.iter().map(neighbour).sum();
            i64::try_from(parts.len()).ok().filter(|&count| count > 0).map(|count| sum / count)
        };
        let keys: Vec<Option<i64>> = self.columns[column].iter().map(|&node| middle(node)).collect();
        // Who has no neighbour there stays where it is; the others share the rest of the places.
        let mut free: Vec<(i64, usize)> =
            keys.iter().zip(&self.columns[column]).filter_map(|(key, &node)| Some(((*key)?, node))).collect();
        free.sort_by_key(|(key, _)| *key);
        let mut sorted = free.into_iter();
        for (place, key) in self.columns[column].iter_mut().zip(&keys) {
            if key.is_some() {
                *place = sorted.next().map_or(*place, |(_, node)| node);
            }
        }
    }

    /// The place of each node in its column.
    fn places(&self) -> Vec<i64> {
        let mut places = vec![0; self.nodes.len()];
        for column in &self.columns {
            for (place, &node) in (0..).zip(column) {
                places[node] = place;
            }
        }
        places
    }

    /// Where a part begins, for comparing: the place of its node, and how far down in it.
    fn begin(&self, places: &[i64], part: Part) -> (i64, i64) {
        let share = (part.exit << 16) / self.nodes[part.from].height.max(1);
        ((places[part.from] << 16) + share.min(0xffff), part.exit)
    }

    /// How many pairs of parts cross.
    fn crossings(&self) -> usize {
        let places = self.places();
        let mut gaps: Vec<Vec<(i64, i64)>> = vec![Vec::new(); self.columns.len()];
        for part in &self.parts {
            gaps[self.nodes[part.from].rank].push((self.begin(&places, *part).0, places[part.to]));
        }
        let ends = |mut gap: Vec<(i64, i64)>| {
            gap.sort_unstable();
            gap.into_iter().map(|(_, end)| end).collect::<Vec<_>>()
        };
        gaps.into_iter().map(|gap| inversions(&mut ends(gap))).sum()
    }
}

/// How many pairs stand in the wrong order. Sorts on the way.
fn inversions(values: &mut [i64]) -> usize {
    let half = values.len() / 2;
    if half == 0 {
        return 0;
    }
    let (left, right) = values.split_at_mut(half);
    let mut count = inversions(left) + inversions(right);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let mut rest = right.iter().peekable();
    for (index, value) in left.iter().enumerate() {
        while let Some(smaller) = rest.next_if(|other| *other < value) {
            count += left.len() - index;
            merged.push(*smaller);
        }
        merged.push(*value);
    }
    merged.extend(rest);
    values.copy_from_slice(&merged);
    count
}
