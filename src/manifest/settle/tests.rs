use std::time::Duration;

use super::*;
use crate::manifest::testing::told;
use crate::manifest::{parse_app, parse_manifest};
use crate::model::{Access, Budget, DirGrant, NetworkGrant, RestartBudget, Stdio};

/// The settings of `markdown/plugin.toml`, and what is wrong with `app.toml`.
fn settled(manifest: &str, app: &str) -> (Settings, Vec<String>) {
    let (settings, diagnostics, sources) = settled_fully(manifest, app);
    (settings, told(&diagnostics, &sources))
}

fn settled_fully(manifest: &str, app: &str) -> (Settings, Vec<Diagnostic>, Sources) {
    let manifest = format!("[plugin]\ncomponent = 'a.wasm'\n{manifest}");
    let mut sources = Sources::default();
    let file = sources.add("markdown/plugin.toml", manifest.as_str());
    let app_file = sources.add("app.toml", app);
    let (parsed, problems) = parse_manifest(file, &manifest, "markdown");
    assert_eq!(problems, []);
    let (app, problems) = parse_app(app_file, app);
    assert_eq!(problems, []);
    let (settings, diagnostics) = settle(&parsed.expect("a manifest"), &sources, app.as_ref());
    assert!(diagnostics.iter().all(|diagnostic| diagnostic.code == Code::Pw401));
    (settings, diagnostics, sources)
}

const LIMITED: &str =
    "[limits]\nmemory = '64 MiB'\ntimeout = '5s'\nfuel = 1000\nrestart = { max = 2, within = '10s' }\n";

#[test]
fn without_words_the_defaults_hold() {
    let (settings, told) = settled("", "");
    assert_eq!(told, [""; 0]);
    assert!(settings.enabled);
    assert_eq!(settings.limits, Limits::default());
    assert_eq!(settings.wasi, WasiGrants::default());
    assert!(settings.config.is_empty() && settings.priorities.is_empty());
}

#[test]
fn the_manifest_stands_where_the_app_is_silent() {
    let (settings, told) = settled(LIMITED, "[plugins.other]\nenabled = false\nlimits.memory = '1 TiB'\n");
    assert_eq!(told, [""; 0]);
    assert!(settings.enabled);
    assert_eq!(settings.limits.memory, 64 << 20);
    assert_eq!(settings.limits.timeout, Some(Budget::AtMost(Duration::from_secs(5))));
    assert_eq!(settings.limits.fuel, Budget::AtMost(1000));
}

#[test]
fn the_app_overrides_enabled_and_config() {
    let (settings, told) = settled(
        "enabled = false\n[config]\na = '1'\nb = '2'\n",
        "[plugins.markdown]\nenabled = true\nconfig = { b = '3', c = '4' }\n",
    );
    assert_eq!(told, [""; 0]);
    assert!(settings.enabled);
    let config: Vec<_> = settings.config.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(config, [("a", "1"), ("b", "3"), ("c", "4")]);
}

#[test]
fn limits_may_be_narrowed() {
    let (settings, told) = settled(
        LIMITED,
        "[plugins.markdown.limits]\nmemory = '64 MiB'\ntimeout = '1s'\nfuel = 1\nrestart = { max = 1, within = '20s' }\n\
         handles = 1\ntables = 1\ninstances = 1\ncall-depth = 1\nopen-files = 1\nhostcall-bytes = '1 KiB'\n",
    );
    assert_eq!(told, [""; 0]);
    let expected = Limits {
        memory: 64 << 20,
        timeout: Some(Budget::AtMost(Duration::from_secs(1))),
        fuel: Budget::AtMost(1),
        call_depth: 1,
        handles: 1,
        tables: 1,
        instances: 1,
        open_files: 1,
        hostcall_bytes: 1024,
        restart: RestartBudget::AtMost { max: 1, within: Duration::from_secs(20) },
    };
    assert_eq!(settings.limits, expected);
    let (settings, _) = settled(LIMITED, "plugins.markdown.limits.restart = 'never'");
    assert_eq!(settings.limits.restart, RestartBudget::Never);
}

#[test]
fn limits_may_not_be_widened() {
    for (manifest, line, expected) in [
        (LIMITED, "memory = '65 MiB'", "memory` may only narrow: 65 MiB allows more than 64 MiB"),
        (LIMITED, "memory = '67108865 B'", "memory` may only narrow: 67108865 B allows more than 64 MiB"),
        ("", "memory = '1 GiB'", "memory` may only narrow: 1 GiB allows more than 256 MiB"),
        (LIMITED, "timeout = '6s'", "timeout` may only narrow: 6s allows more than 5s"),
        (LIMITED, "timeout = 'never'", "timeout` may only narrow: never allows more than 5s"),
        ("", "timeout = 'never'", "timeout` may only narrow: never allows more than 30s"),
        ("", "timeout = '31s'", "timeout` may only narrow: 31s allows more than 30s"),
        (LIMITED, "fuel = 1001", "fuel` may only narrow: 1001 allows more than 1000"),
        ("", "handles = 100_001", "handles` may only narrow: 100001 allows more than 100000"),
        ("", "open-files = 257", "open-files` may only narrow: 257 allows more than 256"),
        (
            LIMITED,
            "restart = { max = 3, within = '10s' }",
            "restart` may only narrow: 3 within 10s allows more than 2 within 10s",
        ),
        (
            LIMITED,
            "restart = { max = 2, within = '9s' }",
            "restart` may only narrow: 2 within 9s allows more than 2 within 10s",
        ),
        (
            "[limits]\nrestart = 'never'",
            "restart = { max = 1, within = '1h' }",
            "restart` may only narrow: 1 within 1h allows more than never",
        ),
    ] {
        let (settings, told) = settled(manifest, &format!("[plugins.markdown.limits]\n{line}"));
        let column = line.find("= ").map_or(0, |index| index + 3);
        assert_eq!(told, [format!("2:{column} `plugins.markdown.limits.{expected}")]);
        assert_eq!(settings.limits.memory, settled(manifest, "").0.limits.memory);
    }
}

#[test]
fn a_timeout_that_is_never_may_be_narrowed() {
    let never = "[limits]\ntimeout = 'never'";
    let (settings, told) = settled(never, "plugins.markdown.limits.timeout = '1h'");
    assert_eq!((settings.limits.timeout, told.len()), (Some(Budget::AtMost(Duration::from_hours(1))), 0));
    let (settings, told) = settled(never, "plugins.markdown.limits.timeout = 'never'");
    assert_eq!((settings.limits.timeout, told.len()), (Some(Budget::Unlimited), 0));
}

#[test]
fn a_problem_points_into_both_files() {
    let (_, diagnostics, sources) = settled_fully(LIMITED, "plugins.markdown.limits.memory = '1 GiB'");
    let labels: Vec<_> = diagnostics[0]
        .labels
        .iter()
        .map(|label| (sources.path(label.file), &sources.text(label.file)[label.span.clone()], label.text.as_str()))
        .collect();
    assert_eq!(
        labels,
        [("app.toml", "'1 GiB'", "1 GiB"), ("markdown/plugin.toml", "'64 MiB'", "the manifest allows 64 MiB"),]
    );
}

const GRANTED: &str = "[wasi]\nargs = ['--a', '--b']\nenv = { A = '1', B = '2' }\nstdin = 'inherit'\nstdout = 'inherit'\n\
    stderr = 'null'\nnetwork = ['tcp:127.0.0.1:80', 'dns']\n\
    dirs = [{ host = 'data', guest = '/data', access = 'read' }, { host = '../out/', guest = '/out', access = 'read-write' }]\n";

#[test]
fn grants_are_taken_over_with_paths_from_the_app() {
    let (settings, told) = settled(GRANTED, "plugins.markdown.enabled = true");
    assert_eq!(told, [""; 0]);
    let wasi = settings.wasi;
    assert_eq!(wasi.args, ["--a", "--b"]);
    assert_eq!((wasi.stdin, wasi.stdout, wasi.stderr), (Stdio::Inherit, Stdio::Inherit, Stdio::Null));
    assert_eq!(wasi.network, [NetworkGrant::Tcp([127, 0, 0, 1].into(), 80), NetworkGrant::Dns]);
    assert_eq!(
        wasi.dirs,
        [
            DirGrant { host: "markdown/data".into(), guest: "/data".into(), access: Access::Read },
            DirGrant { host: "out".into(), guest: "/out".into(), access: Access::ReadWrite },
        ]
    );
}

#[test]
fn grants_may_be_narrowed() {
    let (settings, told) = settled(
        GRANTED,
        "[plugins.markdown.wasi]\nargs = ['--b']\nenv = { A = '1' }\nstdin = 'null'\nstdout = 'log'\nstderr = 'null'\n\
         network = []\ndirs = [{ host = './out/sub', guest = '/x', access = 'read' }]\n",
    );
    assert_eq!(told, [""; 0]);
    let wasi = settings.wasi;
    assert_eq!(wasi.args, ["--b"]);
    assert_eq!(wasi.env.into_iter().collect::<Vec<_>>(), [("A".to_owned(), "1".to_owned())]);
    assert_eq!((wasi.stdin, wasi.stdout, wasi.stderr), (Stdio::Null, Stdio::Log, Stdio::Null));
    assert_eq!(wasi.network, []);
    assert_eq!(wasi.dirs, [DirGrant { host: "out/sub".into(), guest: "/x".into(), access: Access::Read }]);
}

#[test]
fn grants_may_not_be_widened() {
    for (line, expected) in [
        (
            "args = ['--a', '--c']",
            "2:16 `plugins.markdown.wasi.args` may only narrow: the manifest does not grant `--c`",
        ),
        ("env.A = '2'", "2:9 `plugins.markdown.wasi.env` may only narrow: the manifest does not grant `A=2`"),
        ("env.C = ''", "2:9 `plugins.markdown.wasi.env` may only narrow: the manifest does not grant `C=`"),
        ("stderr = 'log'", "2:10 `plugins.markdown.wasi.stderr` may only narrow: the manifest does not grant `log`"),
        (
            "network = ['udp:127.0.0.1:80']",
            "2:12 `plugins.markdown.wasi.network` may only narrow: the manifest does not grant `udp:127.0.0.1:80`",
        ),
        (
            "dirs = [{ host = 'markdown/data', guest = '/data', access = 'read-write' }]",
            "2:9 `plugins.markdown.wasi.dirs` may only narrow: the manifest does not grant `markdown/data` (read-write)",
        ),
        (
            "dirs = [{ host = 'out/..', guest = '/data', access = 'read' }]",
            "2:9 `plugins.markdown.wasi.dirs` may only narrow: the manifest does not grant `.` (read)",
        ),
    ] {
        for trust in ["manifest", "app"] {
            let app = format!("[plugins.markdown.wasi]\n{line}\n[app]\ntrust = '{trust}'");
            assert_eq!(settled(GRANTED, &app).1, [expected], "{line}");
        }
    }
    let (settings, told) = settled("", "plugins.markdown.wasi = { stdin = 'inherit', args = ['x'] }");
    assert_eq!(settings.wasi, WasiGrants::default());
    assert_eq!(told.len(), 2);
}

#[test]
fn under_the_trust_of_the_app_only_what_it_repeats_is_granted() {
    let trust = "[app]\ntrust = 'app'\n";
    let (settings, told) = settled(GRANTED, trust);
    assert_eq!(told, [""; 0]);
    assert_eq!(settings.wasi, WasiGrants { stderr: Stdio::Null, ..WasiGrants::default() });
    let (settings, told) =
        settled(GRANTED, &format!("{trust}[plugins.markdown.wasi]\nstdout = 'inherit'\nnetwork = ['dns']"));
    assert_eq!(told, [""; 0]);
    assert_eq!((settings.wasi.stdin, settings.wasi.stdout), (Stdio::Null, Stdio::Inherit));
    assert_eq!(settings.wasi.network, [NetworkGrant::Dns]);
    assert!(settings.wasi.args.is_empty() && settings.wasi.dirs.is_empty());
}

const EXPORTS: &str =
    "[exports]\n'a:b/c@1.0.0' = { priority = 1 }\n'a:b/c@2.0.0' = {}\n'a:b/d@1.0.0' = {}\n'a:b/e' = {}\nrun = {}\n";

#[test]
fn priorities_name_exports_of_the_manifest() {
    let (settings, told) =
        settled(EXPORTS, "[plugins.markdown.priority]\n'a:b/c@2.0.0' = 7\n'a:b/d' = 8\n'a:b/e@3.0.0' = 9\nrun = -1\n");
    assert_eq!(told, [""; 0]);
    let priorities: Vec<_> = settings.priorities.iter().map(|(name, priority)| (name.to_string(), *priority)).collect();
    let expected = [("a:b/c@1.0.0", 1), ("a:b/c@2.0.0", 7), ("a:b/d@1.0.0", 8), ("a:b/e", 9), ("run", -1)];
    assert_eq!(priorities, expected.map(|(name, priority)| (name.to_owned(), priority)));
}

#[test]
fn other_priorities_are_not_allowed() {
    for (lines, expected) in [
        ("'a:b/c' = 1", "2:1 `plugins.markdown.priority` names several exports of the manifest"),
        ("'a:b/x' = 1", "2:1 `plugins.markdown.priority` names an export that the manifest does not list"),
        ("'a:b/c@3.0.0' = 1", "2:1 `plugins.markdown.priority` names an export that the manifest does not list"),
        ("'a:b/d' = 1\n'a:b/d@1.0.0' = 2", "3:1 `plugins.markdown.priority` names an export again"),
    ] {
        assert_eq!(settled(EXPORTS, &format!("[plugins.markdown.priority]\n{lines}")).1, [expected], "{lines}");
    }
    assert_eq!(settled("", "plugins.markdown.priority.run = 1").1.len(), 1);
}
