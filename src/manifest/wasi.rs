use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, SocketAddr};

use super::WasiEntries;
use super::path::guest as guest_path;
use super::reader::{Item, Reader, Table, shown};
use super::value::{filled_text, text, word};
use crate::diagnostic::Spanned;
use crate::model::{Access, DirGrant, NetworkGrant, Stdio};

const INPUTS: [(&str, Stdio); 2] = [named(Stdio::Null), named(Stdio::Inherit)];
const OUTPUTS: [(&str, Stdio); 3] = [named(Stdio::Log), named(Stdio::Null), named(Stdio::Inherit)];
const ACCESSES: [(&str, Access); 2] =
    [(Access::Read.as_str(), Access::Read), (Access::ReadWrite.as_str(), Access::ReadWrite)];

const fn named(stream: Stdio) -> (&'static str, Stdio) {
    (stream.as_str(), stream)
}

/// Reads `[wasi]`, or `wasi` of `[plugins.ID]`.
pub(super) fn wasi(reader: &mut Reader, table: Option<Table<'_>>) -> WasiEntries {
    let Some(mut table) = table else {
        return WasiEntries::default();
    };
    let entries = WasiEntries {
        args: table.read(reader, "args", |item, reader| {
            list(item, reader, "[\"--fast\"]", |item, reader| text(item, reader, "\"--fast\""))
        }),
        env: table.read(reader, "env", env),
        stdin: table.read(reader, "stdin", |item, reader| word(item, reader, &INPUTS)),
        stdout: table.read(reader, "stdout", |item, reader| word(item, reader, &OUTPUTS)),
        stderr: table.read(reader, "stderr", |item, reader| word(item, reader, &OUTPUTS)),
        dirs: table.read(reader, "dirs", dirs),
        network: table.read(reader, "network", |item, reader| list(item, reader, "[\"tcp:127.0.0.1:8080\"]", network)),
    };
    table.finish(reader);
    entries
}

/// The elements of an array, those left out that `parse` refuses.
fn list<'a, T>(
    item: &Item<'a>,
    reader: &mut Reader,
    example: &str,
    parse: impl Fn(&Item<'a>, &mut Reader) -> Option<T>,
) -> Option<Vec<Spanned<T>>> {
    let elements = item.array(reader, example)?.into_iter();
    Some(elements.filter_map(|item| parse(&item, reader).map(|value| Spanned::new(value, item.span))).collect())
}

/// The items of a table of texts, by key, with the place of each value.
pub(super) fn texts(reader: &mut Reader, table: Table<'_>, example: &str) -> BTreeMap<String, Spanned<String>> {
    let mut texts = BTreeMap::new();
    for item in table.items() {
        if item.key.is_empty() || item.key.contains('\0') {
            let message = format!("the key `{}` must have characters, and not NUL", item.path);
            reader.error(&item.key_span, message, "not a usable name", "write a name, or remove the line");
            continue;
        }
        if let Some(value) = text(&item, reader, example) {
            texts.insert(item.key.to_owned(), Spanned::new(value, item.span));
        }
    }
    texts
}

fn env(item: &Item<'_>, reader: &mut Reader) -> Option<BTreeMap<String, Spanned<String>>> {
    let table = item.table(reader, item.advice("{ LANG = \"C\" }"))?;
    let mut variables = texts(reader, table, "\"C\"");
    let names = item.table(reader, String::new())?.items();
    for name in names.into_iter().filter(|name| name.key.contains('=')) {
        variables.remove(name.key);
        let message = format!("the key `{}` is not the name of an environment variable", name.path);
        reader.error(&name.key_span, message, "contains `=`", "write the name alone, such as `LANG = \"C\"`");
    }
    Some(variables)
}

fn dirs(item: &Item<'_>, reader: &mut Reader) -> Option<Vec<Spanned<DirGrant>>> {
    const EXAMPLE: &str = "[{ host = \"data\", guest = \"/data\", access = \"read\" }]";
    let dirs: Vec<Spanned<DirGrant>> = list(item, reader, EXAMPLE, dir)?;
    let mut seen = HashSet::new();
    let mut kept = Vec::with_capacity(dirs.len());
    for Spanned { value: dir, span } in dirs {
        let guest = guest_path(&dir.guest);
        if seen.insert(guest.clone()) {
            kept.push(Spanned::new(DirGrant { guest, ..dir }, span));
            continue;
        }
        let message = format!("`{}` has the guest path `{}` twice", item.path, shown(&guest));
        let label = match guest == dir.guest {
            true => "the second one".to_owned(),
            false => format!("the second one, written `{}`", shown(&dir.guest)),
        };
        reader.error(&span, message, label, "give each directory a guest path of its own");
    }
    Some(kept)
}

fn dir(item: &Item<'_>, reader: &mut Reader) -> Option<DirGrant> {
    let mut table = item.table(reader, item.advice("{ host = \"data\", guest = \"/data\", access = \"read\" }"))?;
    let host = table.require(reader, "host", "\"data\"", |item, reader| filled_text(item, reader, "\"data\""));
    let guest = table.require(reader, "guest", "\"/data\"", guest);
    let access = table.require(reader, "access", "\"read\"", |item, reader| word(item, reader, &ACCESSES));
    table.finish(reader);
    Some(DirGrant { host: host?.value, guest: guest?.value, access: access?.value })
}

fn guest(item: &Item<'_>, reader: &mut Reader) -> Option<String> {
    const EXAMPLE: &str = "\"/data\"";
    let path = filled_text(item, reader, EXAMPLE)?;
    if !path.starts_with('/') {
        let label = "expected a path that begins with `/`".to_owned();
        return item.wrong_value(reader, "must be absolute", label, item.advice(EXAMPLE));
    }
    Some(path)
}

fn network(item: &Item<'_>, reader: &mut Reader) -> Option<NetworkGrant> {
    const HELP: &str = "write `\"tcp:127.0.0.1:8080\"`, `\"udp:[::1]:53\"` or `\"dns\"`";
    let text = item.string(reader, "\"tcp:127.0.0.1:8080\"")?;
    let parsed = match text.split_once(':') {
        None if text == "dns" => Ok(NetworkGrant::Dns),
        Some(("tcp", address)) => socket(address).map(|(ip, port)| NetworkGrant::Tcp(ip, port)),
        Some(("udp", address)) => socket(address).map(|(ip, port)| NetworkGrant::Udp(ip, port)),
        _ => Err("expected `tcp:IP:PORT`, `udp:IP:PORT` or `dns`"),
    };
    match parsed {
        Ok(grant) => Some(grant),
        Err(reason) => item.wrong_value(reader, "is not a network grant", reason.to_owned(), HELP.to_owned()),
    }
}

fn socket(text: &str) -> Result<(IpAddr, u16), &'static str> {
    // A scope id (`fe80::1%2`) has no meaning here, and an address is one address: no names.
    match text.parse::<SocketAddr>() {
        Ok(_) if text.contains('%') => Err("an address with a scope is not supported"),
        Ok(address) if address.port() == 0 => Err("expected a port from 1 to 65535"),
        Ok(address) => Ok((address.ip(), address.port())),
        Err(_) => Err("expected an IP address (IPv6 in brackets), `:` and a port from 1 to 65535"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::testing::{below_plugin, good_manifest};

    #[test]
    fn every_grant_is_read() {
        let wasi = good_manifest(
            r#"
            [plugin]
            component = "a.wasm"
            [wasi]
            args = ["--fast", ""]
            env.LANG = "C"
            env.EMPTY = ""
            stdin = "inherit"
            stdout = "null"
            stderr = "log"
            network = ["tcp:127.0.0.1:8080", "udp:[::1]:53", "dns"]
            [[wasi.dirs]]
            host = "data"
            guest = "/data"
            access = "read-write"
            "#,
        )
        .wasi;
        let texts = |list: Spanned<Vec<Spanned<String>>>| list.value.into_iter().map(|it| it.value).collect::<Vec<_>>();
        assert_eq!(wasi.args.map(texts), Some(vec!["--fast".to_owned(), String::new()]));
        let env = wasi.env.map(|env| env.value).unwrap_or_default();
        assert_eq!(
            env.into_iter().map(|(k, v)| (k, v.value)).collect::<Vec<_>>(),
            [("EMPTY".to_owned(), String::new()), ("LANG".to_owned(), "C".to_owned())]
        );
        assert_eq!(wasi.stdin.map(|it| it.value), Some(Stdio::Inherit));
        assert_eq!(wasi.stdout.map(|it| it.value), Some(Stdio::Null));
        assert_eq!(wasi.stderr.map(|it| it.value), Some(Stdio::Log));
        let network: Vec<_> = wasi.network.into_iter().flat_map(|it| it.value).map(|it| it.value).collect();
        let tcp = NetworkGrant::Tcp(IpAddr::from([127, 0, 0, 1]), 8080);
        let udp = NetworkGrant::Udp(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]), 53);
        assert_eq!(network, [tcp, udp, NetworkGrant::Dns]);
        let dirs: Vec<_> = wasi.dirs.into_iter().flat_map(|it| it.value).map(|it| it.value).collect();
        assert_eq!(dirs, [DirGrant { host: "data".into(), guest: "/data".into(), access: Access::ReadWrite }]);
    }

    #[test]
    fn nonsense_is_reported_where_it_stands() {
        for (line, expected) in [
            ("args = '--fast'", "4:8 wrong type for `wasi.args`"),
            ("args = ['a', 1]", "4:14 wrong type for `wasi.args[1]`"),
            (r#"args = ["a\u0000"]"#, "4:9 `wasi.args[0]` must not contain NUL"),
            ("env = ['A']", "4:7 wrong type for `wasi.env`"),
            ("env = {A = 1}", "4:12 wrong type for `wasi.env.A`"),
            ("env = {'' = 'x'}", "4:8 the key `wasi.env.\"\"` must have characters, and not NUL"),
            ("env = {'A=B' = 'x'}", "4:8 the key `wasi.env.\"A=B\"` is not the name of an environment variable"),
            ("stdin = 'log'", "4:9 `wasi.stdin` cannot be `log`"),
            ("stdout = 'inherits'", "4:10 `wasi.stdout` cannot be `inherits`"),
            ("stderr = 1", "4:10 wrong type for `wasi.stderr`"),
            ("dirs = {}", "4:8 wrong type for `wasi.dirs`"),
            ("dirs = ['data']", "4:9 wrong type for `wasi.dirs[0]`"),
            ("dirs = [{host = 'a', guest = '/a'}]", "4:9 missing key `wasi.dirs[0].access`"),
            ("dirs = [{host = '', guest = '/a', access = 'read'}]", "4:17 `wasi.dirs[0].host` must not be empty"),
            ("dirs = [{host = 'a', guest = 'a', access = 'read'}]", "4:30 `wasi.dirs[0].guest` must be absolute"),
            ("dirs = [{host = 'a', guest = '/a', access = 'write'}]", "4:45 `wasi.dirs[0].access` cannot be `write`"),
            ("dirs = [{host = 'a', guest = '/a', access = 'read', x = 1}]", "4:53 unknown key `wasi.dirs[0].x`"),
            (
                "dirs = [{host = 'a', guest = '/a', access = 'read'}, {host = 'b', guest = '/a', access = 'read'}]",
                "4:54 `wasi.dirs` has the guest path `/a` twice",
            ),
            (
                "dirs = [{host = 'a', guest = '/a', access = 'read'}, {host = 'b', guest = '/x/..//a/', access = 'read'}]",
                "4:54 `wasi.dirs` has the guest path `/a` twice",
            ),
            ("network = ['tcp:localhost:80']", "4:12 `wasi.network[0]` is not a network grant"),
            ("network = ['tcp:127.0.0.1:0']", "4:12 `wasi.network[0]` is not a network grant"),
            ("network = ['tcp:127.0.0.1:65536']", "4:12 `wasi.network[0]` is not a network grant"),
            ("network = ['tcp:127.0.0.1']", "4:12 `wasi.network[0]` is not a network grant"),
            ("network = ['udp:::1:53']", "4:12 `wasi.network[0]` is not a network grant"),
            ("network = ['udp:[fe80::1%1]:53']", "4:12 `wasi.network[0]` is not a network grant"),
            ("network = ['http']", "4:12 `wasi.network[0]` is not a network grant"),
            ("network = ['']", "4:12 `wasi.network[0]` is not a network grant"),
            ("network = [1979-05-27]", "4:12 wrong type for `wasi.network[0]`"),
            ("files = []", "4:1 unknown key `wasi.files`"),
        ] {
            assert_eq!(below_plugin(&format!("[wasi]\n{line}")), [expected], "{line}");
        }
    }
}
