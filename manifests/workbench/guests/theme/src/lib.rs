//! Frames titles, underlines sections and marks lines, with plain Unicode:
//! no escape codes, so that a report stays readable in a file.

wit_bindgen::generate!({
    path: ["../../../../wit/plugweave.wit", "../../../../wit/workbench"],
    world: "workbench:markdown/themer",
});

use workbench::markdown::types::Role;

/// The text in this theme's clothes.
fn dress(role: Role, text: &str) -> String {
    match role {
        Role::Title => boxed(text),
        Role::Section => format!("── {text} {}", "─".repeat(56usize.saturating_sub(width(text)).max(2))),
        Role::Good => format!("✓ {text}"),
        Role::Bad => format!("✗ {text}"),
    }
}

/// The text in a double frame.
fn boxed(text: &str) -> String {
    let bar = "═".repeat(width(text) + 2);
    format!("╔{bar}╗\n║ {text} ║\n╚{bar}╝")
}

/// How many columns a text takes, wide characters aside.
fn width(text: &str) -> usize {
    text.chars().count()
}

struct Theme;

impl exports::workbench::markdown::theme::Guest for Theme {
    fn decorate(role: Role, text: String) -> String {
        dress(role, &text)
    }
}

export!(Theme);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_framed_to_its_width() {
        assert_eq!(dress(Role::Title, "Übung"), "╔═══════╗\n║ Übung ║\n╚═══════╝");
    }

    #[test]
    fn sections_are_equally_wide_unless_their_name_is_long() {
        assert_eq!(width(&dress(Role::Section, "Lint")), 60);
        assert_eq!(width(&dress(Role::Section, "Statistics")), 60);
        assert!(dress(Role::Section, &"x".repeat(70)).ends_with("x ──"));
    }

    #[test]
    fn lines_are_marked() {
        assert_eq!(dress(Role::Good, "fine"), "✓ fine");
        assert_eq!(dress(Role::Bad, "not"), "✗ not");
    }
}
