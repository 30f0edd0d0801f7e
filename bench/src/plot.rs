//! The rates as a picture: one bar a run, set beside the limit.

use std::fmt::Write as _;

use crate::{bench::Results, words::thousands};

const WIDTH: f64 = 720.0;
const LABEL: f64 = 190.0;
const ROW: f64 = 26.0;

struct Bar {
    label: String,
    rate: f64,
    /// Server's and database's part of the CPU, microseconds an entry.
    cpu: Option<(f64, f64)>,
    limit: bool,
}

/// An SVG document that needs nothing else.
pub(crate) fn svg(results: &Results) -> String {
    let bars = bars(results);
    let most = bars.iter().map(|bar| bar.rate).fold(1.0, f64::max);
    let height = f64::from(u32::try_from(bars.len()).unwrap_or(u32::MAX)).mul_add(ROW, 64.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"8\" y=\"20\" font-size=\"14\" font-weight=\"bold\">Durable entries a second</text>\n\
         <text x=\"8\" y=\"38\" fill=\"#555\">{} cores, PostgreSQL {}, {:.0} bytes of JSON an entry; CPU an entry: server + database</text>\n",
        results.machine.cores,
        escaped(&results.postgresql),
        results.bytes_an_entry_sent
    );
    let mut y = 52.0;
    for bar in &bars {
        let width = (WIDTH - LABEL - 200.0) * bar.rate / most;
        let colour = if bar.limit { "#b8b8b8" } else { "#2f6f9f" };
        let cpu =
            bar.cpu.map(|(server, database)| format!("  {server:.1} + {database:.1} µs")).unwrap_or_default();
        let _ = writeln!(
            svg,
            "<text x=\"8\" y=\"{:.0}\">{}</text><rect x=\"{LABEL}\" y=\"{y:.0}\" width=\"{width:.1}\" height=\"16\" fill=\"{colour}\"/>\
             <text x=\"{:.0}\" y=\"{:.0}\">{}{cpu}</text>",
            y + 13.0,
            escaped(&bar.label),
            LABEL + width + 6.0,
            y + 13.0,
            thousands(bar.rate),
        );
        y += ROW;
    }
    svg.push_str("</svg>\n");
    svg
}

fn bars(results: &Results) -> Vec<Bar> {
    let limit =
        results.limit().map(|rate| Bar { label: "raw COPY (limit)".into(), rate, cpu: None, limit: true });
    let runs = results.runs.iter().map(|run| Bar {
        label: run.name.clone(),
        rate: run.entries_per_second,
        cpu: Some((run.cpu.server_us, run.cpu.database_us)),
        limit: false,
    });
    limit.into_iter().chain(runs).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
