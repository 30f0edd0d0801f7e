//! The engine's texts: Markdown of the plainer kind. Whatever is written in them, what comes out are words,
//! of which nothing is markup any more.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use serde::Serialize;

/// Of a text so much is read.
const BYTES_MAX: usize = 32 << 10;

/// Lists in lists are told apart so far; deeper ones are taken for one.
const DEPTH_MAX: usize = 4;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Block {
    Paragraph { spans: Vec<Span> },
    Code { text: String },
    List { ordered: bool, items: Vec<Vec<Block>> },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Span {
    pub(super) text: String,
    pub(super) style: Style,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Style {
    Plain,
    Strong,
    Emphasis,
    Code,
}

/// What is open: the blocks of a list's item, or the list.
enum Open {
    Item(Vec<Block>),
    List { ordered: bool, items: Vec<Vec<Block>> },
}

#[derive(Default)]
struct Reader {
    done: Vec<Block>,
    open: Vec<Open>,
    spans: Vec<Span>,
    code: Option<String>,
    strong: usize,
    emphasis: usize,
    /// Where words of weight begin, and the sign that gave it to them.
    weights: Vec<(usize, String)>,
    /// Where links lead that are open.
    links: Vec<String>,
    /// Of lists, those that are not told apart too.
    depth: usize,
}

pub(super) fn blocks(markdown: &str) -> Vec<Block> {
    let mut end = markdown.len().min(BYTES_MAX);
    while !markdown.is_char_boundary(end) {
        end -= 1;
    }
    let mut reader = Reader::default();
    let markdown = &markdown[..end];
    for (event, at) in Parser::new_ext(markdown, Options::empty()).into_offset_iter() {
        reader.take(event, &markdown[at]);
    }
    reader.end_paragraph();
    while !reader.open.is_empty() {
        reader.close();
    }
    reader.done
}

impl Reader {
    fn take(&mut self, event: Event<'_>, source: &str) {
        match event {
            Event::Start(tag) => self.start(tag, source),
            Event::End(tag) => self.end(tag),
            // `<bucket_name>` is what people are to put a name for.
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(text) => self.span(&text, Style::Code),
            Event::SoftBreak | Event::HardBreak => self.text(" "),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, source: &str) {
        match tag {
            Tag::Strong => {
                self.weights.push((self.spans.len(), source.chars().take(2).collect()));
                self.strong += 1;
            }
            Tag::Heading { .. } => {
                self.end_paragraph();
                self.strong += 1;
            }
            Tag::Emphasis => {
                self.weights.push((self.spans.len(), source.chars().take(1).collect()));
                self.emphasis += 1;
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push(dest_url.into_string());
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => {
                self.end_paragraph();
                self.code = Some(String::new());
            }
            Tag::List(first) => {
                self.end_paragraph();
                self.depth += 1;
                if self.depth <= DEPTH_MAX {
                    self.open.push(Open::List { ordered: first.is_some(), items: Vec::new() });
                }
            }
            Tag::Item => {
                self.end_paragraph();
                if self.depth > DEPTH_MAX {
                    return;
                }
                self.open.push(Open::Item(Vec::new()));
            }
            _ => self.end_paragraph(),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Strong => {
                self.strong = self.strong.saturating_sub(1);
                self.weigh();
            }
            TagEnd::Heading(_) => {
                self.end_paragraph();
                self.strong = self.strong.saturating_sub(1);
            }
            TagEnd::Emphasis => {
                self.emphasis = self.emphasis.saturating_sub(1);
                self.weigh();
            }
            TagEnd::Link | TagEnd::Image => {
                // An address is told beside its words, where those are not the address.
                if let Some(to) = self.links.pop().filter(|to| !to.is_empty())
                    && self.spans.last().is_none_or(|span| span.text != to)
                {
                    self.span(&format!(" ({to})"), Style::Plain);
                }
            }
            TagEnd::CodeBlock => {
                if let Some(text) = self.code.take() {
                    self.block(Block::Code { text: text.trim_end().to_owned() });
                }
            }
            TagEnd::List(_) => {
                self.end_paragraph();
                if self.depth <= DEPTH_MAX {
                    self.close();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            TagEnd::Item => {
                self.end_paragraph();
                if self.depth <= DEPTH_MAX {
                    self.close();
                }
            }
            _ => self.end_paragraph(),
        }
    }

    /// `"*" or "*"` names two stars: where what stands between signs does not begin as words do, they are
    /// signs.
    fn weigh(&mut self) {
        let Some((from, sign)) = self.weights.pop() else { return };
        let within = self.spans.get(from..).unwrap_or_default();
        let first = within.iter().flat_map(|span| span.text.chars()).next();
        if within.iter().any(|span| span.style == Style::Code)
            || first.is_some_and(|first| !matches!(first, '"' | '\'' | ',' | ';' | ')' | '}' | ']'))
        {
            return;
        }
        let words: String = self.spans.drain(from.min(self.spans.len())..).map(|span| span.text).collect();
        self.span(&format!("{sign}{words}{sign}"), Style::Plain);
    }

    fn text(&mut self, text: &str) {
        if let Some(code) = &mut self.code {
            code.push_str(text);
            return;
        }
        let style = match (self.strong, self.emphasis) {
            (0, 0) => Style::Plain,
            (0, _) => Style::Emphasis,
            _ => Style::Strong,
        };
        self.span(text, style);
    }

    fn span(&mut self, text: &str, style: Style) {
        let apart = self.weights.last().is_some_and(|(from, _)| *from == self.spans.len());
        match self.spans.last_mut().filter(|last| !apart && last.style == style && style != Style::Code) {
            Some(last) => last.text.push_str(text),
            None => self.spans.push(Span { text: text.to_owned(), style }),
        }
    }

    fn end_paragraph(&mut self) {
        let spans = std::mem::take(&mut self.spans);
        if spans.iter().any(|span| !span.text.trim().is_empty()) {
            self.block(Block::Paragraph { spans });
        }
    }

    fn block(&mut self, block: Block) {
        match self.open.last_mut() {
            Some(Open::Item(blocks)) => blocks.push(block),
            Some(Open::List { items, .. }) => items.push(vec![block]),
            None => self.done.push(block),
        }
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::Item(blocks)) => match self.open.last_mut() {
                Some(Open::List { items, .. }) => items.push(blocks),
                _ => blocks.into_iter().for_each(|block| self.block(block)),
            },
            Some(Open::List { ordered, items }) => self.block(Block::List { ordered, items }),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Block {
        Block::Paragraph { spans: vec![Span { text: text.to_owned(), style: Style::Plain }] }
    }

    #[test]
    fn words_of_the_engine_keep_their_weight() {
        let read = blocks("**Buckets** with `AllUsers` and *more*.\n\n1. Open <name>\n2. Save\n   - at once");
        let style = |text: &str, style| Span { text: text.to_owned(), style };
        let spans = vec![
            style("Buckets", Style::Strong),
            style(" with ", Style::Plain),
            style("AllUsers", Style::Code),
            style(" and ", Style::Plain),
            style("more", Style::Emphasis),
            style(".", Style::Plain),
        ];
        let inner = Block::List { ordered: false, items: vec![vec![plain("at once")]] };
        let list = Block::List {
            ordered: true,
            items: vec![vec![plain("Open <name>")], vec![plain("Save"), inner]],
        };
        assert_eq!(read, [Block::Paragraph { spans }, list]);
    }

    #[test]
    fn code_is_kept_as_it_is_and_links_say_where_they_lead() {
        assert_eq!(
            blocks("```hcl\na = \"<b>\"\n\nc = 1\n```"),
            [Block::Code { text: "a = \"<b>\"\n\nc = 1".to_owned() }]
        );
        assert_eq!(blocks("[here](https://x.test)"), [plain("here (https://x.test)")]);
    }

    #[test]
    fn stars_that_are_named_are_stars() {
        let text = "Find a Principal of \"*\" (or { \"AWS\": \"*\" })";
        assert_eq!(blocks(text), [plain(text)]);
        let Block::Paragraph { spans } = &blocks("a *\"quoted\" word*, **b** and **c**")[0] else { panic!() };
        let told: String = spans.iter().map(|span| span.text.as_str()).collect();
        assert_eq!(told, "a *\"quoted\" word*, b and c");
    }

    #[test]
    fn nothing_in_a_text_is_markup_any_more_and_no_depth_is_too_much() {
        assert_eq!(blocks("<script>alert(1)</script>"), [plain("<script>alert(1)</script>")]);
        let deep = "> - ".repeat(5_000) + "end";
        assert!(format!("{:?}", blocks(&deep)).contains("end"));
        let long = "ä".repeat(BYTES_MAX);
        assert_eq!(blocks(&long).len(), 1);
    }
}
