use std::fs;
use std::path::Path;

/// The memory that processes of this machine, and of the control groups that this one is in, may have. `None` where the
/// system does not tell in files, as only Linux does.
pub(super) fn memory() -> Option<u64> {
    let machine = read("/proc/meminfo").as_deref().and_then(physical);
    let groups = read("/proc/self/cgroup");
    let groups = groups.as_deref().and_then(group).into_iter().flat_map(Path::ancestors);
    let limits = groups.filter_map(|group| {
        let group = group.strip_prefix("/").unwrap_or(group);
        limit(&read(Path::new("/sys/fs/cgroup").join(group).join("memory.max"))?)
    });
    limits.chain(machine).min()
}

fn read(path: impl AsRef<Path>) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// The first line of `/proc/meminfo`, which counts in KiB.
fn physical(text: &str) -> Option<u64> {
    let kib = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.trim().strip_suffix(" kB")?;
    kib.parse::<u64>().ok()?.checked_mul(1 << 10)
}

/// The control group in the unified hierarchy. The older one is not looked at.
fn group(text: &str) -> Option<&Path> {
    text.lines().find_map(|line| line.strip_prefix("0::")).map(Path::new)
}

/// A limit of a control group, which may be `max`.
fn limit(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_writes_is_read() {
        assert_eq!(physical("MemTotal:       24689472 kB\nMemFree:  1 kB\n"), Some(24_689_472 << 10));
        assert_eq!((physical("MemFree: 1 kB\n"), physical("MemTotal: many kB\n"), physical("")), (None, None, None));
        assert_eq!(physical(&format!("MemTotal: {} kB\n", u64::MAX)), None);
        assert_eq!(group("12:pids:/a\n0::/system.slice/b.service\n"), Some(Path::new("/system.slice/b.service")));
        assert_eq!(group("12:memory:/a\n"), None);
        assert_eq!((limit("1073741824\n"), limit("max\n")), (Some(1 << 30), None));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_tells() {
        assert!(memory().is_some_and(|bytes| bytes >= 64 << 20));
    }
}
