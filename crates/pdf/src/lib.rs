//! Documents as PDF: a layout of ours, filled with data.
//!
//! Typst lays out. It is heavy to build, so one crate has it, and only the binary has that crate. What is
//! given as data is shown as it is: nothing of it is read as markup.
//!
//! May know: Typst. Must not: anything of ours, files, the network.

mod fonts;
mod world;

use typst::diag::SourceDiagnostic;
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

use crate::world::Closed;

#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// A defect of the layout, or data that it does not know.
    #[error("the layout cannot be filled: {0}")]
    Layout(String),
    /// It would have more pages than are asked for.
    #[error("the document has {pages} pages, and at most {pages_max} are written")]
    TooLong { pages: usize, pages_max: usize },
}

/// A document of more pages is refused: nobody reads it.
pub const PAGES_MAX: usize = 2_000;

/// Fills a layout, which reads `/data.json`: that is `json`. It takes as long as there are pages, so it
/// belongs on a thread that may block.
pub fn pdf(layout: &str, json: Vec<u8>) -> Result<Vec<u8>, PdfError> {
    let world = Closed::new(layout, json).map_err(|error| PdfError::Layout(format!("{error:?}")))?;
    let written = written(&world);
    // Typst keeps what it has laid out; the next document is another.
    typst::comemo::evict(0);
    written
}

fn written(world: &Closed) -> Result<Vec<u8>, PdfError> {
    let document = typst::compile::<PagedDocument>(world).output.map_err(|errors| told(&errors))?;
    let pages = document.pages().len();
    if pages > PAGES_MAX {
        return Err(PdfError::TooLong { pages, pages_max: PAGES_MAX });
    }
    typst_pdf::pdf(&document, &PdfOptions::default()).map_err(|errors| told(&errors))
}

fn told(errors: &[SourceDiagnostic]) -> PdfError {
    PdfError::Layout(errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

    use super::*;

    const LAYOUT: &str = "#let data = json(\"/data.json\")\n= #data.title\n#data.text";

    fn of(text: &str) -> Vec<u8> {
        pdf(LAYOUT, serde_json::to_vec(&serde_json::json!({"title": "A", "text": text})).unwrap()).unwrap()
    }

    #[test]
    fn a_layout_is_filled() {
        let written = of("one");
        assert!(written.starts_with(b"%PDF-1."));
        assert!(written.trim_ascii_end().ends_with(b"%%EOF"));
    }

    #[test]
    fn what_is_given_is_no_markup() {
        // Each would be an error, or a page more, if it were read as Typst.
        for text in ["#pagebreak()", "#panic(\"x\")", "$ x", "#import \"@preview/x:0.1.0\"", "*_`<a>@b\\"] {
            let written = of(text);
            assert_eq!(pages(&written), 1, "{text}");
        }
    }

    #[test]
    fn a_layout_has_as_many_pages_as_it_makes() {
        let written = pdf("one #pagebreak() two", Vec::new()).unwrap();
        assert_eq!(pages(&written), 2);
    }

    #[test]
    fn nothing_is_read_but_what_is_given() {
        for layout in ["#read(\"/etc/passwd\")", "#import \"@preview/cetz:0.3.0\"", "#datetime.today().foo()"]
        {
            assert!(matches!(pdf(layout, Vec::new()), Err(PdfError::Layout(_))), "{layout}");
        }
    }

    fn pages(pdf: &[u8]) -> usize {
        pdf.windows(11).filter(|at| at == b"/Type/Page\n" || at == b"/Type/Page/").count()
    }
}
