//! Shows a text in a frame as wide as its window.

wit_bindgen::generate!({
    path: "../../shell/wit",
    inline: "
        package plugins:banner;
        world banner {
            import shell:ui/window@1.0.0;
            export shell:ui/panel@1.0.0;
        }
    ",
    generate_all,
});

use exports::shell::ui::panel::Guest;
use shell::ui::window;

struct Banner;

impl Guest for Banner {
    fn show(text: String) {
        let width = (window::width() as usize).max(5);
        let rule = format!("+{}+", "-".repeat(width - 2));
        window::draw(&rule);
        for line in lines(&text, width - 4) {
            window::draw(&format!("| {line:^0$} |", width - 4));
        }
        window::draw(&rule);
    }
}

/// The words of a text in lines of at most so many characters; longer words have lines to themselves.
fn lines(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

export!(Banner);
