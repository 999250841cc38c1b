//! What stands within a block: links, images, code spans, tags and plain text.

/// How a link is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// `[text](target)`, `[text][label]` or `<a href="target">`.
    Link,
    /// `![text](target)`, `![text][label]` or `<img src="target">`.
    Image,
    /// `<https://…>`, or an address in the middle of the text.
    Address,
}

/// Where a link goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    To(String),
    /// To the definition of this label: `[text][label]`.
    Label(String),
    /// To the definition of this label, if there is one: `[label]`.
    Shortcut(String),
}

/// A link at a byte offset of the block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub offset: usize,
    pub kind: LinkKind,
    pub text: String,
    pub target: Target,
}

/// What a block's text holds.
#[derive(Default)]
pub struct Inline {
    pub links: Vec<Found>,
    /// The text as a reader sees it.
    pub plain: String,
    /// The `id` and `name` attributes of tags.
    pub ids: Vec<String>,
}

/// How deep links may be in links' texts, and parentheses in targets: no document needs more,
/// and hostile ones would cost a lot.
const DEEPEST: usize = 32;

/// How long a link's text may be, in bytes, for the same reason.
const LONGEST_TEXT: usize = 4096;

/// Reads a block's text.
pub fn read(text: &str) -> Inline {
    let mut inline = Inline::default();
    Reader { text, base: 0, depth: 0, out: &mut inline }.read();
    inline
}

struct Reader<'a> {
    text: &'a str,
    /// Where the text begins in its block.
    base: usize,
    /// How many links' texts the text is in.
    depth: usize,
    out: &'a mut Inline,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut at = 0;
        while let Some(c) = self.text[at..].chars().next() {
            at = match c {
                '\\' => self.escape(at),
                '`' => self.code(at),
                '<' => self.angle(at),
                '!' if self.text[at + 1..].starts_with('[') => self.bracket(at, at + 1, LinkKind::Image),
                '[' => self.bracket(at, at, LinkKind::Link),
                '*' | '_' | '~' => self.emphasis(at, c),
                'h' => self.address(at),
                _ => self.plain(at, c.len_utf8()),
            };
        }
    }

    /// Takes text as it is.
    fn plain(&mut self, at: usize, length: usize) -> usize {
        self.out.plain.push_str(&self.text[at..at + length]);
        at + length
    }

    fn escape(&mut self, at: usize) -> usize {
        match self.text[at + 1..].chars().next() {
            Some(c) if c.is_ascii_punctuation() => self.plain(at + 1, 1),
            _ => self.plain(at, 1),
        }
    }

    /// A code span, or backticks that open none.
    fn code(&mut self, at: usize) -> usize {
        let (length, end) = code_span(&self.text[at..]);
        match end {
            None => self.plain(at, length),
            Some(end) => {
                self.out.plain.push_str(self.text[at + length..at + end - length].trim());
                at + end
            }
        }
    }

    /// Marks of emphasis go; the same characters within words or alone stay.
    fn emphasis(&mut self, at: usize, mark: char) -> usize {
        let length = self.text[at..].bytes().take_while(|&byte| byte == mark as u8).count();
        let before = self.text[..at].chars().next_back();
        let after = self.text[at + length..].chars().next();
        let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let is_space = |c: Option<char>| c.is_none_or(char::is_whitespace);
        let stays = match mark {
            '_' => is_word(before) && is_word(after),
            '~' => length != 2,
            _ => false,
        };
        if stays || (is_space(before) && is_space(after)) { self.plain(at, length) } else { at + length }
    }

    /// An address in the middle of the text.
    fn address(&mut self, at: usize) -> usize {
        let rest = &self.text[at..];
        let in_word = self.text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        if in_word || !(rest.starts_with("https://") || rest.starts_with("http://")) {
            return self.plain(at, 1);
        }
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '`' | '|')).unwrap_or(rest.len());
        let length = trim_address(&rest[..end]).len();
        self.found(at, LinkKind::Address, "", Target::To(rest[..length].to_string()));
        self.plain(at, length)
    }

    /// A comment, an address in angle brackets, a tag, or just a `<`.
    fn angle(&mut self, at: usize) -> usize {
        let rest = &self.text[at..];
        if rest.starts_with("<!--") {
            return rest.find("-->").map_or(self.text.len(), |end| at + end + 3);
        }
        let Some(end) = tag_end(rest) else { return self.plain(at, 1) };
        let inner = &rest[1..end];
        if is_address(inner) {
            self.found(at, LinkKind::Address, "", Target::To(inner.to_string()));
            self.out.plain.push_str(inner);
        } else if inner.trim_start_matches('/').starts_with(|c: char| c.is_ascii_alphabetic()) {
            self.tag(at, inner);
        } else {
            return self.plain(at, 1);
        }
        at + end + 1
    }

    /// A tag: its anchors, and where it links to.
    fn tag(&mut self, at: usize, inner: &str) {
        let name = inner.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        for key in ["id", "name"] {
            self.out.ids.extend(attribute(inner, key).map(str::to_string));
        }
        let link = if name.eq_ignore_ascii_case("a") {
            attribute(inner, "href").map(|target| (LinkKind::Link, "", target))
        } else if name.eq_ignore_ascii_case("img") {
            let alt = attribute(inner, "alt").unwrap_or_default();
            attribute(inner, "src").map(|target| (LinkKind::Image, alt, target))
        } else {
            None
        };
        if let Some((kind, text, target)) = link {
            self.found(at, kind, text, Target::To(target.to_string()));
        }
    }

    /// A link or image whose bracket opens at `open`, or just a bracket.
    fn bracket(&mut self, at: usize, open: usize, kind: LinkKind) -> usize {
        let closing = closing_bracket(&self.text[open..]).filter(|_| self.depth < DEEPEST);
        let Some(length) = closing else { return self.plain(at, open + 1 - at) };
        let close = open + length;
        let label = &self.text[open + 1..close];
        let Some((target, end)) = target(&self.text[close + 1..], label) else {
            return self.plain(at, open + 1 - at);
        };
        let is_shortcut = matches!(target, Target::Shortcut(_));
        let mut inner = Inline::default();
        Reader { text: label, base: self.base + open + 1, depth: self.depth + 1, out: &mut inner }.read();
        self.found(at, kind, inner.plain.trim(), target);
        self.out.links.append(&mut inner.links);
        self.out.ids.append(&mut inner.ids);
        if kind != LinkKind::Image {
            // Whether a shortcut is one shows only at the end; its brackets would not be words anyway.
            self.out.plain.push_str(&if is_shortcut { format!("[{}]", inner.plain) } else { inner.plain });
        }
        close + 1 + end
    }

    fn found(&mut self, at: usize, kind: LinkKind, text: &str, target: Target) {
        self.out.links.push(Found { offset: self.base + at, kind, text: text.to_string(), target });
    }
}

/// The length of the backticks that a text begins with, and where the code span ends that they open.
fn code_span(text: &str) -> (usize, Option<usize>) {
    let run = |from: usize| text[from..].bytes().take_while(|&byte| byte == b'`').count();
    let length = run(0);
    let mut at = length;
    while let Some(next) = text[at..].find('`') {
        let found = run(at + next);
        at += next + found;
        if found == length {
            return (length, Some(at));
        }
    }
    (length, None)
}

/// Where the bracket closes that a text begins with.
fn closing_bracket(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut at = 0;
    while let Some(&byte) = text.as_bytes().get(at).filter(|_| at < LONGEST_TEXT) {
        match byte {
            b'\\' => at += 1,
            b'`' => {
                let (length, end) = code_span(&text[at..]);
                at += end.unwrap_or(length) - 1;
            }
            b'[' => depth += 1,
            b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The target that follows the closing bracket of a link, and where it ends.
fn target(rest: &str, label: &str) -> Option<(Target, usize)> {
    if label.starts_with('^') {
        return None;
    }
    if let Some(found) = destination(rest) {
        return Some(found);
    }
    if rest.starts_with('[')
        && let Some(end) = closing_bracket(rest)
    {
        let explicit = rest[1..end].trim();
        let label = if explicit.is_empty() { label } else { explicit };
        return Some((Target::Label(label.to_string()), end + 1));
    }
    (!label.trim().is_empty()).then(|| (Target::Shortcut(label.to_string()), 0))
}

/// A destination in parentheses, with or without a title.
fn destination(rest: &str) -> Option<(Target, usize)> {
    let inner = rest.strip_prefix('(')?;
    let skip = |from: usize| from + inner[from..].len() - inner[from..].trim_start().len();
    let start = skip(0);
    let (target, mut at) = match inner[start..].strip_prefix('<') {
        Some(bracketed) => {
            let end = bracketed.find(['>', '\n']).filter(|&end| bracketed[end..].starts_with('>'))?;
            (&bracketed[..end], start + end + 2)
        }
        None => {
            let end = start + bare_destination(&inner[start..]);
            (&inner[start..end], end)
        }
    };
    let gap = at;
    at = skip(at);
    let mark = inner[at..].chars().next().filter(|c| at > gap && matches!(c, '"' | '\'' | '('));
    if let Some(quote) = mark {
        let quote = if quote == '(' { ')' } else { quote };
        at = skip(at + 2 + inner[at + 1..].find(quote)?);
    }
    inner[at..].starts_with(')').then(|| (Target::To(target.to_string()), at + 2))
}

/// How far a destination without angle brackets goes.
fn bare_destination(text: &str) -> usize {
    let mut depth = 0;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' if depth == DEEPEST => return at,
            '(' => depth += 1,
            ')' if depth == 0 => return at,
            ')' => depth -= 1,
            _ if c.is_whitespace() => return at,
            _ => {}
        }
    }
    text.len()
}

/// Where a tag ends that a text begins with; quoted attributes may hold a `>`.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices().skip(1) {
        match (quote, c) {
            (None, '>') => return Some(at),
            (None, '<') => return None,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            _ => {}
        }
    }
    None
}

/// The value of a tag's attribute.
fn attribute<'a>(tag: &'a str, key: &str) -> Option<&'a str> {
    let mut rest = tag;
    while let Some((before, after)) = rest.split_once('=') {
        let name = before.trim_end().rsplit(|c: char| c.is_whitespace()).next().unwrap_or_default();
        let value = after.trim_start();
        let (value, after) = match value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            Some(quote) => value[1..].split_once(quote)?,
            None => value.split_once(char::is_whitespace).unwrap_or((value, "")),
        };
        if name.eq_ignore_ascii_case(key) {
            return Some(value);
        }
        rest = after;
    }
    None
}

/// A scheme, a colon and no spaces.
fn is_address(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() >= 2
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    }) && !text.contains(char::is_whitespace)
}

/// An address without the punctuation of the sentence around it.
fn trim_address(mut text: &str) -> &str {
    loop {
        let opened = text.matches('(').count();
        let closed = text.matches(')').count();
        text = match text.chars().next_back() {
            Some('.' | ',' | ';' | ':' | '!' | '?' | '"' | '\'' | '*' | '_' | ']') => &text[..text.len() - 1],
            Some(')') if closed > opened => &text[..text.len() - 1],
            _ => return text,
        };
    }
}

#[cfg(test)]
mod tests;
