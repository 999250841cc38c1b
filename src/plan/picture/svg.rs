use std::fmt::Write as _;

use super::layout::{Layout, Line, Point, Rect, Route, Shape, lay_out};
use super::{Port, Target, ports};
use crate::plan::{Plan, PlannedPlugin, PluginIndex};
use crate::words::shown;

/// Distance of the picture from its edges.
const MARGIN: i64 = 16;
/// Room for the title.
const TITLE: i64 = 32;
/// Height of a box's head, where its name stands, and of the row of an import.
const HEAD: i64 = 32;
const ROW: i64 = 20;
/// Room below the last row.
const FOOT: i64 = 6;
/// Room left and right of a text in a box.
const PAD: i64 = 14;
/// Width of a letter in the title, in a head and in a row, in tenths; wide, because the font is the reader's.
const TITLE_LETTER: i64 = 94;
const HEAD_LETTER: i64 = 84;
const ROW_LETTER: i64 = 76;
/// Longer texts are cut; the tooltips have the whole.
const LONGEST: usize = 48;
/// Radius of corners, and of the dot where a line begins.
const RADIUS: i64 = 8;
const DOT: i64 = 3;

/// Colours that can be read on light and on dark pages: lines and title are of a middle grey, and
/// boxes bring their own ground. The names are for the case that the picture stands in a page.
const STYLE: &str = "\
    .plugweave text { font: 12px ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #24292f }\n    \
    .plugweave .title { font-size: 15px; font-weight: 600; fill: #768390 }\n    \
    .plugweave .id { font-size: 14px; font-weight: 600 }\n    \
    .plugweave .version { fill: #57606a; font-weight: 400 }\n    \
    .plugweave .import { fill: #57606a; text-anchor: end }\n    \
    .plugweave .box { fill: #f6f8fa; stroke: #768390 }\n    \
    .plugweave .entry .box { fill: #ddf4ff; stroke: #218bff; stroke-width: 2 }\n    \
    .plugweave .host .box { fill: #fff8c5; stroke: #bf8700 }\n    \
    .plugweave .link { fill: none; stroke: #768390; stroke-width: 1.5 }\n    \
    .plugweave .late { stroke-dasharray: 5 4 }\n    \
    .plugweave .port { fill: #768390 }\n    \
    .plugweave .nobody { fill: #f6f8fa; stroke: #768390 }";

/// A box of the picture.
struct Node<'a> {
    /// `None` for the host.
    plugin: Option<&'a PlannedPlugin>,
    is_entry: bool,
    ports: Vec<Port>,
}

impl Plan {
    /// The wiring as a picture in SVG: boxes are plugins, and list the imports that others serve;
    /// lines lead from them to the providers at the right, dashed where the import is late. Ends
    /// with a line break.
    pub fn to_svg(&self) -> String {
        let nodes = self.nodes();
        let shapes: Vec<Shape> = nodes.iter().map(Node::shape).collect();
        let lines = self.lines(&nodes);
        let layout = lay_out(&shapes, &lines, self.entry.as_ref().map(|entry| entry.plugin.0));
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_svg(&mut out, &nodes, &lines, &layout);
        out
    }

    /// The plugins, in the order of the plan, and the host if it serves something.
    fn nodes(&self) -> Vec<Node<'_>> {
        let plugins = self.plugins.iter().enumerate().map(|(index, plugin)| Node {
            plugin: Some(plugin),
            is_entry: self.is_entry(index),
            ports: ports(plugin).collect(),
        });
        let host = self.has_host().then(|| Node { plugin: None, is_entry: false, ports: Vec::new() });
        plugins.chain(host).collect()
    }

    fn lines(&self, nodes: &[Node<'_>]) -> Vec<Line> {
        let number = |target: Target| match target {
            Target::Plugin(PluginIndex(index)) => index,
            Target::Host => self.plugins.len(),
        };
        let of_node = |(from, node): (usize, &Node<'_>)| {
            let of_port = |(exit, port): (i64, &Port)| {
                let line = |&target: &Target| Line { from, exit, to: number(target), weak: port.late };
                port.targets.iter().map(line).collect::<Vec<_>>()
            };
            rows().zip(&node.ports).flat_map(of_port).collect::<Vec<_>>()
        };
        nodes.iter().enumerate().flat_map(of_node).collect()
    }

    fn write_svg(&self, out: &mut String, nodes: &[Node<'_>], lines: &[Line], layout: &Layout) -> std::fmt::Result {
        let title = cut(self.name.as_deref().unwrap_or("app"));
        let width = layout.width.max(letters(&title) * TITLE_LETTER / 10) + 2 * MARGIN;
        let (title, height) = (escaped(&title), layout.height + 2 * MARGIN + TITLE);
        writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" class=\"plugweave\">"
        )?;
        writeln!(out, "  <title>{title}: the wiring of its plugins</title>")?;
        writeln!(out, "  <desc>{}</desc>", escaped(&self.described(nodes)))?;
        writeln!(out, "  <style>\n    {STYLE}\n  </style>")?;
        writeln!(
            out,
            "  <defs>\n    <marker id=\"plugweave-arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" \
             markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">\
             <path d=\"M0 0L8 4L0 8z\" fill=\"#768390\"/></marker>\n  </defs>"
        )?;
        writeln!(out, "  <text class=\"title\" x=\"{MARGIN}\" y=\"{}\">{title}</text>", MARGIN + 12)?;
        writeln!(out, "  <g transform=\"translate({MARGIN} {})\">", MARGIN + TITLE)?;
        for (line, route) in lines.iter().zip(&layout.routes) {
            let late = if line.weak { " late" } else { "" };
            writeln!(
                out,
                "    <path class=\"link{late}\" marker-end=\"url(#plugweave-arrow)\" d=\"{}\"/>",
                way(route)
            )?;
        }
        for (node, place) in nodes.iter().zip(&layout.boxes) {
            node.write(out, *place)?;
        }
        writeln!(out, "  </g>\n</svg>")
    }

    /// The wiring in words.
    fn described(&self, nodes: &[Node<'_>]) -> String {
        let id = |target: &Target| match target {
            Target::Plugin(index) => shown(self.plugin(*index).id.as_str()),
            Target::Host => "the host".to_owned(),
        };
        let mut sentences = Vec::new();
        for node in nodes {
            let Some(plugin) = node.plugin else { continue };
            for port in &node.ports {
                let providers: Vec<String> = port.targets.iter().map(id).collect();
                let providers = if providers.is_empty() { "nobody".to_owned() } else { providers.join(", ") };
                let late = if port.late { ", late" } else { "" };
                let importer = shown(plugin.id.as_str());
                sentences.push(format!("{importer} imports {}{late} from {providers}.", port.label));
            }
        }
        match (sentences.as_slice(), self.plugins.len()) {
            ([], 1) => "1 plugin, which imports nothing from another.".to_owned(),
            ([], number) => format!("{number} plugins, none of which imports anything from another."),
            (sentences, _) => sentences.join(" "),
        }
    }
}

/// The middle of each row of a box, below its upper edge.
fn rows() -> impl Iterator<Item = i64> {
    (0..).map(|row| HEAD + row * ROW + ROW / 2)
}

impl Node<'_> {
    fn id(&self) -> &str {
        self.plugin.map_or("host", |plugin| plugin.id.as_str())
    }

    fn version(&self) -> Option<String> {
        self.plugin.and_then(|plugin| plugin.version.as_ref()).map(ToString::to_string)
    }

    fn shape(&self) -> Shape {
        let version = self.version().map_or(0, |version| letters(&cut(&version)) + 1);
        let head = (letters(&cut(self.id())) + version) * HEAD_LETTER;
        let row = self.ports.iter().map(|port| letters(&cut(&port.label)) * ROW_LETTER).max().unwrap_or(0);
        let rows = i64::try_from(self.ports.len()).unwrap_or(i64::MAX / (2 * ROW));
        let height = HEAD + if rows == 0 { 0 } else { rows * ROW + FOOT };
        Shape { width: head.max(row) / 10 + 2 * PAD, height, entry: HEAD / 2 }
    }

    fn write(&self, out: &mut String, place: Rect) -> std::fmt::Result {
        let Rect { x, y, width, height } = place;
        let class = match (self.plugin, self.is_entry) {
            (None, _) => "host",
            (Some(_), true) => "plugin entry",
            (Some(_), false) => "plugin",
        };
        writeln!(out, "    <g class=\"{class}\">")?;
        writeln!(out, "      <title>{}</title>", escaped(&self.tooltip()))?;
        let radius = if self.plugin.is_some() { RADIUS } else { HEAD / 2 };
        writeln!(
            out,
            "      <rect class=\"box\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"/>"
        )?;
        let version = self.version().map_or_else(String::new, |version| {
            format!(" <tspan class=\"version\">{}</tspan>", escaped(&cut(&version)))
        });
        let id = escaped(&cut(self.id()));
        writeln!(out, "      <text class=\"id\" x=\"{}\" y=\"{}\">{id}{version}</text>", x + PAD, y + HEAD / 2 + 5)?;
        for (row, port) in rows().zip(&self.ports) {
            let (right, middle) = (x + width, y + row);
            let label = escaped(&cut(&port.label));
            writeln!(out, "      <text class=\"import\" x=\"{}\" y=\"{}\">{label}</text>", right - PAD, middle + 4)?;
            let class = if port.targets.is_empty() { "nobody" } else { "port" };
            writeln!(out, "      <circle class=\"{class}\" cx=\"{right}\" cy=\"{middle}\" r=\"{DOT}\"/>")?;
        }
        writeln!(out, "    </g>")
    }

    /// What a reader sees who points at the box.
    fn tooltip(&self) -> String {
        let Some(plugin) = self.plugin else { return "the host: the embedding application".to_owned() };
        let mut text = super::plugin_label(plugin);
        if let Some(description) = &plugin.description {
            let _ = write!(text, ": {}", shown(description));
        }
        if self.is_entry {
            text.push_str(" (the entry)");
        }
        text
    }
}

/// The commands of a path.
fn way(route: &Route) -> String {
    let mut way = String::new();
    let _ = match route {
        Route::Ahead(points) => write_curves(&mut way, points),
        Route::Back(points) => write_corners(&mut way, points),
    };
    way
}

/// A curve to every second point, and a level line to the others.
fn write_curves(way: &mut String, points: &[Point]) -> std::fmt::Result {
    let mut before: Option<Point> = None;
    for (index, &Point { x, y }) in points.iter().enumerate() {
        match before {
            None => write!(way, "M{x} {y}")?,
            Some(from) if index % 2 == 1 && from.y != y => {
                let middle = i64::midpoint(from.x, x);
                write!(way, "C{middle} {} {middle} {y} {x} {y}", from.y)?;
            }
            Some(_) => write!(way, "H{x}")?,
        }
        before = Some(Point { x, y });
    }
    Ok(())
}

/// Straight lines with rounded corners.
fn write_corners(way: &mut String, points: &[Point]) -> std::fmt::Result {
    let toward = |from: Point, to: Point| {
        let step = |from: i64, to: i64| (to - from).clamp(-RADIUS, RADIUS);
        Point { x: from.x + step(from.x, to.x), y: from.y + step(from.y, to.y) }
    };
    if let (Some(first), Some(last)) = (points.first(), points.last()) {
        write!(way, "M{} {}", first.x, first.y)?;
        for corner in points.windows(3) {
            let (begin, end) = (toward(corner[1], corner[0]), toward(corner[1], corner[2]));
            write!(way, "L{} {}Q{} {} {} {}", begin.x, begin.y, corner[1].x, corner[1].y, end.x, end.y)?;
        }
        write!(way, "L{} {}", last.x, last.y)?;
    }
    Ok(())
}

fn letters(text: &str) -> i64 {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

/// A text of a box. What is not shown takes its place as a code.
fn cut(text: &str) -> String {
    let text = shown(text);
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// Text as XML, which is [`shown`] already.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
