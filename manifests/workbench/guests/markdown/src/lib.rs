//! A small reader of Markdown: enough structure for statistics and lint rules.
//!
//! It follows CommonMark and GitHub's tables and bare links as far as documents
//! in practice go, line by line: front matter, fenced and indented code, ATX and
//! setext headings, lists, quotes, tables, comments, and the links of each block.
//! It is no renderer, and HTML blocks are read as text with tags in it.

mod anchor;
mod block;
mod container;
mod document;
mod inline;

pub use block::{CodeBlock, Kind, Line};
pub use document::{Document, Heading, Link};
pub use inline::{LinkKind, Target};
