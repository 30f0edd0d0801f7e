//! Which entries of the tenant somebody may read: the row grant, as a query.

use custody_domain::query::{Clause, Keyword, Pattern, Query};

use crate::{Role, Scope};

impl Scope {
    /// The entries that this scope may read; none where it may read all of the tenant's.
    ///
    /// Who evaluates it does so before anything that the asker wrote: a query that is run on an
    /// entry tells by its time what the entry holds, also where the entry is then not shown.
    pub fn grant(&self) -> Option<Query> {
        match self.role() {
            // An operator is one in the reserved tenant alone, whose log is the operators' own.
            Role::Admin | Role::Operator => None,
            Role::Auditor => self.row_grant().map(|grant| grant.query().clone()),
            Role::User => Some(
                Clause::Is {
                    field: Keyword::Principal,
                    pattern: Pattern::Literal(self.principal().to_string()),
                }
                .into(),
            ),
            Role::Writer => Some(Query::negated(Query::All)),
        }
    }

    /// What this scope may read, and then `query`. Every route that can return entry contents asks
    /// through it, also where it returns a single entry. Of a restricted query it makes the same
    /// again, so that nobody need know whether it was done.
    pub fn restrict(&self, query: Query) -> Query {
        let Some(grant) = self.grant() else { return query };
        let asked = without(&query, &grant);
        Query::and([grant, asked])
    }
}

/// `query` where `grant` is known to hold. An asker who writes their own grant, or a part of it, does
/// not thereby choose its place.
fn without(query: &Query, grant: &Query) -> Query {
    let granted = parts(grant);
    Query::and(parts(query).iter().filter(|part| !granted.contains(part)).cloned())
}

fn parts(query: &Query) -> &[Query] {
    match query {
        Query::And(several) => several,
        one => std::slice::from_ref(one),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]
    use custody_domain::{
        Entry, TenantId, UserId,
        json::{Limits, parse},
        query,
    };
    use uuid::Uuid;

    use super::*;
    use crate::{Principal, RowGrant};

    /// The grants that a membership of an auditor may carry, in their shapes.
    const GRANTS: [&str; 5] = ["a", "action:a.b", "a b", "a OR b", "-c"];

    fn auditor(grant: &str) -> Scope {
        scope(Role::Auditor).granted(Some(RowGrant::parse(grant).unwrap()))
    }

    fn restricted() -> impl Iterator<Item = Scope> {
        [Role::User, Role::Writer].map(scope).into_iter().chain(GRANTS.map(auditor))
    }

    fn scope(role: Role) -> Scope {
        Scope::new(
            TenantId(Uuid::from_u128(7)),
            Principal::User(UserId(Uuid::from_u128(1))),
            None,
            None,
            role,
            "GET /api/v1/logs",
            None,
        )
    }

    fn sees(scope: &Scope, query: &str, recorded_by: u128) -> bool {
        let content = format!(
            r#"{{"action":"a.b","actor":{{"id":"x"}},"recorded_by":{{"principal":"user:{}"}}}}"#,
            Uuid::from_u128(recorded_by),
        );
        let entry = Entry {
            tenant_id: scope.tenant(),
            id: Uuid::from_u128(9).into(),
            seq: 0,
            leaf_hash: [0; 32],
            content: parse(content.as_bytes(), &Limits::default()).unwrap(),
        };
        scope.restrict(query::parse(query).unwrap()).matches(&entry)
    }

    #[test]
    fn a_user_reads_their_own_whatever_they_ask() {
        let me = scope(Role::User);
        for query in ["", "action:a.b", "x OR action:a.b", "-outcome:failure", "*"] {
            assert!(sees(&me, query, 1), "{query}");
            assert!(!sees(&me, query, 2), "{query}");
        }
    }

    #[test]
    fn admins_and_auditors_read_all_and_writers_nothing() {
        for role in [Role::Admin, Role::Auditor] {
            assert!(sees(&scope(role), "", 2));
        }
        assert!(!sees(&scope(Role::Writer), "", 1));
    }

    #[test]
    fn an_auditor_with_a_row_grant_reads_what_it_gives_whatever_they_ask() {
        for query in ["", "action:a.b", "x OR action:a.b", "-outcome:failure", "*"] {
            assert!(sees(&auditor("action:a.*"), query, 2), "{query}");
            assert!(!sees(&auditor("action:c.*"), query, 2), "{query}");
        }
        assert!(!sees(&auditor("action:c.*"), "action:c.* OR action:a.b", 2));
    }

    #[test]
    fn a_row_grant_is_nothing_to_other_roles() {
        let grant = RowGrant::parse("action:c.*").unwrap();
        assert!(sees(&scope(Role::Admin).granted(Some(grant.clone())), "", 2));
        assert!(!sees(&scope(Role::Writer).granted(Some(grant.clone())), "", 1));
        assert!(sees(&scope(Role::User).granted(Some(grant.clone())), "", 1));
        assert!(!sees(&scope(Role::User).granted(Some(grant)), "", 2));
    }

    #[test]
    fn restricting_twice_is_restricting_once() {
        for scope in Role::ALL.map(scope).into_iter().chain(restricted()) {
            for text in ["", "a", "a b", "b a", "b c a", "a OR b", "-a"] {
                let once = scope.restrict(query::parse(text).unwrap());
                assert_eq!(scope.restrict(once.clone()), once, "{:?} {text}", scope.grant());
            }
        }
    }

    #[test]
    fn the_grant_comes_before_anything_that_the_asker_wrote() {
        for me in restricted() {
            let grant = me.grant().unwrap();
            let own = grant.render();
            for text in ["a".to_owned(), "a b".into(), format!("a {own}"), format!("{own} a {own}"), own] {
                let restricted = me.restrict(query::parse(&text).unwrap());
                assert!(parts(&restricted).starts_with(parts(&grant)), "{text}: {restricted:?}");
                let again =
                    parts(&restricted)[parts(&grant).len()..].iter().any(|p| parts(&grant).contains(p));
                assert!(!again, "{text}: {restricted:?}");
            }
        }
    }

    #[test]
    fn ones_own_grant_among_alternatives_is_no_grant() {
        let mine = format!("recorded_by.principal:user:{}", Uuid::from_u128(1));
        assert!(!sees(&scope(Role::User), &format!("{mine} OR action:a.b"), 2));
    }
}
