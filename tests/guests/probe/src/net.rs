//! Sockets and names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::resolve_addresses;
use wasip2::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use wasip2::sockets::tcp::TcpSocket;
use wasip2::sockets::tcp_create_socket::create_tcp_socket;
use wasip2::sockets::udp::{OutgoingDatagram, UdpSocket};
use wasip2::sockets::udp_create_socket::create_udp_socket;

use crate::streams;

type Done<T = ()> = Result<T, String>;

/// The address, as WASI has it.
pub fn address(ip: &str, port: u16) -> Done<IpSocketAddress> {
    match ip.parse().map_err(|_| format!("no address: {ip}"))? {
        IpAddr::V4(ip) => Ok(IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: ip.octets().into() })),
        IpAddr::V6(ip) => {
            let address = ip.segments().into();
            Ok(IpSocketAddress::Ipv6(Ipv6SocketAddress { port, flow_info: 0, address, scope_id: 0 }))
        }
    }
}

/// Connects, and reads what the other side writes.
pub fn tcp_connect(address: IpSocketAddress) -> Done<String> {
    let socket = tcp_socket(address)?;
    socket.start_connect(&instance_network(), address).map_err(at("connect"))?;
    let (input, _output) = finish("connect", || socket.finish_connect(), || socket.subscribe().block())?;
    Ok(streams::text(streams::read_to_end(&input)))
}

/// Listens, until it returns.
pub fn tcp_listen(address: IpSocketAddress) -> Done {
    let socket = tcp_socket(address)?;
    socket.start_bind(&instance_network(), address).map_err(at("bind"))?;
    finish("bind", || socket.finish_bind(), || socket.subscribe().block())?;
    socket.start_listen().map_err(at("listen"))?;
    finish("listen", || socket.finish_listen(), || socket.subscribe().block())
}

/// Sends to the address and receives one datagram.
pub fn udp_ask(address: IpSocketAddress, text: String, connected: bool) -> Done<String> {
    let socket = udp_socket(address)?;
    bind(&socket, any_of(address))?;
    let (incoming, outgoing) = socket.stream(connected.then_some(address)).map_err(at("connect"))?;
    outgoing.subscribe().block();
    outgoing.check_send().map_err(at("send"))?;
    let datagram = OutgoingDatagram { data: text.into_bytes(), remote_address: (!connected).then_some(address) };
    outgoing.send(&[datagram]).map_err(at("send"))?;
    loop {
        incoming.subscribe().block();
        if let Some(datagram) = incoming.receive(1).map_err(at("receive"))?.pop() {
            return Ok(streams::text(datagram.data));
        }
    }
}

/// Binds to the address, until it returns.
pub fn udp_bind(address: IpSocketAddress) -> Done {
    bind(&udp_socket(address)?, address)
}

/// The addresses of a name, sorted.
pub fn resolve(name: &str) -> Done<Vec<String>> {
    let stream = resolve_addresses(&instance_network(), name).map_err(at("resolve"))?;
    let mut addresses = Vec::new();
    while let Some(address) = finish("resolve", || stream.resolve_next_address(), || stream.subscribe().block())? {
        addresses.push(shown(address));
    }
    addresses.sort();
    Ok(addresses)
}

fn tcp_socket(address: IpSocketAddress) -> Done<TcpSocket> {
    create_tcp_socket(family(address)).map_err(at("socket"))
}

fn udp_socket(address: IpSocketAddress) -> Done<UdpSocket> {
    create_udp_socket(family(address)).map_err(at("socket"))
}

fn bind(socket: &UdpSocket, address: IpSocketAddress) -> Done {
    socket.start_bind(&instance_network(), address).map_err(at("bind"))?;
    finish("bind", || socket.finish_bind(), || socket.subscribe().block())
}

/// Tries until there is an answer.
fn finish<T>(step: &str, attempt: impl Fn() -> Result<T, ErrorCode>, wait: impl Fn()) -> Done<T> {
    loop {
        match attempt() {
            Err(ErrorCode::WouldBlock) => wait(),
            answer => return answer.map_err(at(step)),
        }
    }
}

fn family(address: IpSocketAddress) -> IpAddressFamily {
    match address {
        IpSocketAddress::Ipv4(_) => IpAddressFamily::Ipv4,
        IpSocketAddress::Ipv6(_) => IpAddressFamily::Ipv6,
    }
}

/// Any local address and port.
fn any_of(address: IpSocketAddress) -> IpSocketAddress {
    match address {
        IpSocketAddress::Ipv4(_) => IpSocketAddress::Ipv4(Ipv4SocketAddress { port: 0, address: (0, 0, 0, 0) }),
        IpSocketAddress::Ipv6(_) => {
            let address = (0, 0, 0, 0, 0, 0, 0, 0);
            IpSocketAddress::Ipv6(Ipv6SocketAddress { port: 0, flow_info: 0, address, scope_id: 0 })
        }
    }
}

fn shown(address: IpAddress) -> String {
    match address {
        IpAddress::Ipv4((a, b, c, d)) => Ipv4Addr::new(a, b, c, d).to_string(),
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => Ipv6Addr::new(a, b, c, d, e, f, g, h).to_string(),
    }
}

/// What to say where a step fails: `bind: access-denied`.
fn at(step: &str) -> impl Fn(ErrorCode) -> String {
    move |code| format!("{step}: {}", code.name())
}
