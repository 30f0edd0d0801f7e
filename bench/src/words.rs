//! The results, for people.

use std::fmt::Write as _;

use crate::{bench::Results, measure::Measured};

/// One run in one line.
pub(crate) fn line(run: &Measured) -> String {
    let mut text = format!(
        "{}/s, acknowledged in p50 {:.1} ms, p99 {:.1} ms; CPU an entry: server {:.1} µs, database {:.1} µs, \
         load generator {:.1} µs; {:.0} bytes on disk, {:.0} of WAL; peak {:.0} MiB",
        thousands(run.entries_per_second),
        run.acknowledged.p50_ms,
        run.acknowledged.p99_ms,
        run.cpu.server_us,
        run.cpu.database_us,
        run.cpu.load_generator_us,
        run.disk_bytes_an_entry,
        run.wal_bytes_an_entry,
        run.server_rss_mib_peak,
    );
    if let Some(lag) = run.checkpoint_lag {
        let _ = write!(text, "; checkpoint after p50 {:.0} ms, at most {:.0} ms", lag.p50_ms, lag.max_ms);
    }
    for (status, count) in &run.refused {
        let _ = write!(text, "; {count} answered {status} (p99 {:.1} ms)", run.refusals.p99_ms);
    }
    for (what, count) in [
        ("duplicate", run.duplicate),
        ("quarantined", run.quarantined),
        ("to be sent again", run.retry),
        ("broken exchanges", run.broken),
    ] {
        if count > 0 {
            let _ = write!(text, "; {count} {what}");
        }
    }
    text
}

/// Everything, as it is printed at the end.
pub(crate) fn all(results: &Results) -> String {
    let mut text = String::new();
    let machine = &results.machine;
    let _ = writeln!(
        text,
        "{} ({} cores), {} GiB, {}, {}; {}; PostgreSQL {}",
        machine.cpu,
        machine.cores,
        machine.memory_gib,
        machine.kernel,
        machine.file_system,
        results.custody,
        results.postgresql
    );
    let _ =
        writeln!(text, "entries: {}, {:.0} bytes of JSON each", results.entries, results.bytes_an_entry_sent);
    let _ = writeln!(text, "not default: {}", results.settings.join("; "));
    let _ = writeln!(
        text,
        "start: {} ms with a new data directory{}; at rest {:.0} MiB",
        results.started_first.accepts_ms,
        results.started_again.map(|again| format!(", {} ms again", again.accepts_ms)).unwrap_or_default(),
        results.server_rss_mib_at_rest
    );
    let _ = writeln!(text);
    for copy in &results.copies {
        let _ = writeln!(
            text,
            "{:<14} {:>9}/s  raw COPY of the same JSON by one connection{}; database {:.1} µs, {:.0} bytes, {:.0} of WAL",
            "limit",
            thousands(copy.rows_per_second),
            if copy.primary_key { ", with a primary key" } else { "" },
            copy.database_us,
            copy.bytes_a_row,
            copy.wal_bytes_a_row
        );
    }
    for run in &results.runs {
        let _ = writeln!(text, "{:<14} {}\n{:<14} {}", run.name, run.what, "", line(run));
        let tables = run.tables.iter().filter(|(_, size)| size.heap + size.index >= 0.5);
        let tables: Vec<_> =
            tables.map(|(name, size)| format!("{name} {:.0} + {:.0}", size.heap, size.index)).collect();
        let _ = writeln!(text, "{:<14} bytes an entry, heap + index: {}", "", tables.join(", "));
    }
    ratios(results, &mut text);
    for doubt in &results.doubts {
        let _ = writeln!(text, "DOUBT: {doubt}");
    }
    text
}

/// What has to be set beside something else of the same run to mean anything.
fn ratios(results: &Results, text: &mut String) {
    let rate = |name: &str| results.run(name).map(|run| run.entries_per_second);
    let mut ratio = |what: &str, of: Option<f64>, to: Option<f64>| {
        if let (Some(of), Some(to)) = (of, to) {
            let _ = writeln!(text, "{:<46} {:.2}", what, of / to);
        }
    };
    ratio("bulk / raw COPY", rate("bulk"), results.limit());
    ratio("bulk with event_id / raw COPY", rate("bulk-event-id"), results.limit());
    ratio("overloaded bulk / bulk", rate("overload-bulk"), rate("bulk"));
    ratio("overloaded single / single", rate("overload-single"), rate("single"));
    let lone = results.run("lone").map(|run| run.acknowledged.p50_ms);
    ratio(
        "a lone acknowledgement / one small commit",
        lone,
        results.small_commit.map(|commit| commit.p50_ms),
    );
    let rates = &results.long_run_rates;
    ratio("last 200,000 of the long run / its first", rates.last().copied(), rates.first().copied());
    if let Some(verified) = &results.verify {
        let _ = writeln!(text, "verify --server: {} entries/s", thousands(verified.entries_per_second));
    }
}

/// `12,345`
pub(crate) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_have_commas() {
        let written = [0.4, 999.0, 1_000.0, 123_456.7, 1_234_567.0].map(thousands);
        assert_eq!(written, ["0", "999", "1,000", "123,457", "1,234,567"]);
    }
}
