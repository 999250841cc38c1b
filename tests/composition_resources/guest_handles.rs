//! What plugins do with handles of the resources that they know.

use std::fmt::Write;

use super::guest::Writer;
use super::memory::{HELD, LIVE, STATE};
use super::types::Res;

impl Writer<'_> {
    /// What can be done with handles of each resource.
    pub fn handles(&mut self) {
        for (slot, resource) in self.known.clone().into_iter().enumerate() {
            let (name, node) = (resource.name(), resource.node);
            if self.own(resource) {
                self.own_resource(slot, resource);
                continue;
            }
            writeln!(
                self.outside,
                "  (import \"t:t/s{node}@1.0.0\" \"[resource-drop]{name}\" (func $drop{slot} (param i32)))"
            )
            .unwrap();
            if self.can_make(resource) {
                writeln!(
                    self.outside,
                    r#"  (import "t:t/s{node}@1.0.0" "[method]{name}.get" (func $get{slot} (param i32) (result i32)))
  (import "t:t/s{node}@1.0.0" "[constructor]{name}" (func $construct{slot} (param i32) (result i32)))"#
                )
                .unwrap();
                writeln!(
                    self.inside,
                    r#"  (func $fresh{slot} (result i32) (call $construct{slot} (call $next)))
  (func $look{slot} (param i32)
    (if (call $below (i32.const 2)) (then (call $mix (call $get{slot} (local.get 0))))))"#
                )
                .unwrap();
            } else {
                writeln!(
                    self.inside,
                    "  (func $fresh{slot} (result i32) unreachable)\n  (func $look{slot} (param i32))"
                )
                .unwrap();
            }
        }
        for what in ["drop", "look"] {
            let all: String = (0..self.known.len())
                .map(|slot| {
                    format!(
                        "    (if (i32.eq (local.get 0) (i32.const {slot})) (then (call ${what}{slot} (local.get \
                            1))))\n"
                    )
                })
                .collect();
            writeln!(self.inside, "  (func ${what} (param i32 i32)\n{all}  )").unwrap();
        }
        let clear: String = (0..self.known.len())
            .map(|slot| {
                format!(
                    "    (block $done (loop $more\n      (br_if $done (i32.eqz (call $kept (i32.const \
                        {slot}))))\n      \
                       (call $drop{slot} (call $pop (i32.const {slot})))\n      (br $more)))\n"
                )
            })
            .collect();
        writeln!(
            self.inside,
            "  (func (export \"t:t/control@1.0.0#clear\") (result i32)\n{clear}    (i32.load (i32.const {STATE})))"
        )
        .unwrap();
    }

    fn own_resource(&mut self, slot: usize, resource: Res) {
        let (name, node, live) = (resource.name(), self.node, STATE + 4 * (LIVE + resource.index));
        let held = STATE + 4 * HELD;
        for (what, result) in [("new", " (result i32)"), ("rep", " (result i32)"), ("drop", "")] {
            writeln!(
                self.outside,
                "  (import \"[export]t:t/s{node}@1.0.0\" \"[resource-{what}]{name}\" (func ${what}{slot} (param \
                    i32){result}))"
            )
            .unwrap();
        }
        // A new one takes a handle of another with it, which its destructor uses and drops. Where handles
        // may be wrong it does not, so that destructors never fail.
        let others = if self.case.faulty { 0..0 } else { self.case.nodes[node].resources..self.known.len() };
        let hold: String = others
            .map(|other| {
                format!(
                    r#"    (if (i32.and
        (i32.eqz (call $below (i32.const 5)))
        (i32.eqz (i32.load offset=4 (local.get 0))))
      (then
      (if (call $kept (i32.const {other})) (then
        (i32.store offset=4 (local.get 0) (i32.const {}))
        (i32.store offset=8 (local.get 0) (call $pop (i32.const {other})))
        (call $count (i32.const {held}) (i32.const 1))))))
"#,
                    other + 1
                )
            })
            .collect();
        writeln!(
            self.inside,
            r#"  (func $fresh{slot} (result i32)
    (local $at i32)
    (local.set $at (call $cell))
    (i32.store (local.get $at) (call $next))
    (call $count (i32.const {live}) (i32.const 1))
    (call $hold{slot} (local.get $at))
    (call $new{slot} (local.get $at)))
  (func $hold{slot} (param i32)
{hold}  )
  (func $touch{slot} (param i32)
    (if (i32.load offset=12 (local.get 0)) (then unreachable))
    (call $mix (i32.load (local.get 0)))
    (i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (call $below (i32.const 9)))))
  (func $look{slot} (param i32) (call $touch{slot} (call $rep{slot} (local.get 0))))
  (func (export "t:t/s{node}@1.0.0#[method]{name}.get") (param i32) (result i32)
    (call $touch{slot} (local.get 0))
    (i32.load (local.get 0)))
  (func (export "t:t/s{node}@1.0.0#[dtor]{name}") (param $at i32)
    (if (i32.load offset=12 (local.get $at)) (then unreachable))
    (i32.store offset=12 (local.get $at) (i32.const 1))
    (call $log (i32.load (local.get $at)))
    (call $count (i32.const {live}) (i32.const -1))
    (if (i32.load offset=4 (local.get $at)) (then
      (call $count (i32.const {held}) (i32.const -1))
      (call $look (i32.sub (i32.load offset=4 (local.get $at)) (i32.const 1)) (i32.load offset=8 (local.get $at)))
      (call $drop (i32.sub (i32.load offset=4 (local.get $at)) (i32.const 1)) (i32.load offset=8 (local.get
        $at))))))"#
        )
        .unwrap();
    }
}
