//! Several servers on one database, and a server that stops.

use std::path::PathBuf;

use custody_testkit::TestDatabase;

use super::{entries, follow, seqs, write};
use crate::{
    followers::another_machine,
    support::{
        Server,
        server::{Options, readable_temp_dir},
        socket::all,
    },
};

#[tokio::test]
async fn what_one_server_acknowledged_the_other_delivers_whether_it_hears_of_it_or_not() {
    let database = TestDatabase::create().await;
    let folder = readable_temp_dir();
    let data = folder.path().join("data");
    let options = |data: PathBuf, flags: &[&str]| Options {
        database: Some(database.url().to_owned()),
        data: Some(data),
        flags: flags.iter().map(ToString::to_string).collect(),
        ..Options::default()
    };
    let one = Server::start(options(data.clone(), &[])).await;
    let hears = Server::start(options(another_machine(&data, "hears"), &["--only=api"])).await;
    let deaf = ["--only=api", "--prepared-statements=false"];
    let deaf = Server::start(options(another_machine(&data, "deaf"), &deaf)).await;
    let tenant = one.tenant().await;
    let mut sockets = Vec::new();
    for server in [&one, &hears, &deaf] {
        sockets.push(follow(server, &tenant.auditor, "q=action:test.*").await.0);
    }
    let mut written = Vec::new();
    for server in [&one, &hears, &deaf, &one] {
        written.extend(write(&tenant.at(server), "test.spread", 3).await);
    }
    for socket in &mut sockets {
        assert_eq!(seqs(&entries(socket, written.len()).await), written);
    }
    // A place that one server told is one at the other, too.
    let (_, place) = follow(&one, &tenant.user, "").await;
    follow(&hears, &tenant.user, &format!("after={place}")).await;
    let (mut last, _) = follow(&one, &tenant.auditor, "").await;
    one.terminate().await;
    assert_eq!(all(&mut last).await.1, 1001);
}
