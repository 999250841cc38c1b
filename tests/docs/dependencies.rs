//! Which dependencies there are.

use toml::Table;

use crate::read;
use crate::table::spans;

#[test]
fn every_dependency_has_a_reason() {
    let manifest: Table = read("Cargo.toml").unwrap().parse().unwrap();
    let tables = ["dependencies", "dev-dependencies"].map(|name| manifest[name].as_table().unwrap());
    let decision = read("docs/decisions/0007-dependencies.md").unwrap();
    let named = spans(&decision);
    for dependency in tables.into_iter().flat_map(Table::keys) {
        assert!(
            named.contains(&dependency.as_str()),
            "docs/decisions/0007-dependencies.md does not name `{dependency}`"
        );
    }
}
