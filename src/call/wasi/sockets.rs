//! `wasi:sockets`: what is opened is counted, all else is passed on.

use std::convert::identity;

use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup::{self, ResolveAddressStream};
use wasmtime_wasi::p2::bindings::sockets::network::{self, ErrorCode, IpAddress, Network};
use wasmtime_wasi::p2::bindings::sockets::{instance_network, tcp_create_socket, udp as plain_udp};
use wasmtime_wasi::p2::bindings::sync::sockets::tcp::{
    self, Duration, HostTcpSocket, IpAddressFamily, IpSocketAddress, ShutdownType, TcpSocket,
};
use wasmtime_wasi::p2::bindings::sync::sockets::udp::{
    self, HostIncomingDatagramStream, HostOutgoingDatagramStream, HostUdpSocket, IncomingDatagram,
    IncomingDatagramStream, OutgoingDatagram, OutgoingDatagramStream, UdpSocket,
};
use wasmtime_wasi::p2::bindings::sync::sockets::udp_create_socket;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, SocketError, SocketResult};

use super::open_files::Full;
use super::{Face, pass_on};
use crate::call::waits::wait;

fn too_many(_: Full) -> SocketError {
    ErrorCode::NewSocketLimit.into()
}

impl Face<'_> {
    /// Notes what has been opened under a handle.
    fn noted<T: 'static>(&mut self, opened: Resource<T>) -> Resource<T> {
        self.open.opened(opened.rep());
        opened
    }
}

impl instance_network::Host for Face<'_> {
    fn instance_network(&mut self) -> Result<Resource<Network>> {
        instance_network::Host::instance_network(&mut self.sockets())
    }
}

impl network::Host for Face<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> Result<ErrorCode> {
        network::Host::convert_error_code(&mut self.sockets(), error)
    }

    fn network_error_code(&mut self, error: Resource<wasmtime::Error>) -> Result<Option<ErrorCode>> {
        network::Host::network_error_code(&mut self.sockets(), error)
    }
}

impl network::HostNetwork for Face<'_> {
    fn drop(&mut self, network: Resource<Network>) -> Result<()> {
        network::HostNetwork::drop(&mut self.sockets(), network)
    }
}

/// A look-up has a thread of the process while it lasts, and a socket on it.
impl ip_name_lookup::Host for Face<'_> {
    fn resolve_addresses(
        &mut self,
        network: Resource<Network>,
        name: String,
    ) -> SocketResult<Resource<ResolveAddressStream>> {
        self.open.room().map_err(|_| ErrorCode::TemporaryResolverFailure)?;
        let opened = ip_name_lookup::Host::resolve_addresses(&mut self.sockets(), network, name)?;
        Ok(self.noted(opened))
    }
}

impl ip_name_lookup::HostResolveAddressStream for Face<'_> {
    fn resolve_next_address(&mut self, lookup: Resource<ResolveAddressStream>) -> SocketResult<Option<IpAddress>> {
        ip_name_lookup::HostResolveAddressStream::resolve_next_address(&mut self.sockets(), lookup)
    }

    fn subscribe(&mut self, lookup: Resource<ResolveAddressStream>) -> Result<Resource<DynPollable>> {
        ip_name_lookup::HostResolveAddressStream::subscribe(&mut self.sockets(), lookup)
    }

    // A look-up that has begun cannot be called off. It keeps its place until it ends, so that a plugin cannot begin
    // one after the other.
    fn drop(&mut self, lookup: Resource<ResolveAddressStream>) -> Result<()> {
        let handle = lookup.rep();
        let begun = self.table.delete(lookup)?;
        self.open.lingers(handle, Box::new(begun));
        Ok(())
    }
}

impl tcp_create_socket::Host for Face<'_> {
    fn create_tcp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        self.open.room().map_err(too_many)?;
        let opened = tcp_create_socket::Host::create_tcp_socket(&mut self.sockets(), family)?;
        Ok(self.noted(opened))
    }
}

impl tcp::Host for Face<'_> {}

impl HostTcpSocket for Face<'_> {
    // Waiting for a connection accepts it, before the plugin asks for it: it needs a place already then.
    fn start_listen(&mut self, socket: Resource<TcpSocket>) -> SocketResult<()> {
        self.open.room().map_err(too_many)?;
        let handle = socket.rep();
        HostTcpSocket::start_listen(&mut self.sockets(), socket)?;
        self.open.listens(handle);
        Ok(())
    }

    fn accept(
        &mut self,
        socket: Resource<TcpSocket>,
    ) -> SocketResult<(Resource<TcpSocket>, Resource<DynInputStream>, Resource<DynOutputStream>)> {
        self.open.room().map_err(too_many)?;
        let (accepted, input, output) = HostTcpSocket::accept(&mut self.sockets(), socket)?;
        Ok((self.noted(accepted), input, output))
    }

    fn drop(&mut self, socket: Resource<TcpSocket>) -> Result<()> {
        let handle = socket.rep();
        HostTcpSocket::drop(&mut self.sockets(), socket)?;
        self.open.closed(handle);
        Ok(())
    }

    pass_on! { sockets as HostTcpSocket:
        start_bind(
            socket: Resource<TcpSocket>, network: Resource<Network>, address: IpSocketAddress
        ) -> SocketResult<()>;
        finish_bind(socket: Resource<TcpSocket>) -> SocketResult<()>;
        start_connect(
            socket: Resource<TcpSocket>, network: Resource<Network>, address: IpSocketAddress
        ) -> SocketResult<()>;
        finish_connect(
            socket: Resource<TcpSocket>
        ) -> SocketResult<(Resource<DynInputStream>, Resource<DynOutputStream>)>;
        finish_listen(socket: Resource<TcpSocket>) -> SocketResult<()>;
        local_address(socket: Resource<TcpSocket>) -> SocketResult<IpSocketAddress>;
        remote_address(socket: Resource<TcpSocket>) -> SocketResult<IpSocketAddress>;
        is_listening(socket: Resource<TcpSocket>) -> Result<bool>;
        address_family(socket: Resource<TcpSocket>) -> Result<IpAddressFamily>;
        set_listen_backlog_size(socket: Resource<TcpSocket>, size: u64) -> SocketResult<()>;
        keep_alive_enabled(socket: Resource<TcpSocket>) -> SocketResult<bool>;
        set_keep_alive_enabled(socket: Resource<TcpSocket>, enabled: bool) -> SocketResult<()>;
        keep_alive_idle_time(socket: Resource<TcpSocket>) -> SocketResult<Duration>;
        set_keep_alive_idle_time(socket: Resource<TcpSocket>, time: Duration) -> SocketResult<()>;
        keep_alive_interval(socket: Resource<TcpSocket>) -> SocketResult<Duration>;
        set_keep_alive_interval(socket: Resource<TcpSocket>, time: Duration) -> SocketResult<()>;
        keep_alive_count(socket: Resource<TcpSocket>) -> SocketResult<u32>;
        set_keep_alive_count(socket: Resource<TcpSocket>, count: u32) -> SocketResult<()>;
        hop_limit(socket: Resource<TcpSocket>) -> SocketResult<u8>;
        set_hop_limit(socket: Resource<TcpSocket>, limit: u8) -> SocketResult<()>;
        receive_buffer_size(socket: Resource<TcpSocket>) -> SocketResult<u64>;
        set_receive_buffer_size(socket: Resource<TcpSocket>, size: u64) -> SocketResult<()>;
        send_buffer_size(socket: Resource<TcpSocket>) -> SocketResult<u64>;
        set_send_buffer_size(socket: Resource<TcpSocket>, size: u64) -> SocketResult<()>;
        subscribe(socket: Resource<TcpSocket>) -> Result<Resource<DynPollable>>;
        shutdown(socket: Resource<TcpSocket>, which: ShutdownType) -> SocketResult<()>;
    }
}

impl udp_create_socket::Host for Face<'_> {
    fn create_udp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
        self.open.room().map_err(too_many)?;
        let opened = udp_create_socket::Host::create_udp_socket(&mut self.sockets(), family)?;
        Ok(self.noted(opened))
    }
}

impl udp::Host for Face<'_> {}

impl HostUdpSocket for Face<'_> {
    fn drop(&mut self, socket: Resource<UdpSocket>) -> Result<()> {
        let handle = socket.rep();
        HostUdpSocket::drop(&mut self.sockets(), socket)?;
        self.open.closed(handle);
        Ok(())
    }

    pass_on! { sockets as HostUdpSocket:
        start_bind(
            socket: Resource<UdpSocket>, network: Resource<Network>, address: IpSocketAddress
        ) -> SocketResult<()>;
        finish_bind(socket: Resource<UdpSocket>) -> SocketResult<()>;
        stream(
            socket: Resource<UdpSocket>, address: Option<IpSocketAddress>
        ) -> SocketResult<(Resource<IncomingDatagramStream>, Resource<OutgoingDatagramStream>)>;
        local_address(socket: Resource<UdpSocket>) -> SocketResult<IpSocketAddress>;
        remote_address(socket: Resource<UdpSocket>) -> SocketResult<IpSocketAddress>;
        address_family(socket: Resource<UdpSocket>) -> Result<IpAddressFamily>;
        unicast_hop_limit(socket: Resource<UdpSocket>) -> SocketResult<u8>;
        set_unicast_hop_limit(socket: Resource<UdpSocket>, limit: u8) -> SocketResult<()>;
        receive_buffer_size(socket: Resource<UdpSocket>) -> SocketResult<u64>;
        set_receive_buffer_size(socket: Resource<UdpSocket>, size: u64) -> SocketResult<()>;
        send_buffer_size(socket: Resource<UdpSocket>) -> SocketResult<u64>;
        set_send_buffer_size(socket: Resource<UdpSocket>, size: u64) -> SocketResult<()>;
        subscribe(socket: Resource<UdpSocket>) -> Result<Resource<DynPollable>>;
    }
}

impl HostIncomingDatagramStream for Face<'_> {
    pass_on! { sockets as HostIncomingDatagramStream:
        receive(stream: Resource<IncomingDatagramStream>, most: u64) -> SocketResult<Vec<IncomingDatagram>>;
        subscribe(stream: Resource<IncomingDatagramStream>) -> Result<Resource<DynPollable>>;
        drop(stream: Resource<IncomingDatagramStream>) -> Result<()>;
    }
}

impl HostOutgoingDatagramStream for Face<'_> {
    // This waits for a datagram that is being sent.
    fn drop(&mut self, stream: Resource<OutgoingDatagramStream>) -> Result<()> {
        let left = self.left;
        let mut sockets = self.sockets();
        wait(left, identity, plain_udp::HostOutgoingDatagramStream::drop(&mut sockets, stream))
    }

    pass_on! { sockets as HostOutgoingDatagramStream:
        check_send(stream: Resource<OutgoingDatagramStream>) -> SocketResult<u64>;
        send(stream: Resource<OutgoingDatagramStream>, datagrams: Vec<OutgoingDatagram>) -> SocketResult<u64>;
        subscribe(stream: Resource<OutgoingDatagramStream>) -> Result<Resource<DynPollable>>;
    }
}
