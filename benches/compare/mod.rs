//! Contenders for the same work: each measured by criterion, and all of them against each other.
//!
//! criterion measures one after the other, and a machine that others use is not the same a minute
//! later. So ratios come from short turns of all contenders, one after the other and over again, and
//! the best turn of each.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, SamplingMode};

/// How long the turns of one piece of work last together, and how many there are at least.
const TURNS: (Duration, usize) = (Duration::from_secs(1), 7);

/// How long a turn of one contender lasts at least.
const TURN: Duration = Duration::from_micros(500);

/// Some way to do a piece of work.
pub struct Contender {
    pub name: &'static str,
    /// Does it so many times, and tells how long that took.
    run: Box<dyn FnMut(u64) -> Duration>,
}

/// Times all of it.
pub fn contender<T>(name: &'static str, mut work: impl FnMut() -> T + 'static) -> Contender {
    let run = move |times| {
        let begin = Instant::now();
        for _ in 0..times {
            std::hint::black_box(work());
        }
        begin.elapsed()
    };
    Contender { name, run: Box::new(run) }
}

/// Times the work, without what it needs and without the end of what it makes.
pub fn prepared<I, T>(
    name: &'static str,
    mut prepare: impl FnMut() -> I + 'static,
    mut work: impl FnMut(I) -> T + 'static,
) -> Contender {
    let run = move |times| {
        let mut spent = Duration::ZERO;
        for _ in 0..times {
            let input = prepare();
            let begin = Instant::now();
            let made = std::hint::black_box(work(input));
            spent += begin.elapsed();
            drop(made);
        }
        spent
    };
    Contender { name, run: Box::new(run) }
}

/// Tells by itself how long the work takes so many times.
pub fn timed(name: &'static str, run: impl FnMut(u64) -> Duration + 'static) -> Contender {
    Contender { name, run: Box::new(run) }
}

/// One piece of work, and the best time of each contender.
pub struct Row {
    pub name: String,
    pub best: Vec<(&'static str, Duration)>,
}

impl Row {
    pub fn of(&self, contender: &str) -> Option<Duration> {
        self.best.iter().find(|(name, _)| *name == contender).map(|(_, time)| *time)
    }
}

/// Whether times are wanted: `cargo test` runs everything once only.
pub fn is_measured() -> bool {
    let given = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    given("--bench") && !given("--test") && !given("--list") && !given("--profile-time")
}

/// Has criterion measure each contender, and then compares those that the command line asks for.
pub fn compare(criterion: &mut Criterion, group: &str, work: &str, contenders: Vec<Contender>) -> Option<Row> {
    let mut measured = Vec::new();
    let mut group = criterion.benchmark_group(group);
    group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    group.sampling_mode(SamplingMode::Flat);
    for mut contender in contenders {
        let mut is_wanted = false;
        group.bench_function(BenchmarkId::new(work, contender.name), |bencher| {
            is_wanted = true;
            bencher.iter_custom(&mut contender.run);
        });
        if is_wanted {
            measured.push(contender);
        }
    }
    group.finish();
    let is_compared = is_measured() && !measured.is_empty();
    is_compared.then(|| Row { name: work.to_owned(), best: take_turns(&mut measured) })
}

fn take_turns(contenders: &mut [Contender]) -> Vec<(&'static str, Duration)> {
    let times = |once: Duration| u64::try_from(TURN.as_nanos() / once.as_nanos().max(1)).unwrap_or(1).max(1);
    let lengths: Vec<u64> = contenders.iter_mut().map(|contender| times((contender.run)(1))).collect();
    let mut best = vec![Duration::MAX; contenders.len()];
    let (begin, mut turns) = (Instant::now(), 0);
    while begin.elapsed() < TURNS.0 || turns < TURNS.1 {
        for ((contender, length), best) in contenders.iter_mut().zip(&lengths).zip(&mut best) {
            *best = (*best).min((contender.run)(*length).div_f64(*length as f64));
        }
        turns += 1;
    }
    contenders.iter().map(|contender| contender.name).zip(best).collect()
}

/// A column of a table: what it is called, and the number of the column that it is compared with.
pub type Column<'a> = (&'a str, Option<usize>);

/// A table in Markdown. A cell tells how many times as long it takes as what it is compared with, and
/// how long that is.
pub fn print_table(title: &str, columns: &[Column<'_>], rows: &[(String, Vec<Option<Duration>>)]) {
    if rows.is_empty() {
        return;
    }
    let titles: Vec<&str> = columns.iter().map(|(title, _)| *title).collect();
    println!("\n| {title} | {} |\n|---|{}", titles.join(" | "), "---|".repeat(columns.len()));
    for (name, times) in rows {
        let against = |column: &Column<'_>| column.1.and_then(|other| times[other]);
        let cells: Vec<String> = columns.iter().zip(times).map(|(column, time)| cell(against(column), *time)).collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
}

fn cell(other: Option<Duration>, time: Option<Duration>) -> String {
    match (other, time) {
        (_, None) => "–".to_owned(),
        // What is left of two times may be nothing that can be measured.
        (_, Some(time)) if time.is_zero() => "under 1 ns".to_owned(),
        (Some(other), Some(time)) if !other.is_zero() => {
            format!("{}× ({})", digits(time.as_secs_f64() / other.as_secs_f64()), show(time))
        }
        (_, Some(time)) => show(time),
    }
}

pub fn show(time: Duration) -> String {
    let nanos = time.as_secs_f64() * 1e9;
    match nanos {
        _ if nanos < 1e3 => format!("{} ns", digits(nanos)),
        _ if nanos < 1e6 => format!("{} µs", digits(nanos / 1e3)),
        _ if nanos < 1e9 => format!("{} ms", digits(nanos / 1e6)),
        _ => format!("{} s", digits(nanos / 1e9)),
    }
}

/// Two digits, or what stands before the point where that is more.
pub fn digits(number: f64) -> String {
    let places = match number {
        _ if number >= 9.95 => 0,
        _ if number >= 0.995 => 1,
        _ if number >= 0.0995 => 2,
        _ if number >= 0.00995 => 3,
        _ => 4,
    };
    format!("{number:.places$}")
}
