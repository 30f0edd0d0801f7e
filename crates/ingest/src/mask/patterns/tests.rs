use super::*;

fn masked(text: &str) -> String {
    mask(text, DetectorSet::default()).map_or_else(|| text.to_owned(), |(text, _)| text)
}

fn rules(text: &str) -> Vec<&'static str> {
    let struck = mask(text, DetectorSet::default()).map(|(_, struck)| struck).unwrap_or_default();
    struck.into_iter().map(Detector::name).collect()
}

/// Tokens are written in two parts, so that no scanner of repositories takes them for leaked ones.
fn joined(a: &str, b: &str) -> String {
    format!("{a}{b}")
}

#[test]
fn each_known_shape_is_found_by_its_detector() {
    let alnum = "Zk3vQ9pLx7RtYw2MnBs5HdGfJc8AeUo4TiVq";
    for (rule, secret) in [
        ("known_token", joined("ghp_", alnum)),
        ("known_token", joined("github_pat_", alnum)),
        ("known_token", joined("glpat-", "Zk3vQ9pLx7RtYw2MnBs5")),
        ("known_token", joined("xoxb-", "2048-Zk3vQ9pLx7Rt")),
        ("known_token", joined("sk_live_", "Zk3vQ9pLx7RtYw2M")),
        ("known_token", joined("AIza", "Zk3vQ9pLx7RtYw2MnBs5HdGfJc8AeUo4TiV")),
        ("known_token", joined("npm_", alnum)),
        ("known_token", joined("hvs.", alnum)),
        ("known_token", joined("cust_Zk3vQ9pLx7Rt_", "Zk3vQ9pLx7RtYw2MnBs5HdGfJc8AeUo4TiVqAbCdEfG")),
        ("jwt", joined("eyJhbGciOiJFZERTQSJ9", ".eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLW9mLWl0")),
        ("aws_secret_key", joined("wJalrXUtnFEMI/K7MDENG/", "bPxRfiCYzY4kQm1sP8")),
        ("aws_session_token", joined("IQoJb3JpZ2lu", &alnum.repeat(3))),
        ("private_key", joined("-----BEGIN RSA PRIVATE", " KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----")),
        ("private_key", joined("AGE-SECRET-KEY-1", "QQPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L")),
        ("payment_card", "4111 1111 1111 1111".to_owned()),
    ] {
        let text = format!("before {secret} after");
        assert_eq!(rules(&text), [rule], "{text}");
        assert_eq!(masked(&text), "before *** after");
    }
}

#[test]
fn within_a_text_only_the_secret_goes() {
    for (text, left) in [
        ("curl -H 'Authorization: Bearer abcdef0123456789abcdef'", "curl -H 'Authorization: Bearer ***'"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "Authorization: Basic ***"),
        ("postgres://app:hunter2@db.example/app", "postgres://app:***@db.example/app"),
        ("mysql --user=app --password=hunter2 --host=db", "mysql --user=app --password=*** --host=db"),
        ("tool --token s3cr3t-value run", "tool --token *** run"),
        ("PWD=hunter2;USER=app", "PWD=***;USER=app"),
        ("https://x.example/cb?token=abcdefgh123&state=5", "https://x.example/cb?token=***&state=5"),
        (r#"{"user":"app","password":"hun\"ter2"}"#, r#"{"user":"app","password":"***"}"#),
        (r#"{\"api_key\":\"abc123\",\"region\":\"eu\"}"#, r#"{\"api_key\":\"***\",\"region\":\"eu\"}"#),
        ("AWS_SECRET_ACCESS_KEY=abcdefghij0123", "AWS_SECRET_ACCESS_KEY=***"),
        (
            "https://b.s3.amazonaws.com/k?X-Amz-Signature=0123456789abcdef0123",
            "https://b.s3.amazonaws.com/k?X-Amz-Signature=***",
        ),
        ("-----BEGIN PRIVATE KEY-----\nMIIEow and it is cut", "***"),
        ("cards 4111111111111111 and 5555-5555-5555-4444.", "cards *** and ***."),
    ] {
        assert_eq!(masked(text), left, "{text}");
    }
}

/// Texts as they stand in real events, none of which is a secret.
#[test]
fn what_only_looks_like_a_secret_stays() {
    for text in [
        "arn:aws:secretsmanager:eu-central-1:402938475610:secret:prod/shipments/database-Xk2Pq9",
        "AKIA4LARKSPURAMARA01",
        "86C58940-D407-4E02-A617-E40168CFDBE2",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "DHHJ5nPs/IFMD8ZnPDTj7jK2Y5p9Lbi4Llx+0k5M+ryQha+ilD7Id4HYRCj5pTQlOEQEa8kqTnAclxWPpL/E8g==",
        "User: arn:aws:iam::402938475610:user/amara is not authorized to perform: secretsmanager:GetSecretValue",
        "bearer authentication is required",
        "Invalid password: it is too short",
        "The security token included in the request is expired",
        "passwordLastUsed=2026-01-05T06:00:00Z",
        "nextToken=abcdefghijklmnop",
        "password=${DB_PASSWORD}",
        "https://console.aws.amazon.com/console/home?region=eu-central-1&state=hashArgs",
        "1767593054123456",
        "order 4111111111111112",
        "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
        "AmazonSSMManagedInstanceCorePolicyVersion1x",
        "registry.example:5000/team/image@sha256:0123456789abcdef",
    ] {
        assert_eq!(masked(text), text);
    }
}

#[test]
fn what_was_masked_already_is_not_masked_again() {
    for text in
        ["password=***", "Authorization: Bearer ***", "postgres://app:***@db", "{\"password\":\"****\"}"]
    {
        assert_eq!(rules(text), Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn a_value_that_only_begins_like_a_masked_one_is_masked() {
    for (text, left) in [
        ("password=***realsecret", "password=***"),
        ("connect --password ***realsecret now", "connect --password *** now"),
        (r#"{"password":"***realsecret"}"#, r#"{"password":"***"}"#),
        ("password=***#12realsecret", "password=***"),
        ("postgres://app:***real@db", "postgres://app:***@db"),
    ] {
        assert_eq!(masked(text), left, "{text}");
    }
    for text in ["(password=***)", "it said password=***.", "password=***#2"] {
        assert_eq!(masked(text), text);
    }
}

/// Of a token that we issued nothing is told but who used it; a token that is a UUID is a secret.
#[test]
fn the_name_of_an_issued_token_stays() {
    let name = "token:01a20152-aa5d-7521-97bb-c419fe963fee";
    assert_eq!(masked(name), name);
    let random = "token:7d1f3c52-aa5d-4521-97bb-c419fe963fee";
    assert_eq!(masked(random), "token:***");
    assert_eq!(masked(&format!("{name}x")), "token:***");
    assert_eq!(masked(&format!("by {name}")), "by token:***");
}

#[test]
fn a_detector_that_is_off_finds_nothing() {
    let off = DetectorSet::default().without(Detector::PaymentCard);
    assert_eq!(mask("card 4111111111111111", off), None);
}

/// However an assignment is written.
#[test]
fn an_assignment_is_found_in_every_notation() {
    for (text, left) in [
        ("run --token=abcdefgh1 --host=db", "run --token=*** --host=db"),
        ("password: hunter2", "password: ***"),
        ("password:hunter2", "password:***"),
        ("user: app\npassword: swordfish\nhost: db", "user: app\npassword: ***\nhost: db"),
        ("db_password: swordfish host: db", "db_password: *** host: db"),
        ("secret_key: abcd1234", "secret_key: ***"),
        ("X-Api-Key: abcd1234", "X-Api-Key: ***"),
        ("Cookie: sid=abc; theme=dark", "Cookie: ***"),
        (
            "curl -H 'Set-Cookie: sid=abc; Path=/' https://x.example",
            "curl -H 'Set-Cookie: ***' https://x.example",
        ),
        ("Cookie: sid=\"abc\"; b=c", "Cookie: ***"),
        ("<db><password>hun ter2</password></db>", "<db><password>***</password></db>"),
        ("<Password type=\"text\">hunter2</Password>", "<Password type=\"text\">***</Password>"),
        ("'password' => 'hunter2', 'host' => 'db'", "'password' => '***', 'host' => 'db'"),
        ("password => hunter2", "password => ***"),
        ("password:=hunter2", "password:=***"),
        ("user=app&pass=hunter2&x=1", "user=app&pass=***&x=1"),
        ("db_pass=hunter2", "db_pass=***"),
        ("dbPass=hunter2", "dbPass=***"),
        ("password=\"a hunter2\" host=db", "password=\"***\" host=db"),
        ("password='a hunter2' host=db", "password='***' host=db"),
        (r#"password=\"hunter2\" host"#, r#"password=\"***\" host"#),
        ("password=\"a hunter2 and it is cut", "password=\"***"),
        ("password=***hunter2", "password=***"),
        ("pass_word=hunter2", "pass_word=***"),
        ("ssh://u:p@ssX@host.example", "ssh://u:***@host.example"),
        ("card 4111.1111.1111.1111.", "card ***."),
        ("tool --password \"a hunter2\" run", "tool --password \"***\" run"),
        (r#"["--password","hunter2"]"#, r#"["--password","***"]"#),
        (r#"[\"--password\", \"hunter2\"]"#, r#"[\"--password\", \"***\"]"#),
    ] {
        assert_eq!(masked(text), left, "{text}");
    }
}

#[test]
fn a_colon_in_a_sentence_or_a_name_assigns_nothing() {
    for text in [
        "Invalid password: it is too short",
        "Login failed, password: expired",
        "password: null",
        "iam:password:reset",
        "--next-token=abcdefghijkl",
        "bypass=abcdefgh",
        "compass=abcdefgh",
        "passenger: amara2",
        "tokenType=Bearer12",
        "clientRequestToken: abcdefgh1234",
        "secretId=prod/shipments/db",
        "aws_access_key=AKIA4LARKSPURAMARA01",
        "the cookie: a small one",
        "usage: login <user> <password> <host>",
        "passwordLastUsed: 2026-01-05",
        "\"Resource\": \"arn:aws:secretsmanager:eu-central-1:402938475610:secret:db2-*\"",
    ] {
        assert_eq!(masked(text), text);
    }
}

/// Half a MiB takes a tenth of a second, unoptimised. The bound is there for an expression, or what judges
/// its matches, that looks ahead through the rest of the text for each of them.
#[test]
fn no_text_takes_more_than_linear_time() {
    for unit in [
        "password: abc ",
        "password: ",
        "password=",
        "password=\"",
        "secret_key=\\\\",
        "cookie: a=",
        "cookie: a=\"x ",
        "<password>a",
        "<password a",
        "--password ",
        "://a:b@",
        "://a:",
        "pass=",
        "password => '",
        "ſecret: x ",
        "token: abcdefghi ",
        "4111.",
    ] {
        let started = std::time::Instant::now();
        let _ = mask(&unit.repeat(512 * 1024 / unit.len()), DetectorSet::default());
        let took = started.elapsed();
        assert!(took.as_secs() < 10, "{took:?} for {unit:?}");
    }
}
