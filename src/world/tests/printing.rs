use super::*;

/// Prints a component in text form, and holds the text against what reads WIT.
fn printed(text: &str) -> Result<String, WorldError> {
    let component = wat::parse_str(text).expect("the test's own text");
    let printed = print_wit(&component)?;
    wit::parse(&wit(&printed)).unwrap_or_else(|error| panic!("{error}\n{printed}"));
    Ok(printed)
}

#[test]
fn types_have_their_names_and_their_origins() {
    assert_eq!(
        printed(
            r#"(component
  (import "root:component/own" (instance (export "f" (func))))
  (import "a:b/types@1.0.0" (instance $t
    (export "list" (type (sub resource)))
    (type $rec' (record (field "type" u32) (field "next" (option string))))
    (export "rec" (type $rec (eq $rec')))
    (type $alias' (tuple $rec u8))
    (export "pair" (type $pair (eq $alias')))
    (export "rec-too" (type $rec2 (eq $rec)))
    (export "[constructor]list" (func (param "x" $rec) (result (own 0))))
    (export "[method]list.get" (func (param "self" (borrow 0)) (result $pair)))
    (export "[static]list.use" (func (param "a" (own 0)) (param "b" (borrow 0))))))
  (alias export $t "rec" (type $rec))
  (alias export $t "list" (type $list))
  (import "rec-here" (type $here (eq $rec)))
  (import "engine" (instance
    (alias outer 1 $here (type $h'))
    (export "mine" (type $mine (eq $h')))
    (type $e' (enum "a" "record"))
    (export "e" (type $e (eq $e')))
    (export "go" (func (param "m" $mine) (result $e)))))
  (import "a:c/user@1.0.0" (instance
    (alias outer 1 $rec (type $r'))
    (alias outer 1 $list (type $l'))
    (export "record" (type $r (eq $r')))
    (export "bag" (type $l (eq $l')))
    (type $f' (flags "x" "y"))
    (export "f" (type (eq $f')))
    (export "take" (func (param "r" $r) (param "l" (own $l)) (result (list (own $l)))))))
  (import "run" (func (param "r" $here)))
  (import "thing" (type $thing (sub resource)))
  (import "[method]thing.do" (func (param "self" (borrow $thing))))
)"#
        )
        .as_deref(),
        Ok("\
package root:component;

interface %own {
  f: func();
}

world root {
  use a:b/types@1.0.0.{rec as rec-here};

  resource thing {
    do: func();
  }

  import %own;
  import a:b/types@1.0.0;

  import engine: interface {
    use a:b/types@1.0.0.{rec as mine};

    enum e {
      a,
      %record,
    }

    go: func(m: mine) -> e;
  }

  import a:c/user@1.0.0;
  import run: func(r: rec-here);
}

package a:b@1.0.0 {
  interface types {
    resource %list {
      constructor(x: rec);
      get: func() -> pair;
      %use: static func(a: %list, b: borrow<%list>);
    }

    record rec {
      %type: u32,
      next: option<string>,
    }

    type pair = tuple<rec, u8>;
    type rec-too = rec;
  }
}

package a:c@1.0.0 {
  interface user {
    use a:b/types@1.0.0.{rec as %record};
    use a:b/types@1.0.0.{%list as bag};

    flags f {
      x,
      y,
    }

    take: func(r: %record, l: bag) -> list<bag>;
  }
}
")
    );
}

#[test]
fn what_is_imported_and_exported_is_printed_once() {
    let text = printed(
        r#"(component
          (import "a:b/c" (instance $c (export "f" (func)) (export "g" (func))))
          (alias export $c "f" (func $f))
          (instance (export "a:b/c") (export "f" (func $f))))"#,
    )
    .expect("a component");
    assert_eq!(text.matches("interface c {").count(), 1, "{text}");
    assert!(text.contains("  import a:b/c;\n\n  export a:b/c;\n"), "{text}");
}

#[test]
fn an_empty_component_is_an_empty_world() {
    assert_eq!(printed("(component)").as_deref(), Ok("package root:component;\n\nworld root {\n}\n"));
}

#[test]
fn a_text_that_nobody_would_read_is_refused() {
    // A long name, 2^15 times.
    let types: String = (0..15).map(|n| format!("(type $t{} (tuple $t{n} $t{n}))", n + 1)).collect();
    let text = format!(
        r#"(component (import "a:b/c" (instance
          (type $r (enum "x"))
          (export "{}" (type $t0 (eq $r)))
          {types}
          (export "f" (func (param "x" $t15))))))"#,
        "long".repeat(50)
    );
    assert_eq!(printed(&text), Err(WorldError::TooLarge));
}

#[test]
fn an_import_and_an_export_of_one_name_are_two_functions() {
    let text = printed(
        "(component (import \"f\" (func))
            (core module $m (func (export \"g\") (param i32))) (core instance $i (instantiate $m))
            (func (export \"f\") (param \"x\" u32) (canon lift (core func $i \"g\"))))",
    )
    .unwrap();
    assert!(text.contains("import f: func();") && text.contains("export f: func(x: u32);"), "{text}");
}

#[test]
fn many_functions_of_the_world_are_read_back() {
    // Looking for each of them among all others took half a minute.
    let imports: String = (0..5_000).map(|n| format!("(import \"f{n}\" (func))")).collect();
    assert!(printed(&format!("(component {imports})")).is_ok());
}
