//! Who may be talked to, and whose names may be looked up.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::thread::{self, JoinHandle};

use crate::place::{PATIENCE, Place, ask, expect, failure};

const LOCAL: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

fn grants(grants: &str) -> String {
    format!("[wasi]\nnetwork = [{grants}]\n")
}

/// Greets everybody who connects, for as long as the test runs.
fn greeter() -> u16 {
    let listener = TcpListener::bind(LOCAL).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            stream.unwrap().write_all(b"hello").unwrap();
        }
    });
    port
}

/// Answers one datagram; before that, another socket answers it.
fn answerer() -> (u16, JoinHandle<Vec<u8>>) {
    let socket = UdpSocket::bind(LOCAL).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let port = socket.local_addr().unwrap().port();
    let thread = thread::spawn(move || {
        let mut bytes = [0; 100];
        let (length, from) = socket.recv_from(&mut bytes).unwrap();
        UdpSocket::bind(LOCAL).unwrap().send_to(b"intruder", from).unwrap();
        socket.send_to(b"answer", from).unwrap();
        bytes[..length].to_vec()
    });
    (port, thread)
}

/// Says nothing, for longer than anybody should wait.
fn silent_tcp() -> u16 {
    let listener = TcpListener::bind(LOCAL).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let _stream = listener.accept().unwrap();
        thread::sleep(2 * PATIENCE);
    });
    port
}

/// Answers later than anybody should wait.
fn silent_udp() -> u16 {
    let socket = UdpSocket::bind(LOCAL).unwrap();
    let port = socket.local_addr().unwrap().port();
    thread::spawn(move || {
        let (_, from) = socket.recv_from(&mut []).unwrap();
        thread::sleep(2 * PATIENCE);
        socket.send_to(b"late", from).unwrap();
    });
    port
}

/// A port that nobody uses, outside of the range from which the system hands out others.
fn unused_port<T>(bind: impl Fn(SocketAddr) -> io::Result<T>) -> u16 {
    let first = 10_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    (first..).find(|port| bind((Ipv4Addr::LOCALHOST, *port).into()).is_ok()).unwrap()
}

#[test]
fn tcp_leads_to_the_granted_address_alone() {
    let (granted, other) = (greeter(), greeter());
    let place = Place::new("tcp");
    let app = place.probe("p.toml", &grants(&format!("'tcp:127.0.0.1:{granted}'"))).app();
    expect(
        &app,
        "p",
        &[
            (&format!("tcp-connect(\"127.0.0.1\", {granted})"), "ok(\"hello\")"),
            (&format!("tcp-connect(\"127.0.0.1\", {other})"), "err(\"connect: access-denied\")"),
            (&format!("udp-ask(\"127.0.0.1\", {granted}, \"\", true)"), "err(\"socket: access-denied\")"),
            (&format!("udp-bind(\"127.0.0.1\", {granted})"), "err(\"socket: access-denied\")"),
            ("resolve(\"localhost\")", "err(\"resolve: permanent-resolver-failure\")"),
        ],
    );
}

#[test]
fn who_listens_does_so_at_the_granted_address() {
    let granted = unused_port(TcpListener::bind::<SocketAddr>);
    let place = Place::new("listen");
    let app = place.probe("p.toml", &grants(&format!("'tcp:127.0.0.1:{granted}'"))).app();
    expect(
        &app,
        "p",
        &[
            (&format!("tcp-listen(\"127.0.0.1\", {granted})"), "ok"),
            (&format!("tcp-listen(\"127.0.0.1\", {})", granted + 1), "err(\"bind: access-denied\")"),
            (&format!("tcp-listen(\"0.0.0.0\", {granted})"), "err(\"bind: access-denied\")"),
            ("tcp-listen(\"127.0.0.1\", 0)", "err(\"bind: access-denied\")"),
            // Any local address: which connecting binds to first, and which leads nowhere else.
            ("tcp-listen(\"0.0.0.0\", 0)", "err(\"listen: access-denied\")"),
        ],
    );
}

#[test]
fn udp_leads_to_the_granted_address_alone() {
    let (granted, asked) = answerer();
    let (connected, also_asked) = answerer();
    let bound = unused_port(UdpSocket::bind::<SocketAddr>);
    let place = Place::new("udp");
    let list = [granted, connected, bound].map(|port| format!("'udp:127.0.0.1:{port}'")).join(",");
    let app = place.probe("p.toml", &grants(&list)).app();
    let stranger = UdpSocket::bind(LOCAL).unwrap();
    stranger.set_nonblocking(true).unwrap();
    let other = stranger.local_addr().unwrap().port();
    expect(
        &app,
        "p",
        &[
            // What comes from elsewhere is not delivered.
            (&format!("udp-ask(\"127.0.0.1\", {granted}, \"one\", false)"), "ok(\"answer\")"),
            (&format!("udp-ask(\"127.0.0.1\", {connected}, \"two\", true)"), "ok(\"answer\")"),
            (&format!("udp-ask(\"127.0.0.1\", {other}, \"three\", false)"), "err(\"send: access-denied\")"),
            (&format!("udp-ask(\"127.0.0.1\", {other}, \"four\", true)"), "err(\"connect: access-denied\")"),
            (&format!("udp-bind(\"127.0.0.1\", {bound})"), "ok"),
            (&format!("udp-bind(\"127.0.0.1\", {})", bound + 1), "err(\"bind: access-denied\")"),
            (&format!("udp-bind(\"0.0.0.0\", {bound})"), "err(\"bind: access-denied\")"),
            (&format!("tcp-connect(\"127.0.0.1\", {granted})"), "err(\"socket: access-denied\")"),
            (&format!("tcp-listen(\"127.0.0.1\", {granted})"), "err(\"socket: access-denied\")"),
        ],
    );
    assert_eq!((asked.join().unwrap(), also_asked.join().unwrap()), (b"one".to_vec(), b"two".to_vec()));
    assert_eq!(stranger.recv(&mut [0; 10]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn names_are_looked_up_where_that_is_granted() {
    let port = greeter();
    let place = Place::new("dns");
    let app = place.probe("p.toml", &grants("'dns'")).app();
    let answer = ask(&app, "p", "resolve(\"localhost\")");
    assert!(answer.contains("\"127.0.0.1\"") || answer.contains("\"::1\""), "{answer}");
    expect(
        &app,
        "p",
        &[
            ("resolve(\"127.0.0.1\")", "ok([\"127.0.0.1\"])"),
            ("resolve(\"no host\")", "err(\"resolve: invalid-argument\")"),
            (&format!("tcp-connect(\"127.0.0.1\", {port})"), "err(\"socket: access-denied\")"),
        ],
    );
}

#[test]
fn waiting_for_an_answer_ends_with_the_plugins_time() {
    let (tcp, udp) = (silent_tcp(), silent_udp());
    let place = Place::new("silence");
    let grants = grants(&format!("'tcp:127.0.0.1:{tcp}', 'udp:127.0.0.1:{udp}'"));
    let app = place.probe("p.toml", &format!("{grants}[limits]\ntimeout = '200ms'\n")).app();
    for question in
        [format!("tcp-connect(\"127.0.0.1\", {tcp})"), format!("udp-ask(\"127.0.0.1\", {udp}, \"\", false)")]
    {
        let (error, took) = failure(&app, "p", &question);
        assert_eq!(error.kind().code(), "timeout", "{error}");
        assert!(took < PATIENCE, "{took:?}");
    }
}
