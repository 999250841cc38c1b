use super::Line;

/// In which column each box stands, and which lines lead back.
pub(super) struct Ranks {
    /// The column of each box; `None` for a box without lines.
    pub(super) of: Vec<Option<usize>>,
    /// For each line, whether it leads back, because going ahead would close a ring.
    pub(super) back: Vec<bool>,
}

/// Columns by the longest way to a box: whoever is needed stands to the right of all that need it.
pub(super) fn ranks(boxes: usize, lines: &[Line], first: Option<usize>) -> Ranks {
    let (next, back) = ahead(boxes, lines);
    let mut missing = vec![0_usize; boxes];
    let mut linked = vec![false; boxes];
    for line in lines {
        linked[line.from] = true;
        linked[line.to] = true;
    }
    for &to in next.iter().flatten() {
        missing[to] += 1;
    }
    let sources: Vec<bool> = missing.iter().map(|&missing| missing == 0).collect();
    let mut rank = vec![0_usize; boxes];
    let mut ready: Vec<usize> = (0..boxes).filter(|&node| sources[node]).collect();
    while let Some(node) = ready.pop() {
        for &to in &next[node] {
            rank[to] = rank[to].max(rank[node] + 1);
            missing[to] -= 1;
            if missing[to] == 0 {
                ready.push(to);
            }
        }
    }
    // Whoever is needed by nobody stands just before what it needs itself; but the first one stays.
    for node in (0..boxes).filter(|&node| sources[node] && Some(node) != first) {
        let nearest = next[node].iter().map(|&to| rank[to]).min();
        rank[node] = nearest.map_or(0, |nearest| nearest.saturating_sub(1));
    }
    let of = rank.into_iter().zip(linked).map(|(rank, linked)| linked.then_some(rank)).collect();
    Ranks { of, back }
}

/// For each box those that its lines lead ahead to; and which lines lead back instead.
fn ahead(boxes: usize, lines: &[Line]) -> (Vec<Vec<usize>>, Vec<bool>) {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); boxes];
    let mut back = vec![false; lines.len()];
    // Strong lines choose first. Between boxes without a ring no line is refused.
    for weak in [false, true] {
        for (index, line) in lines.iter().enumerate().filter(|(_, line)| line.weak == weak) {
            if next[line.from].contains(&line.to) {
                continue;
            }
            if reaches(&next, line.to, line.from) {
                back[index] = true;
            } else {
                next[line.from].push(line.to);
            }
        }
    }
    (next, back)
}

fn reaches(next: &[Vec<usize>], from: usize, to: usize) -> bool {
    let mut seen = vec![false; next.len()];
    let mut pending = vec![from];
    while let Some(node) = pending.pop() {
        if node == to {
            return true;
        }
        if !std::mem::replace(&mut seen[node], true) {
            pending.extend(&next[node]);
        }
    }
    false
}
