//! What there is without any grant.

use crate::place::{Place, ask, expect, expect_nothing};

/// The blocking calls of WASI start a runtime of their own, which must not meet the host's.
#[test]
fn apps_work_within_an_async_runtime() {
    let place = Place::new("async");
    place.probe("p.toml", "");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let app = place.app();
        ask(&app, "p", "sleep-ms(5)");
    });
}

#[test]
fn there_is_nothing() {
    let place = Place::new("nothing");
    place.probe("p.toml", "").probe("q.toml", "[wasi]\n[config]\n").file("data/a.txt", "a");
    let app = place.app();
    expect_nothing(&app, "p");
    expect_nothing(&app, "q");
}

#[test]
fn clocks_and_random_numbers_need_no_grant() {
    let place = Place::new("clocks");
    let app = place.probe("p.toml", "").app();
    let number = |question: &str| ask(&app, "p", question).parse::<u64>().unwrap();
    let now = || std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let before = now();
    assert!((before..=now() + 1).contains(&number("now()")));
    let instant = number("instant()");
    ask(&app, "p", "sleep-ms(5)");
    assert!(number("instant()") >= instant + 5_000_000);
    assert_ne!(number("random()"), number("random()"));
}

#[test]
fn a_refused_connection_is_never_attempted() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let place = Place::new("no-connection");
    let app = place.probe("p.toml", "").app();
    expect(&app, "p", &[(&format!("tcp-connect(\"127.0.0.1\", {port})"), "err(\"socket: access-denied\")")]);
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}
