//! The address of one thing of many.

/// Of the one with this id, or what is `below` it. Whatever was typed as an id is one segment: the server says
/// that there is no such thing.
pub(crate) fn one(collection: &str, id: &str, below: &str) -> String {
    let id: String =
        id.chars().map(|c| if matches!(c, '/' | '?' | '#' | '%' | '.') { '_' } else { c }).collect();
    format!("/api/v1/{collection}/{id}{below}")
}

#[cfg(test)]
mod tests {
    use super::one;

    #[test]
    fn an_id_leads_nowhere_else() {
        assert_eq!(one("jobs", "a1-b", "/retry"), "/api/v1/jobs/a1-b/retry");
        assert_eq!(one("logs", "../x?y#z%2F", ""), "/api/v1/logs/___x_y_z_2F");
    }
}
