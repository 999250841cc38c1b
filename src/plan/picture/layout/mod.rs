//! Where the boxes of a picture stand, and how the lines between them run.
//!
//! Boxes stand in columns, so that lines lead from left to right: [`rank`] chooses the columns,
//! [`order`] the places in a column, [`place`] the coordinates. Only whole numbers are used, so
//! that the same boxes and lines always give the same picture.

mod order;
mod place;
mod rank;

#[cfg(test)]
mod tests;

/// A box to be placed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) width: i64,
    pub(super) height: i64,
    /// How far below the upper edge lines arrive.
    pub(super) entry: i64,
}

/// A line to be drawn, from the right side of one box to the left side of another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) from: usize,
    /// How far below the upper edge of `from` it begins.
    pub(super) exit: i64,
    pub(super) to: usize,
    /// Lines that are weak may lead from right to left when there is a ring.
    pub(super) weak: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) x: i64,
    pub(super) y: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) width: i64,
    pub(super) height: i64,
}

/// How a line runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// From left to right: curves between pairs of points, and level lines past the columns
    /// between: the points are begin, and then two for each column passed, and the end.
    Ahead(Vec<Point>),
    /// From right to left, below all boxes: corners of a line that is level and upright in turn.
    Back(Vec<Point>),
}

/// A picture without its content.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    pub(super) boxes: Vec<Rect>,
    pub(super) routes: Vec<Route>,
    pub(super) width: i64,
    pub(super) height: i64,
}

/// Lays a picture out. `first` is the box that should stand at the left, if there is one.
pub(super) fn lay_out(shapes: &[Shape], lines: &[Line], first: Option<usize>) -> Layout {
    let ranks = rank::ranks(shapes.len(), lines, first);
    let mut columns = order::Columns::new(shapes, lines, &ranks);
    columns.uncross();
    place::place(shapes, lines, &ranks, &columns)
}
