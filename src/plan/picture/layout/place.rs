use super::order::Columns;
use super::rank::Ranks;
use super::{Layout, Line, Point, Rect, Route, Shape};

/// Least distance of two nodes of a column.
const GAP: i64 = 20;
/// Least and most distance of two columns.
const GUTTER: (i64, i64) = (64, 180);
/// How much a line that crosses a gutter adds to its width.
const PER_LINE: i64 = 4;
/// Distance of lines that lead back from the boxes, and from each other.
const LANE: i64 = 10;
/// How often the columns are levelled.
const SWEEPS: usize = 10;

/// Gives everything its coordinates; the upper left corner is at 0, 0.
pub(super) fn place(shapes: &[Shape], lines: &[Line], ranks: &Ranks, columns: &Columns) -> Layout {
    let heights = heights(columns);
    let spans = spans(shapes, lines, ranks, columns);
    let mut boxes: Vec<Rect> = Vec::with_capacity(shapes.len());
    for (index, shape) in shapes.iter().enumerate() {
        // Boxes without lines get their place below.
        let (x, width) = ranks.of[index].map_or((0, shape.width), |rank| spans[rank]);
        boxes.push(Rect { x, y: heights[index], width, height: shape.height });
    }
    let nodes = columns.columns.iter().flatten();
    let bottom = nodes.map(|&node| heights[node] + columns.nodes[node].height).max().unwrap_or(0);
    let mut lanes = Lanes { bottom, used: vec![(0, 0); columns.columns.len()] };
    let mut routes = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let (from, to) = (boxes[line.from], boxes[line.to]);
        let begin = Point { x: from.x + from.width, y: from.y + line.exit };
        let end = Point { x: to.x, y: to.y + shapes[line.to].entry };
        if ranks.back[index] {
            let ranks = (columns.nodes[line.from].rank, columns.nodes[line.to].rank);
            routes.push(lanes.route(begin, end, ranks));
            continue;
        }
        let mut points = vec![begin];
        for &pass in &columns.passes[index] {
            let (x, width) = spans[columns.nodes[pass].rank];
            let y = heights[pass] + columns.nodes[pass].entry;
            points.extend([Point { x, y }, Point { x: x + width, y }]);
        }
        points.push(end);
        routes.push(Route::Ahead(points));
    }
    let width = spans.last().map_or(0, |(x, width)| x + width) + lanes.right_margin();
    let mut layout = Layout { boxes, routes, width, height: lanes.bottom };
    place_rest(&mut layout, shapes, ranks);
    layout
}

/// Left edge and width of each column.
fn spans(shapes: &[Shape], lines: &[Line], ranks: &Ranks, columns: &Columns) -> Vec<(i64, i64)> {
    let count = columns.columns.len();
    let mut widths = vec![0; count];
    for (shape, rank) in shapes.iter().zip(&ranks.of) {
        if let Some(rank) = *rank {
            widths[rank] = shape.width.max(widths[rank]);
        }
    }
    // The gutter at the left of each column.
    let mut gutters = vec![0; count];
    for part in &columns.parts {
        gutters[columns.nodes[part.to].rank] += PER_LINE;
    }
    let mut x = 0;
    let mut spans = Vec::with_capacity(count);
    for (rank, width) in widths.into_iter().enumerate() {
        let back = lines.iter().zip(&ranks.back).filter(|(_, back)| **back);
        let lanes = back.map(|(line, _)| {
            let begins_before = ranks.of[line.from].is_some_and(|from| from + 1 == rank);
            i64::from(begins_before) + i64::from(ranks.of[line.to] == Some(rank))
        });
        let lanes: i64 = lanes.sum::<i64>() * LANE;
        x += lanes + if rank == 0 { lanes.min(LANE) } else { (GUTTER.0 + gutters[rank]).min(GUTTER.1) };
        spans.push((x, width));
        x += width;
    }
    spans
}

/// The ways of lines that lead back: out at the right, down below everything, to the left, and up.
struct Lanes {
    bottom: i64,
    /// For each column how many lanes are used at its left and at its right.
    used: Vec<(i64, i64)>,
}

impl Lanes {
    fn route(&mut self, begin: Point, end: Point, (from, to): (usize, usize)) -> Route {
        self.used[from].1 += 1;
        self.used[to].0 += 1;
        self.bottom += LANE;
        let (right, left) = (begin.x + LANE * self.used[from].1, end.x - LANE * (self.used[to].0 + 1));
        let y = self.bottom;
        let corner = |x, y| Point { x, y };
        Route::Back(vec![begin, corner(right, begin.y), corner(right, y), corner(left, y), corner(left, end.y), end])
    }

    /// How far lines reach out at the right of the last column.
    fn right_margin(&self) -> i64 {
        self.used.last().map_or(0, |(_, right)| right * LANE)
    }
}

/// The upper edge of each node: as level with its neighbours as the order in the columns allows.
fn heights(columns: &Columns) -> Vec<i64> {
    let mut y = vec![0; columns.nodes.len()];
    for column in &columns.columns {
        let mut next = 0;
        for &node in column {
            y[node] = next;
            next += columns.nodes[node].height + GAP;
        }
    }
    for sweep in 0..SWEEPS {
        let by_left = sweep % 2 == 0;
        let count = columns.columns.len();
        for step in 0..count {
            let column = &columns.columns[if by_left { step } else { count - 1 - step }];
            let wanted: Vec<i64> = column.iter().map(|&node| level(columns, &y, node, by_left)).collect();
            for (&node, place) in column.iter().zip(spread(columns, column, &wanted)) {
                y[node] = place;
            }
        }
    }
    let top = columns.columns.iter().flatten().map(|&node| y[node]).min().unwrap_or(0);
    y.iter_mut().for_each(|y| *y -= top);
    y
}

/// Where a node's lines on one side would be level on average.
fn level(columns: &Columns, y: &[i64], node: usize, by_left: bool) -> i64 {
    let parts = if by_left { &columns.arriving[node] } else { &columns.leaving[node] };
    let wanted = |&part: &usize| {
        let part = columns.parts[part];
        let entry = columns.nodes[part.to].entry;
        if by_left { y[part.from] + part.exit - entry } else { y[part.to] + entry - part.exit }
    };
    mean(parts.iter().map(wanted)).unwrap_or(y[node])
}

fn mean(values: impl Iterator<Item = i64>) -> Option<i64> {
    let (sum, count) = values.fold((0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count)
}

/// The places nearest to the wanted ones that keep the order and the distances of a column: nodes
/// that would be too close move as a block, to the mean of what they want.
fn spread(columns: &Columns, column: &[usize], wanted: &[i64]) -> Vec<i64> {
    /// Nodes that stand as close as they may.
    struct Block {
        sum: i64,
        count: i64,
    }
    let mut offset = 0;
    let mut offsets = Vec::with_capacity(column.len());
    let mut blocks: Vec<Block> = Vec::new();
    for (&node, wanted) in column.iter().zip(wanted) {
        let mut block = Block { sum: wanted - offset, count: 1 };
        while let Some(above) = blocks.pop_if(|above| above.sum * block.count > block.sum * above.count) {
            block = Block { sum: above.sum + block.sum, count: above.count + block.count };
        }
        blocks.push(block);
        offsets.push(offset);
        offset += columns.nodes[node].height + GAP;
    }
    let bases = blocks.iter().flat_map(|block| (0..block.count).map(|_| block.sum.div_euclid(block.count)));
    offsets.iter().zip(bases).map(|(offset, base)| offset + base).collect()
}

/// Boxes without lines: in rows below the others, about as wide as these.
fn place_rest(layout: &mut Layout, shapes: &[Shape], ranks: &Ranks) {
    let rest: Vec<usize> = (0..shapes.len()).filter(|&index| ranks.of[index].is_none()).collect();
    let area: i64 = rest.iter().map(|&index| (shapes[index].width + GAP) * (shapes[index].height + GAP)).sum();
    // Twice as wide as high, if there is nothing else.
    let limit = layout.width.max((2 * area).isqrt());
    let mut next = Point { x: 0, y: if layout.height == 0 { 0 } else { layout.height + 2 * GAP } };
    let mut row = 0;
    for index in rest {
        let shape = shapes[index];
        if next.x > 0 && next.x + shape.width > limit {
            next = Point { x: 0, y: next.y + row + GAP };
            row = 0;
        }
        layout.boxes[index] = Rect { x: next.x, y: next.y, width: shape.width, height: shape.height };
        row = row.max(shape.height);
        layout.width = layout.width.max(next.x + shape.width);
        layout.height = layout.height.max(next.y + row);
        next.x += shape.width + GAP;
    }
}
