use std::time::Duration;

use super::LimitEntries;
use super::reader::{Item, Reader, Table};
use super::value::{duration, positive, size};
use crate::model::{Budget, RestartBudget};

/// Reads `[limits]`, or `limits` of `[plugins.ID]`.
pub(super) fn limits(reader: &mut Reader, table: Option<Table<'_>>) -> LimitEntries {
    let Some(mut table) = table else {
        return LimitEntries::default();
    };
    let entries = LimitEntries {
        memory: table.read(reader, "memory", size),
        timeout: table.read(reader, "timeout", timeout),
        fuel: table.read(reader, "fuel", fuel),
        call_depth: table.read(reader, "call-depth", |item, reader| positive(item, reader, u32::MAX, "64")),
        handles: table.read(reader, "handles", |item, reader| positive(item, reader, u32::MAX, "10_000")),
        tables: table.read(reader, "tables", |item, reader| positive(item, reader, u32::MAX, "10")),
        instances: table.read(reader, "instances", |item, reader| positive(item, reader, u32::MAX, "10")),
        open_files: table.read(reader, "open-files", |item, reader| positive(item, reader, u32::MAX, "256")),
        hostcall_bytes: table.read(reader, "hostcall-bytes", size),
        restart: table.read(reader, "restart", restart),
    };
    table.finish(reader);
    entries
}

fn timeout(item: &Item<'_>, reader: &mut Reader) -> Option<Budget<Duration>> {
    const EXAMPLE: &str = "\"5s\"";
    match item.string(reader, EXAMPLE)? {
        "never" => Some(Budget::Unlimited),
        _ => duration(item, reader, EXAMPLE).map(Budget::AtMost),
    }
}

fn fuel(item: &Item<'_>, reader: &mut Reader) -> Option<Budget<u64>> {
    positive(item, reader, u64::MAX, "1_000_000_000").map(Budget::AtMost)
}

fn restart(item: &Item<'_>, reader: &mut Reader) -> Option<RestartBudget> {
    const EXAMPLE: &str = "{ max = 3, within = \"60s\" }";
    if item.is_string() {
        if item.string(reader, EXAMPLE)? == "never" {
            return Some(RestartBudget::Never);
        }
        let label = "expected `never` or a table with `max` and `within`".to_owned();
        return item.wrong_value(reader, "is not a restart budget", label, item.advice(EXAMPLE));
    }
    if !item.is_table() {
        return item.wrong_type(reader, "a table or `\"never\"`", item.advice(EXAMPLE));
    }
    let mut table = item.table(reader, item.advice(EXAMPLE))?;
    let max = table.require(reader, "max", "3", |item, reader| positive(item, reader, u32::MAX, "3"));
    let within = table.require(reader, "within", "\"60s\"", |item, reader| duration(item, reader, "\"60s\""));
    table.finish(reader);
    Some(RestartBudget::AtMost { max: max?.value, within: within?.value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::testing::{below_plugin, good_manifest};

    #[test]
    fn every_limit_is_read() {
        let limits = good_manifest(
            r#"
            [plugin]
            component = "a.wasm"
            [limits]
            memory = "64 MiB"
            timeout = "5s"
            fuel = 0x10
            call-depth = 4_294_967_295
            handles = 10_000
            tables = 10
            instances = 1
            open-files = 16
            hostcall-bytes = "1.5 KiB"
            restart = { max = 3, within = "1m 30s" }
            "#,
        )
        .limits;
        assert_eq!(limits.memory.map(|it| it.value), Some(64 << 20));
        assert_eq!(limits.timeout.map(|it| it.value), Some(Budget::AtMost(Duration::from_secs(5))));
        assert_eq!(limits.fuel.map(|it| it.value), Some(Budget::AtMost(16)));
        assert_eq!(limits.call_depth.map(|it| it.value), Some(u32::MAX));
        assert_eq!(limits.handles.map(|it| it.value), Some(10_000));
        assert_eq!(limits.tables.map(|it| it.value), Some(10));
        assert_eq!(limits.instances.map(|it| it.value), Some(1));
        assert_eq!(limits.open_files.map(|it| it.value), Some(16));
        assert_eq!(limits.hostcall_bytes.map(|it| it.value), Some(1536));
        let restart = RestartBudget::AtMost { max: 3, within: Duration::from_secs(90) };
        assert_eq!(limits.restart.map(|it| it.value), Some(restart));
    }

    #[test]
    fn a_time_may_be_a_hundred_years() {
        let limits = good_manifest("plugin.component = 'a.wasm'\nlimits.timeout = '100 years'").limits;
        assert_eq!(limits.timeout.map(|it| it.value), Some(Budget::AtMost(Duration::from_secs(3_155_760_000))));
    }

    #[test]
    fn never_is_a_timeout_and_a_restart_budget() {
        let limits = good_manifest(
            "plugin.component = 'a.wasm'\nlimits.timeout = 'never'\nlimits.restart = 'never'\nlimits.memory = '1 B'",
        )
        .limits;
        assert_eq!(limits.timeout.map(|it| it.value), Some(Budget::Unlimited));
        assert_eq!(limits.restart.map(|it| it.value), Some(RestartBudget::Never));
    }

    #[test]
    fn nonsense_is_reported_at_the_value() {
        for (line, expected) in [
            ("memory = 64", "4:10 wrong type for `limits.memory`"),
            ("memory = '64 MoB'", "4:10 `limits.memory` is not a size"),
            ("memory = ''", "4:10 `limits.memory` is not a size"),
            ("memory = '0'", "4:10 `limits.memory` is not a size"),
            ("memory = '-1 MiB'", "4:10 `limits.memory` is not a size"),
            ("memory = '20 EiB'", "4:10 `limits.memory` is not a size"),
            ("memory = '184467440737095516155'", "4:10 `limits.memory` is not a size"),
            ("hostcall-bytes = 'é'", "4:18 `limits.hostcall-bytes` is not a size"),
            ("timeout = 5", "4:11 wrong type for `limits.timeout`"),
            ("timeout = '5'", "4:11 `limits.timeout` is not a duration"),
            ("timeout = '0s'", "4:11 `limits.timeout` is not a duration"),
            ("timeout = '100 years 1s'", "4:11 `limits.timeout` is not a duration"),
            ("timeout = '99999999999999999999s'", "4:11 `limits.timeout` is not a duration"),
            ("timeout = 'é\\nü'", "4:11 `limits.timeout` is not a duration"),
            ("fuel = 0", "4:8 `limits.fuel` is out of range"),
            ("fuel = -1", "4:8 `limits.fuel` is out of range"),
            ("fuel = 1e9", "4:8 wrong type for `limits.fuel`"),
            ("fuel = '1'", "4:8 wrong type for `limits.fuel`"),
            ("fuel = 18446744073709551616", "4:8 `limits.fuel` is out of range"),
            ("fuel = 0xffffffffffffffffffffffffffffffffffffff", "4:8 `limits.fuel` is out of range"),
            ("call-depth = 4294967296", "4:14 `limits.call-depth` is out of range"),
            ("handles = true", "4:11 wrong type for `limits.handles`"),
            ("tables = 0", "4:10 `limits.tables` is out of range"),
            ("instances = []", "4:13 wrong type for `limits.instances`"),
            ("open-files = 0", "4:14 `limits.open-files` is out of range"),
            ("open-files = 'many'", "4:14 wrong type for `limits.open-files`"),
            ("memroy = '1'", "4:1 unknown key `limits.memroy`"),
            ("restart = 'always'", "4:11 `limits.restart` is not a restart budget"),
            ("restart = 3", "4:11 wrong type for `limits.restart`"),
            ("restart = { max = 3 }", "4:1 missing key `limits.restart.within`"),
            ("restart = { within = '1s' }", "4:1 missing key `limits.restart.max`"),
            ("restart = { max = 0, within = '1s' }", "4:19 `limits.restart.max` is out of range"),
            ("restart = { max = 1, within = '0s' }", "4:31 `limits.restart.within` is not a duration"),
            ("restart = { max = 1, within = '1s', often = 1 }", "4:37 unknown key `limits.restart.often`"),
        ] {
            assert_eq!(below_plugin(&format!("[limits]\n{line}")), [expected], "{line}");
        }
    }
}
