use super::*;

const SHAPE: Shape = Shape { width: 100, height: 60, entry: 16 };

fn lines(pairs: &[(usize, usize)]) -> Vec<Line> {
    pairs.iter().map(|&(from, to)| Line { from, exit: 42, to, weak: false }).collect()
}

fn overlap(a: &Rect, b: &Rect) -> bool {
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

/// Holds what every picture keeps: no boxes overlap, all is inside, and level lines meet no box.
fn assert_sound(layout: &Layout) {
    for (index, a) in layout.boxes.iter().enumerate() {
        assert!(a.x >= 0 && a.y >= 0 && a.x + a.width <= layout.width && a.y + a.height <= layout.height, "{a:?}");
        for b in &layout.boxes[index + 1..] {
            assert!(!overlap(a, b), "{a:?} {b:?}");
        }
    }
    for route in &layout.routes {
        let points = match route {
            Route::Ahead(points) => {
                for pass in points[1..].windows(2).step_by(2) {
                    let pass = Rect { x: pass[0].x, y: pass[0].y, width: pass[1].x - pass[0].x, height: 1 };
                    assert!(layout.boxes.iter().all(|place| !overlap(place, &pass)), "{pass:?}");
                }
                points
            }
            Route::Back(points) => points,
        };
        for point in points {
            assert!(point.x >= 0 && point.x <= layout.width && point.y >= 0 && point.y <= layout.height, "{point:?}");
        }
    }
}

#[test]
fn consumers_stand_left_of_providers() {
    let lines = lines(&[(0, 1), (1, 2), (0, 2), (3, 2)]);
    let layout = lay_out(&[SHAPE; 4], &lines, Some(0));
    let columns: Vec<i64> = layout.boxes.iter().map(|place| place.x).collect();
    assert!(columns[0] < columns[1] && columns[1] < columns[2]);
    assert_eq!(columns[3], columns[1], "next to what it needs");
    assert_sound(&layout);
}

#[test]
fn a_ring_is_broken_at_its_weak_line() {
    let mut lines = lines(&[(0, 1), (1, 2), (2, 0)]);
    lines[0].weak = true;
    let layout = lay_out(&[SHAPE; 3], &lines, None);
    let back: Vec<bool> = layout.routes.iter().map(|route| matches!(route, Route::Back(_))).collect();
    assert_eq!(back, [true, false, false]);
    assert_sound(&layout);
}

#[test]
fn lines_that_need_not_cross_do_not() {
    // Two rows whose boxes come in opposite orders.
    let lines = lines(&[(0, 5), (1, 4), (2, 3)]);
    let layout = lay_out(&[SHAPE; 6], &lines, None);
    for (from, to) in [(0, 5), (1, 4), (2, 3)] {
        assert!((layout.boxes[from].y - layout.boxes[to].y).abs() < 60, "{:?}", layout.boxes);
    }
    assert_sound(&layout);
}

#[test]
fn every_picture_is_sound() {
    // A generator of its own keeps the test the same everywhere.
    let mut seed = 1_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    for round in 0..200 {
        let count = 1 + round % 61;
        let shapes: Vec<Shape> =
            (0..count).map(|index| Shape { width: 90 + 10 * (index as i64 % 7), ..SHAPE }).collect();
        let edges = random(2 * count + 1);
        let mut lines = lines(&(0..edges).map(|_| (random(count), random(count))).collect::<Vec<_>>());
        lines.retain(|line| line.from != line.to);
        lines.iter_mut().for_each(|line| line.weak = random(5) == 0);
        let layout = lay_out(&shapes, &lines, Some(0));
        assert_sound(&layout);
        assert_eq!(layout.routes, lay_out(&shapes, &lines, Some(0)).routes);
    }
}

#[test]
fn nothing_gives_an_empty_picture() {
    let layout = lay_out(&[], &[], None);
    assert_eq!((layout.width, layout.height), (0, 0));
}
