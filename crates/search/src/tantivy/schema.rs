//! The fields of a part, and how texts become terms: they were cut already.

use custody_domain::query::{terms::TextField, tokens_of_folded};
use tantivy::{
    IndexSettings,
    schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
    store::{Compressor, ZstdCompressor},
    tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer, TokenizerManager},
};

const WHOLE: &str = "whole";
const FOLDED: &str = "folded";

/// Names in the file, and columns by the same names.
pub(super) mod column {
    pub(in super::super) const MILLIS: &str = "ms";
    pub(in super::super) const COUNTER: &str = "n";
    pub(in super::super) const TIME: &str = "time";
    pub(in super::super) const SEVERITY: &str = "severity";
    pub(in super::super) const OUTCOME: &str = "outcome";
    pub(in super::super) const ACTION: &str = "action";
    pub(in super::super) const ACTOR: &str = "actor";
    pub(in super::super) const RESOURCE_TYPE: &str = "resource_type";
    pub(in super::super) const IP: &str = "ip";
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub(super) terms: Field,
    pub(super) any: Field,
    pub(super) message: Field,
    pub(super) millis: Field,
    pub(super) counter: Field,
    pub(super) time: Field,
    pub(super) severity: Field,
    pub(super) outcome: Field,
    pub(super) action: Field,
    pub(super) actor: Field,
    pub(super) resource_type: Field,
    pub(super) ip: Field,
}

impl Fields {
    pub(super) fn text(&self, field: TextField) -> Field {
        match field {
            TextField::Any => self.any,
            TextField::Message => self.message,
        }
    }
}

/// The fields are numbered in the order in which they are added: what is written stays readable only
/// as long as that stays.
pub(super) fn schema() -> (Schema, Fields) {
    let indexed = |tokenizer, option| {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(tokenizer)
            .set_index_option(option)
            // Nothing is ranked.
            .set_fieldnorms(false);
        TextOptions::default().set_indexing_options(indexing)
    };
    let mut builder = Schema::builder();
    let text = || TextOptions::default().set_fast("raw");
    let fields = Fields {
        terms: builder.add_text_field("terms", indexed(WHOLE, IndexRecordOption::Basic)),
        any: builder.add_text_field("any", indexed(FOLDED, IndexRecordOption::WithFreqsAndPositions)),
        message: builder.add_text_field("message", indexed(FOLDED, IndexRecordOption::WithFreqsAndPositions)),
        millis: builder.add_u64_field(column::MILLIS, FAST),
        counter: builder.add_u64_field(column::COUNTER, FAST),
        time: builder.add_i64_field(column::TIME, FAST),
        severity: builder.add_u64_field(column::SEVERITY, FAST),
        outcome: builder.add_u64_field(column::OUTCOME, FAST),
        action: builder.add_text_field(column::ACTION, text()),
        actor: builder.add_text_field(column::ACTOR, text()),
        resource_type: builder.add_text_field(column::RESOURCE_TYPE, text()),
        ip: builder.add_text_field(column::IP, text()),
    };
    (builder.build(), fields)
}

pub(super) fn settings() -> IndexSettings {
    IndexSettings {
        docstore_compression: Compressor::Zstd(ZstdCompressor::default()),
        docstore_compress_dedicated_thread: false,
        ..IndexSettings::default()
    }
}

pub(super) fn tokenizers() -> TokenizerManager {
    let tokenizers = TokenizerManager::default();
    tokenizers.register(WHOLE, TextAnalyzer::from(Whole::default()));
    tokenizers.register(FOLDED, TextAnalyzer::from(Folded::default()));
    tokenizers
}

/// A term as it is.
#[derive(Clone, Default)]
struct Whole {
    token: Token,
}

struct WholeStream<'t> {
    token: &'t mut Token,
    left: bool,
}

impl Tokenizer for Whole {
    type TokenStream<'a> = WholeStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WholeStream<'a> {
        self.token.reset();
        self.token.position = 0;
        self.token.text.push_str(text);
        WholeStream { token: &mut self.token, left: true }
    }
}

impl TokenStream for WholeStream<'_> {
    fn advance(&mut self) -> bool {
        std::mem::replace(&mut self.left, false)
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

/// The tokens of a text that is folded already.
#[derive(Clone, Default)]
struct Folded {
    token: Token,
}

struct FoldedStream<'t, I> {
    token: &'t mut Token,
    tokens: I,
}

impl Tokenizer for Folded {
    type TokenStream<'a> = Box<dyn TokenStream + 'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Self::TokenStream<'a> {
        self.token.reset();
        Box::new(FoldedStream { token: &mut self.token, tokens: tokens_of_folded(text) })
    }
}

impl<'a, I: Iterator<Item = &'a str>> TokenStream for FoldedStream<'_, I> {
    fn advance(&mut self) -> bool {
        let Some(token) = self.tokens.next() else { return false };
        self.token.position = self.token.position.wrapping_add(1);
        self.token.text.clear();
        self.token.text.push_str(token);
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}
