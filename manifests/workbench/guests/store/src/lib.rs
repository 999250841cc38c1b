//! Keeps documents: reads each one once, and answers what the other plugins ask about it.

wit_bindgen::generate!({
    path: ["../../../../wit/plugweave.wit", "../../../../wit/workbench"],
    world: "workbench:markdown/storekeeper",
});

mod read;

use exports::workbench::markdown::documents::{Guest, GuestDocument};
use workbench::markdown::types::{CodeBlock, Heading, Line, Link};

struct Store;

impl Guest for Store {
    type Document = Document;
}

/// What is known about a document, as others get it.
struct Document {
    text: String,
    lines: Vec<Line>,
    headings: Vec<Heading>,
    links: Vec<Link>,
    code: Vec<CodeBlock>,
    anchors: Vec<String>,
}

impl GuestDocument for Document {
    fn new(text: String) -> Self {
        read::document(text)
    }

    fn text(&self) -> String {
        self.text.clone()
    }

    fn lines(&self) -> Vec<Line> {
        self.lines.clone()
    }

    fn headings(&self) -> Vec<Heading> {
        self.headings.clone()
    }

    fn links(&self) -> Vec<Link> {
        self.links.clone()
    }

    fn code(&self) -> Vec<CodeBlock> {
        self.code.clone()
    }

    fn anchors(&self) -> Vec<String> {
        self.anchors.clone()
    }
}

export!(Store);
