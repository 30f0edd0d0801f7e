//! What was meant by a name that is not there.

/// More of a name than this tells nothing about which one was meant.
const COMPARED_CHARS_MAX: usize = 120;
const NEAREST_MAX: usize = 3;

/// Those of `known` that are most like it, the likest first, at most three.
pub(crate) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Vec<&'k str> {
    let name: String = name.chars().take(COMPARED_CHARS_MAX).collect::<String>().to_lowercase();
    // Slips of the finger first; among as many, those that begin alike.
    let mut all: Vec<(usize, f64, &str)> = known
        .into_iter()
        .map(|known| {
            let lower = known.to_lowercase();
            (strsim::damerau_levenshtein(&name, &lower), strsim::jaro_winkler(&name, &lower), known)
        })
        .collect();
    all.sort_by(|(a, c, x), (b, d, y)| a.cmp(b).then(d.total_cmp(c)).then(x.cmp(y)));
    all.into_iter().take(NEAREST_MAX).map(|(.., known)| known).collect()
}
