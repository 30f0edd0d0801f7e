//! The results as pictures: of the loads one bar a run, set beside the limit; of the questions one a
//! kind.

use std::fmt::Write as _;

use crate::{bench::Results, search::Searched, words::thousands};

const WIDTH: f64 = 760.0;
const LABEL: f64 = 190.0;
/// What stands behind a bar.
const WORDS: f64 = 240.0;
const ROW: f64 = 26.0;

struct Bar {
    label: String,
    value: f64,
    words: String,
    colour: &'static str,
}

const BLUE: &str = "#2f6f9f";
const GREY: &str = "#b8b8b8";

/// The rates.
pub(crate) fn rates(results: &Results) -> String {
    let limit = results.limit().map(|rate| Bar {
        label: "raw COPY (limit)".into(),
        value: rate,
        words: thousands(rate),
        colour: GREY,
    });
    let runs = results.runs.iter().chain(results.followed.iter().map(|followed| &followed.load));
    let runs = runs.map(|run| Bar {
        label: run.name.clone(),
        value: run.entries_per_second,
        words: format!(
            "{}  {:.1} + {:.1} µs",
            thousands(run.entries_per_second),
            run.cpu.server_us,
            run.cpu.database_us
        ),
        colour: BLUE,
    });
    let below = format!(
        "{} cores, PostgreSQL {}, {:.0} bytes of JSON an entry; CPU an entry: server + database",
        results.machine.cores, results.postgresql, results.bytes_an_entry_sent
    );
    svg("Durable entries a second", &below, limit.into_iter().chain(runs).collect())
}

/// How long the questions took.
pub(crate) fn questions(results: &Results, searched: &Searched) -> String {
    let bars = searched.questions.iter().map(|asked| Bar {
        label: asked.name.to_owned(),
        value: asked.alone.p95_ms,
        words: format!(
            "{:.2}, {:.2}, {:.2}; {:.2}, {:.2}, {:.2}",
            asked.alone.p50_ms,
            asked.alone.p95_ms,
            asked.alone.p99_ms,
            asked.together.p50_ms,
            asked.together.p95_ms,
            asked.together.p99_ms
        ),
        colour: BLUE,
    });
    let below = format!(
        "{} cores; {} entries, {} of the tenant that is asked; p50, p95, p99 alone; with 8 at once",
        results.machine.cores, searched.entries, searched.entries_of_the_largest
    );
    svg("Milliseconds a question (the bar: p95 alone)", &below, bars.collect())
}

/// An SVG document that needs nothing else.
fn svg(title: &str, below: &str, bars: Vec<Bar>) -> String {
    let most = bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
    let height = f64::from(u32::try_from(bars.len()).unwrap_or(u32::MAX)).mul_add(ROW, 64.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"8\" y=\"20\" font-size=\"14\" font-weight=\"bold\">{}</text>\n\
         <text x=\"8\" y=\"38\" fill=\"#555\">{}</text>\n",
        escaped(title),
        escaped(below)
    );
    let mut y = 52.0;
    for Bar { label, value, words, colour } in bars {
        let width = (WIDTH - LABEL - WORDS) * value / most;
        let _ = writeln!(
            svg,
            "<text x=\"8\" y=\"{:.0}\">{}</text><rect x=\"{LABEL}\" y=\"{y:.0}\" width=\"{width:.1}\" height=\"16\" fill=\"{colour}\"/>\
             <text x=\"{:.0}\" y=\"{:.0}\">{}</text>",
            y + 13.0,
            escaped(&label),
            LABEL + width + 6.0,
            y + 13.0,
            escaped(&words),
        );
        y += ROW;
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
