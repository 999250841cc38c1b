use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// Where one of a plugin's standard streams leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stdio {
    /// Nowhere: reads end at once, writes vanish.
    Null,
    /// To the stream of the process.
    Inherit,
    /// Line by line to `tracing`, under the plugin's id (output only).
    Log,
}

impl Stdio {
    /// The word that manifests use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Inherit => "inherit",
            Self::Log => "log",
        }
    }
}

/// What a plugin may do with the files of a granted directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Read only.
    Read,
    /// Read, write, create and remove.
    ReadWrite,
}

impl Access {
    /// The word that manifests use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::ReadWrite => "read-write",
        }
    }
}

/// A directory of the host that a plugin sees.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DirGrant {
    /// Path on the host, relative to the app's folder unless absolute.
    pub host: String,
    /// Absolute path that the plugin sees.
    pub guest: String,
    /// What may be done with the files in it.
    pub access: Access,
}

/// One thing that a plugin may do on the network. Its text is that of manifests: `tcp:127.0.0.1:8080`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum NetworkGrant {
    /// TCP with this address.
    Tcp(IpAddr, u16),
    /// UDP with this address.
    Udp(IpAddr, u16),
    /// Looking names up.
    Dns,
}

/// As manifests write it: `tcp:127.0.0.1:8080`, `udp:[::1]:53`, `dns`.
impl fmt::Display for NetworkGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(ip, port) => write!(f, "tcp:{}", SocketAddr::new(*ip, *port)),
            Self::Udp(ip, port) => write!(f, "udp:{}", SocketAddr::new(*ip, *port)),
            Self::Dns => f.write_str("dns"),
        }
    }
}

impl serde::Serialize for NetworkGrant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a plugin is granted of WASI. The default grants nothing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct WasiGrants {
    /// Arguments after `argv[0]`, which is the plugin's id.
    pub args: Vec<String>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Standard input: `Null` or `Inherit`.
    pub stdin: Stdio,
    /// Standard output.
    pub stdout: Stdio,
    /// Standard error.
    pub stderr: Stdio,
    /// Directories.
    pub dirs: Vec<DirGrant>,
    /// Network addresses and name look-ups.
    pub network: Vec<NetworkGrant>,
}

impl Default for WasiGrants {
    fn default() -> Self {
        Self {
            args: Vec::new(),
            env: BTreeMap::new(),
            stdin: Stdio::Null,
            stdout: Stdio::Log,
            stderr: Stdio::Log,
            dirs: Vec::new(),
            network: Vec::new(),
        }
    }
}
