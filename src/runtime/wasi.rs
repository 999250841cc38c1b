use std::collections::BTreeMap;
use std::net::SocketAddr;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::sockets::SocketAddrUse;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};
use wasmtime_wasi_config::WasiConfigVariables;

use super::log::Lines;
use super::output::OutputSink;
use super::output_stream::OutputStream;
use super::stream::GuestStream;
use crate::call::{GrantedFolder, OpenFiles, Wasi};
use crate::model::{NetworkGrant, PluginId, Stdio, WasiGrants};

/// Everything that a plugin gets of WASI.
pub(super) struct Grants<'a> {
    pub(super) id: &'a PluginId,
    pub(super) wasi: &'a WasiGrants,
    pub(super) config: &'a BTreeMap<String, String>,
    /// The folders, open.
    pub(super) folders: Vec<GrantedFolder>,
    /// How many files it may have open.
    pub(super) open_files: u32,
    /// Arguments in place of those of the manifest; then the standard streams are those of the
    /// process.
    pub(super) args: Option<&'a [String]>,
    /// Where output goes in place of what the manifest says, and of the process' streams.
    pub(super) output: Option<&'a OutputSink>,
}

/// Puts together what is granted.
pub(super) fn open(grants: Grants<'_>) -> Wasi {
    let Grants { id, wasi, .. } = grants;
    let mut builder = WasiCtx::builder();
    builder.arg(id.as_str()).args(grants.args.unwrap_or(&wasi.args));
    for (name, value) in &wasi.env {
        builder.env(name, value);
    }
    // A file call blocks the thread either way: nothing runs on it but this call.
    builder.allow_blocking_current_thread(true);
    streams(&mut builder, &grants);
    network(&mut builder, &wasi.network);
    let config = grants.config.iter().map(|(key, value)| (key.clone(), value.clone()));
    Wasi {
        context: builder.build(),
        table: ResourceTable::new(),
        config: WasiConfigVariables::from_iter(config),
        folders: grants.folders,
        open_files: OpenFiles::new(Some(id.clone()), grants.open_files),
    }
}

fn streams(builder: &mut WasiCtxBuilder, grants: &Grants<'_>) {
    let wasi = grants.wasi;
    let inherit = grants.args.is_some();
    // There is no logging what is read: the manifest allows `null` and `inherit` alone.
    if inherit || wasi.stdin == Stdio::Inherit {
        builder.inherit_stdin();
    }
    if let Some(sink) = grants.output {
        let to_sink = |stream| sink.stream(grants.id, stream);
        builder.stdout(to_sink(OutputStream::Stdout)).stderr(to_sink(OutputStream::Stderr));
        return;
    }
    let log = |stream| GuestStream::new(Lines::logged(grants.id.clone(), stream));
    match wasi.stdout {
        _ if inherit => builder.inherit_stdout(),
        Stdio::Inherit => builder.inherit_stdout(),
        Stdio::Log => builder.stdout(log(OutputStream::Stdout)),
        Stdio::Null => builder,
    };
    match wasi.stderr {
        _ if inherit => builder.inherit_stderr(),
        Stdio::Inherit => builder.inherit_stderr(),
        Stdio::Log => builder.stderr(log(OutputStream::Stderr)),
        Stdio::Null => builder,
    };
}

fn network(builder: &mut WasiCtxBuilder, grants: &[NetworkGrant]) {
    builder.allow_tcp(grants.iter().any(|grant| matches!(grant, NetworkGrant::Tcp(..))));
    builder.allow_udp(grants.iter().any(|grant| matches!(grant, NetworkGrant::Udp(..))));
    builder.allow_ip_name_lookup(grants.contains(&NetworkGrant::Dns));
    let grants = grants.to_vec();
    builder.socket_addr_check(move |address, reason| {
        let allowed = allows(&grants, address, reason);
        Box::pin(async move { allowed })
    });
}

/// Whether an address may be used so. Exactly the granted ones may, except for two things that are
/// needed to use them and lead nowhere else.
fn allows(grants: &[NetworkGrant], address: SocketAddr, reason: SocketAddrUse) -> bool {
    let tcp = grants.contains(&NetworkGrant::Tcp(address.ip(), address.port()));
    let udp = grants.contains(&NetworkGrant::Udp(address.ip(), address.port()));
    // Connecting and sending bind an unbound socket to any local port first.
    let any_local = address.ip().is_unspecified() && address.port() == 0;
    match reason {
        SocketAddrUse::TcpBind => tcp || any_local,
        SocketAddrUse::TcpListen | SocketAddrUse::TcpConnect => tcp,
        // Whoever listens has been granted the address; its clients have addresses of their own.
        SocketAddrUse::TcpAccept => true,
        SocketAddrUse::UdpBind => udp || any_local,
        SocketAddrUse::UdpSend | SocketAddrUse::UdpReceive => udp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_granted_addresses_may_be_used() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let grants = [NetworkGrant::Tcp([127, 0, 0, 1].into(), 8080), NetworkGrant::Udp([127, 0, 0, 1].into(), 53)];
        let allows = |text: &str, reason| allows(&grants, address(text), reason);
        assert!(allows("127.0.0.1:8080", SocketAddrUse::TcpConnect));
        assert!(allows("127.0.0.1:8080", SocketAddrUse::TcpBind));
        assert!(allows("0.0.0.0:0", SocketAddrUse::TcpBind));
        assert!(allows("127.0.0.1:53", SocketAddrUse::UdpSend));
        assert!(!allows("0.0.0.0:0", SocketAddrUse::TcpListen));
        assert!(!allows("127.0.0.1:8081", SocketAddrUse::TcpConnect));
        assert!(!allows("127.0.0.2:8080", SocketAddrUse::TcpConnect));
        assert!(!allows("127.0.0.1:53", SocketAddrUse::TcpConnect));
        assert!(!allows("127.0.0.1:8080", SocketAddrUse::UdpSend));
        assert!(!allows("127.0.0.1:54", SocketAddrUse::UdpReceive));
    }
}
