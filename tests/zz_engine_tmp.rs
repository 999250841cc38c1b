use std::time::Instant;
use wasmtime::component::Component;
use wasmtime::{Config, Engine};
fn doubling(levels: usize, times: usize) -> String {
    let mut text = "(component (component $c0 (core module $m) (core instance (instantiate $m)))\n".to_owned();
    for level in 1..=levels {
        let before = level - 1;
        let twice = format!("(instance (instantiate $c{before}))").repeat(times);
        text += &format!("(component $c{level} (alias outer 1 $c{before} (component $c{before})) {twice})\n");
    }
    text + &format!("(instance (instantiate $c{levels})))")
}
fn rss() -> u64 { let s = std::fs::read_to_string("/proc/self/status").unwrap(); s.lines().find(|l| l.starts_with("VmHWM")).unwrap().split_whitespace().nth(1).unwrap().parse().unwrap() }
#[test]
fn compare() {
    let mut config = Config::new();
    config.wasm_component_model_map(true).wasm_component_model_fixed_length_lists(true).concurrency_support(false);
    let engine = Engine::new(&config).unwrap();
    let lifted = "(core module $m (func (export \"f\"))) (core instance $k (instantiate $m)) (func $f (canon lift (core func $k \"f\")))";
    let inner = "(component $c (import \"x\" (func $x)) (export \"y\" (func $x)))";
    let interface = "(import \"a:b/c\" (instance $i (export \"f\" (func))))";
    let mut all = vec![
        "(component (import \"f\" (func $f)) (export \"g\" (func $f)))".to_owned(),
        format!("(component {interface} (alias export $i \"f\" (func $f)) (export \"g\" (func $f)))"),
        format!("(component (import \"f\" (func $f)) {inner} (instance $j (instantiate $c (with \"x\" (func $f)))) (export \"g\" (func $j \"y\")))"),
        format!("(component {interface} (export \"a:b/d\" (instance $i)))"),
        "(component (import \"f\" (func $f)) (instance $b (export \"f\" (func $f))) (export \"a:b/d\" (instance $b)))".to_owned(),
        format!("(component {interface} (component $c (import \"x\" (instance $x (export \"f\" (func)))) (export \"y\" (instance $x))) (instance $j (instantiate $c (with \"x\" (instance $i)))) (export \"a:b/d\" (instance $j \"y\")))"),
        // hidden by a narrower type
        "(component (import \"a:b/c\" (instance $c (export \"f\" (func)) (export \"r\" (type (sub resource))))) (export \"a:b/d\" (instance $c) (instance (export \"r\" (type (sub resource))))))".to_owned(),
        format!("(component (import \"h\" (func $h)) {lifted} (instance $i (export \"f\" (func $h)) (export \"g\" (func $f))) (export \"a:b/d\" (instance $i) (instance (export \"g\" (func)))))"),
        format!("(component (import \"h\" (func $h)) {lifted} (component $c (import \"h\" (func $x)) (import \"f\" (func $f)) (export \"y\" (func $x)) (export \"g\" (func $f))) (instance $j (instantiate $c (with \"h\" (func $h)) (with \"f\" (func $f)))) (export \"a:b/d\" (instance $j) (instance (export \"g\" (func)))))"),
        // fine
        "(component (import \"a:b/c\" (instance $i (export \"r\" (type (sub resource))))) (export \"a:b/d\" (instance $i)))".to_owned(),
        "(component (import \"a:b/c\" (instance $i (type $t (record (field \"x\" u8))) (export \"t\" (type (eq $t))))) (export \"a:b/d\" (instance $i)))".to_owned(),
        "(component (import \"r\" (type $r (sub resource))) (export \"s\" (type $r)))".to_owned(),
        format!("(component (import \"f\" (func)) {lifted} (export \"g\" (func $f)))"),
        format!("(component {lifted} {inner} (instance $j (instantiate $c (with \"x\" (func $f)))) (export \"g\" (func $j \"y\")))"),
        doubling(10, 2),
        doubling(150, 1),
        "(component (import \"f\" (func (param \"x\" (list u8 268435456)))))".to_owned(),
        "(component (import \"f\" (func (param \"x\" (list u64 33554432)) (param \"y\" (list string 3)))))".to_owned(),
        "(component (import \"f\" (func (param \"x\" (tuple u8 (list u64 33554432))))))".to_owned(),
        "(component (core module $m (memory (export \"m\") 1) (func (export \"f\") (param i32))
            (func (export \"r\") (param i32 i32 i32 i32) (result i32) unreachable))
               (core instance $i (instantiate $m))
               (func $f (param \"x\" (list u64 33554432)) (canon lift (core func $i \"f\") (memory $i \"m\") (realloc (func $i \"r\")))) (export \"f\" (func $f)))".to_owned(),
        "(component (component (component (import \"f\" (func (param \"x\" (list u64 536870912)))))))".to_owned(),
        "(component (type (list u64 536870912)))".to_owned(),
    ];
    let n60: String = (0..60_000).map(|n| format!("(import \"f{n}\" (func))")).collect();
    all.push(format!("(component {n60})"));
    let mut two = "(component (component $c0) (component $c1)".to_owned();
    for n in 2..20 { two += &format!("(component $c{n} (alias outer 1 $c{} (component)) (alias outer 1 $c{} (component)))", n-1, n-2); }
    all.push(two + ")");
    all.push("(component (type $t0 u8)\n".to_owned() + &(1..=17).map(|n| format!("(type $t{n} (tuple $t{} $t{}))", n-1, n-1)).collect::<String>() + "(import \"f\" (func (param \"x\" $t17))))");
    let flags: String = (0..32).map(|n| format!(" \"f{n}\"")).collect();
    all.push(format!("(component (type $f (flags{flags})) (import \"f\" (func (param \"x\" (list $f 16)))))"));
    let flags: String = (0..33).map(|n| format!(" \"f{n}\"")).collect();
    all.push(format!("(component (type $f (flags{flags})) (import \"f\" (func (param \"x\" (list $f 16)))))"));
    all.push("(component (import \"f\" (func (param \"x\" (list u8 0)))))".to_owned());
    for text in &all {
        let Ok(bytes) = wat::parse_str(text) else { println!("NOPARSE {text}"); continue };
        let start = Instant::now();
        let ours = plugweave::world::read_component(&bytes).map(drop).map_err(|e| e.to_string());
        let t1 = start.elapsed();
        let start = Instant::now();
        let theirs = std::panic::catch_unwind(|| Component::new(&engine, &bytes).map(drop).map_err(|e| format!("{e:#}")));
        let t2 = start.elapsed();
        let agree = ours.is_ok() == matches!(theirs, Ok(Ok(())));
        println!("{} {:.90}\n   ours {ours:?} {t1:?}\n   theirs {:.200} {t2:?} peak {} kB", if agree {"SAME"} else {"DIFF"}, text.replace('\n'," "), format!("{theirs:?}"), rss());
    }
}
