//! Amazon Resource Names: `arn:partition:service:region:account:resource`
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>).

use super::resource_table::ARN_KINDS;

/// What an ARN says about its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arn<'t> {
    service: &'t str,
    resource: &'t str,
}

impl<'t> Arn<'t> {
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let arn = parts.next()? == "arn";
        let (_partition, service, _region, _account) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let resource = parts.next()?.trim_start_matches('/');
        (arn && !service.is_empty() && !resource.is_empty()).then_some(Self { service, resource })
    }

    /// The ARN's word for its kind of resource in small letters and underscores, or what the table
    /// says; `bucket`, `object`, `topic` and `queue`, whose ARNs have no such word.
    pub(super) fn kind(&self) -> String {
        match self.service {
            "s3" if !self.resource.contains('/') => "bucket".to_owned(),
            "s3" if !self.has_kind() => "object".to_owned(),
            "sns" => "topic".to_owned(),
            "sqs" => "queue".to_owned(),
            service => {
                let word = self.word();
                let known = ARN_KINDS.iter().find(|(s, w, _)| *s == service && *w == word);
                known.map_or_else(|| word.to_lowercase().replace('-', "_"), |(_, _, kind)| (*kind).to_owned())
            }
        }
    }

    /// The resource's own name: what stands behind the word for its kind. Of IAM's only the last
    /// part (the path in front is no part of a name); of an SSM parameter in a hierarchy with the
    /// slash that its name begins with.
    pub(super) fn name(&self) -> &'t str {
        let at = self.resource.find(['/', ':']);
        match (self.service, at) {
            ("s3", Some(at)) if !self.has_kind() => &self.resource[at + 1..],
            ("sns" | "sqs", _) | (_, None) => self.resource,
            ("iam" | "sts", Some(_)) => last_part(self.resource),
            ("ssm", Some(at)) if self.resource[at + 1..].contains('/') => &self.resource[at..],
            (_, Some(at)) => &self.resource[at + 1..],
        }
    }

    fn word(&self) -> &'t str {
        self.resource.split(['/', ':']).next().unwrap_or_default()
    }

    /// S3's access points and lenses have a word in front; its objects have their bucket's name.
    fn has_kind(&self) -> bool {
        matches!(self.word(), "accesspoint" | "storage-lens" | "job")
    }
}

/// What stands behind the last `/` or `:`.
pub(super) fn last_part(text: &str) -> &str {
    text.rsplit(['/', ':']).next().filter(|part| !part.is_empty()).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn an_arn_says_the_kind_and_the_name() {
        for (arn, kind, name) in [
            ("arn:aws:s3:::larkspur-invoices", "bucket", "larkspur-invoices"),
            ("arn:aws:s3:::larkspur-invoices/2026/1.pdf", "object", "2026/1.pdf"),
            ("arn:aws:s3:eu-west-1:402938475610:accesspoint/reports", "accesspoint", "reports"),
            ("arn:aws:iam::402938475610:role/service-role/Loader", "role", "Loader"),
            ("arn:aws:iam::402938475610:root", "account", "root"),
            ("arn:aws-cn:iam::402938475610:instance-profile/web", "instance_profile", "web"),
            ("arn:aws:sts::402938475610:assumed-role/Loader/loader-7", "assumed_role", "loader-7"),
            ("arn:aws:lambda:eu-west-1:402938475610:function:mailer:live", "function", "mailer:live"),
            ("arn:aws:kms:eu-west-1:402938475610:alias/aws/ssm", "alias", "aws/ssm"),
            ("arn:aws:ssm:eu-west-1:402938475610:parameter/larkspur/db", "parameter", "/larkspur/db"),
            ("arn:aws:ssm:eu-west-1:402938475610:parameter/flat", "parameter", "flat"),
            ("arn:aws:rds:eu-west-1:402938475610:db:billing", "db_instance", "billing"),
            ("arn:aws:rds:eu-west-1:402938475610:cluster-snapshot:x", "db_cluster_snapshot", "x"),
            (
                "arn:aws:secretsmanager:eu-west-1:402938475610:secret:prod/db-Xk2Pq9",
                "secret",
                "prod/db-Xk2Pq9",
            ),
            ("arn:aws:sns:eu-west-1:402938475610:alarms", "topic", "alarms"),
            ("arn:aws:apigateway:eu-west-1::/restapis/a1", "restapis", "a1"),
        ] {
            let arn = Arn::parse(arn).unwrap();
            assert_eq!((arn.kind().as_str(), arn.name()), (kind, name), "{arn:?}");
        }
    }

    #[test]
    fn what_is_no_arn_is_none() {
        for text in ["", "arn", "arn:aws:s3", "arn:aws:::::", "urn:aws:s3:::x", "arn:aws:s3:::"] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
        assert_eq!(last_part("a/b/"), "a/b/");
    }
}
