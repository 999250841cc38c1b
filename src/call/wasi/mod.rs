//! The one face over WASI's files and sockets: everything that a plugin does with them passes here, on its way to
//! `wasmtime-wasi`, which does the work.
//!
//! This is where the folders come from that a plugin is granted, and where what it opens is counted, and refused
//! over its limit.

mod files;
#[cfg(unix)]
mod listing;
mod open_files;
mod preopens;
mod sockets;

use std::time::Duration;

use wasmtime::Result;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::WasiCtx;
use wasmtime_wasi::filesystem::WasiFilesystemCtxView;
use wasmtime_wasi::p2::bindings::sockets::network;
use wasmtime_wasi::p2::bindings::{filesystem, sockets as plain, sync};
use wasmtime_wasi::sockets::WasiSocketsCtxView;
use wasmtime_wasi_config::WasiConfig;

use super::{PluginState, waits};
pub use open_files::OpenFiles;
pub use preopens::GrantedFolder;

/// What the functions work on: a plugin's part of WASI, for one call.
struct Face<'a> {
    context: &'a mut WasiCtx,
    table: &'a mut ResourceTable,
    folders: &'a [GrantedFolder],
    open: &'a mut OpenFiles,
    /// The time that is left to the entry.
    left: Option<Duration>,
}

impl Face<'_> {
    fn files(&mut self) -> WasiFilesystemCtxView<'_> {
        WasiFilesystemCtxView { ctx: self.context.filesystem(), table: self.table }
    }

    fn sockets(&mut self) -> WasiSocketsCtxView<'_> {
        WasiSocketsCtxView { ctx: self.context.sockets(), table: self.table }
    }
}

struct HasFace;

impl HasData for HasFace {
    type Data<'a> = Face<'a>;
}

fn face(state: &mut PluginState) -> Face<'_> {
    let left = state.time_left();
    let wasi = state.wasi();
    Face {
        context: &mut wasi.context,
        table: &mut wasi.table,
        folders: &wasi.folders,
        open: &mut wasi.open_files,
        left,
    }
}

/// Implements functions of an interface by passing them on as they are.
macro_rules! pass_on {
    ($to:ident as $host:ident: $($name:ident($($argument:ident: $ty:ty),*) -> $answer:ty;)*) => {
        $(fn $name(&mut self, $($argument: $ty),*) -> $answer {
            $host::$name(&mut self.$to(), $($argument),*)
        })*
    };
}
use pass_on;

/// Defines all that the runtime offers of WASI. Shadowing is allowed in the linker afterwards.
///
/// # Errors
/// When something of it is defined already.
pub fn add_wasi_to_linker(linker: &mut Linker<PluginState>) -> Result<()> {
    wasmtime_wasi::p2::add_to_linker_sync(linker)?;
    wasmtime_wasi_config::add_to_linker(linker, |state: &mut PluginState| WasiConfig::from(&state.wasi().config))?;
    // The runtime's own waits end with the deadline, which those of `wasmtime-wasi` do not.
    linker.allow_shadowing(true);
    waits::add_to_linker(linker)?;
    // And what a plugin opens is counted, which it does not do.
    add_face_to_linker(linker)
}

/// Defines `wasi:filesystem` and `wasi:sockets`, over what is defined already.
fn add_face_to_linker(linker: &mut Linker<PluginState>) -> Result<()> {
    filesystem::preopens::add_to_linker::<PluginState, HasFace>(linker, face)?;
    sync::filesystem::types::add_to_linker::<PluginState, HasFace>(linker, face)?;
    plain::instance_network::add_to_linker::<PluginState, HasFace>(linker, face)?;
    network::add_to_linker::<PluginState, HasFace>(linker, &network::LinkOptions::default(), face)?;
    plain::ip_name_lookup::add_to_linker::<PluginState, HasFace>(linker, face)?;
    plain::tcp_create_socket::add_to_linker::<PluginState, HasFace>(linker, face)?;
    sync::sockets::tcp::add_to_linker::<PluginState, HasFace>(linker, face)?;
    sync::sockets::udp_create_socket::add_to_linker::<PluginState, HasFace>(linker, face)?;
    sync::sockets::udp::add_to_linker::<PluginState, HasFace>(linker, face)
}
