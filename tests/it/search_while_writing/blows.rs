//! What happens to the servers and their index meanwhile.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, atomic::Ordering},
};

use custody_testkit::{OpenSearchNode, eventually};
use rand::seq::IteratorRandom as _;
use reqwest::Method;

use super::{Field, known::Known, servers::COUNT, writers};

/// Walks that end between two blows.
const WALKS: usize = 2;

/// To find a part to damage.
const TRIES: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Blow {
    KillServer,
    /// SIGTERM
    StopServer,
    /// A part of the index lacks its end after a kill.
    TearPart,
    /// A byte of a part is another after a kill.
    SpoilPart,
    KillNode,
}

/// One after the other, each at least once; how often each fell.
pub(super) async fn run(
    field: &Field,
    node: Option<&OpenSearchNode>,
    blows: &[Blow],
) -> BTreeMap<Blow, usize> {
    let mut fell = BTreeMap::new();
    for blow in blows.iter().cycle() {
        field.fallen.store(fell.len() == blows.len(), Ordering::Relaxed);
        if field.is_over() {
            break;
        }
        let server = rand::random_range(0..COUNT);
        match blow {
            Blow::KillServer => field.servers.kill_and_start(server, || ()).await,
            Blow::StopServer => field.servers.stop_and_start(server).await,
            Blow::TearPart => damage(field, server, tear).await,
            Blow::SpoilPart => damage(field, server, spoil).await,
            Blow::KillNode => kill(field, node.unwrap()).await,
        }
        *fell.entry(*blow).or_default() += 1;
        walked(field).await;
    }
    fell
}

/// Until the readers have come some way.
async fn walked(field: &Field) {
    let before = field.seen.walks.load(Ordering::Relaxed);
    eventually("readers to come to an end", || async {
        let walks = field.seen.walks.load(Ordering::Relaxed) - before;
        (walks >= WALKS || field.is_over()).then_some(())
    })
    .await;
}

/// A part of some tenant's, which whoever asks next finds to be damaged, and made again.
async fn damage(field: &Field, server: usize, how: impl Fn(&Path)) {
    let root = field.servers.data(server).join("search");
    let some = || field.known.iter().filter_map(|known| Some((known, part(&root.join(&known.tenant.id))?)));
    let damaged = Mutex::new(None);
    let meanwhile = || {
        let Some((known, part)) = some().choose(&mut rand::rng()) else { return };
        how(&part);
        *damaged.lock().unwrap() = Some(known);
    };
    for _ in 0..TRIES {
        if some().next().is_none() {
            // All that it has in memory is on the disk then; unless it had only begun to read the log.
            field.servers.stop_and_start(server).await;
        }
        field.servers.kill_and_start(server, meanwhile).await;
        if damaged.lock().unwrap().is_some() {
            break;
        }
    }
    let known = damaged.into_inner().unwrap().expect("no server has a part on its disk");
    eventually("the part to be found damaged", || async {
        let expected = known.so_far(None).len();
        let api = field.servers.at(server, &known.tenant.auditor);
        // All parts are asked for that.
        let stats = api.get("/api/v1/logs/stats?q=word1+OR+action:while.*&by=action").await;
        if stats.status == 503 {
            return None;
        }
        let count = stats.expect(200)["count"].as_u64().unwrap();
        assert!(
            usize::try_from(count).unwrap() >= expected,
            "{count} of {expected} after a part was damaged"
        );
        field.servers.count(server, "custody_index_parts_lost_total").await.filter(|lost| *lost > 0)
    })
    .await;
}

/// One that none of the others holds: that would go unread.
fn part(folder: &Path) -> Option<PathBuf> {
    let range = |path: &Path| -> Option<(u64, u64)> {
        let name = path.file_name()?.to_str()?.strip_suffix(".part")?;
        let mut numbers = name.splitn(3, '-');
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    };
    let files: Vec<_> = fs::read_dir(folder).ok()?.map(|file| file.unwrap().path()).collect();
    let parts: Vec<_> = files.into_iter().filter_map(|path| Some((range(&path)?, path))).collect();
    let is_held = |one: (u64, u64)| {
        parts.iter().any(|(other, _)| *other != one && other.0 <= one.0 && one.1 <= other.1)
    };
    let whole = parts.iter().filter(|(range, _)| !is_held(*range));
    whole.choose(&mut rand::rng()).map(|(_, path)| path.clone())
}

fn tear(part: &Path) {
    let length = fs::metadata(part).unwrap().len();
    OpenOptions::new().write(true).open(part).unwrap().set_len(rand::random_range(0..length)).unwrap();
}

fn spoil(part: &Path) {
    let mut file = OpenOptions::new().read(true).write(true).open(part).unwrap();
    let at = rand::random_range(0..file.metadata().unwrap().len());
    let mut byte = [0];
    file.seek(SeekFrom::Start(at)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[byte[0] ^ 1]).unwrap();
}

/// Entries are taken and found while the search node is away.
async fn kill(field: &Field, node: &OpenSearchNode) {
    let without = async || {
        let name = "custody_opensearch_searches_without_total";
        let (one, other) = tokio::join!(field.servers.count(0, name), field.servers.count(1, name));
        one.unwrap() + other.unwrap()
    };
    for known in &field.known {
        is_in_the_index(field, known).await;
    }
    let before = without().await;
    node.kill();
    for known in &field.known {
        writers::write(field, known, 3).await;
        is_newest(field, known).await;
    }
    eventually("searches to go by the log, and to say so", || async {
        is_newest(field, &field.known[0]).await;
        (without().await > before).then_some(())
    })
    .await;
    // It takes seconds, and the test's own threads.
    tokio::task::block_in_place(|| node.run());
    for known in &field.known {
        eventually("searches to go by the index again", || async {
            let path = "/api/v1/logs?sort=occurred_at&limit=1";
            let answer = field.servers.ask(&field.seen, &known.tenant.auditor, Method::GET, path, None).await;
            (answer.status == 200).then_some(())
        })
        .await;
    }
}

/// Something of it, so that the node is asked.
async fn is_in_the_index(field: &Field, known: &Known) {
    eventually("the log to be followed", || async {
        let path = "/api/v1/followers";
        let answer = field.servers.ask(&field.seen, &known.tenant.admin, Method::GET, path, None).await;
        let list = answer.expect(200);
        let own = list["items"].as_array().unwrap().iter().find(|item| item["name"] == "opensearch");
        own.filter(|own| own["position"].as_u64() > Some(0)).map(|_| ())
    })
    .await;
}

async fn is_newest(field: &Field, known: &Known) {
    let newest = known.so_far(None).into_iter().map(|entry| entry.seq).max();
    let answer =
        field.servers.ask(&field.seen, &known.tenant.auditor, Method::GET, "/api/v1/logs?limit=1", None);
    let page = answer.await.expect(200);
    assert!(page["items"][0]["seq"].as_u64() >= newest, "{page}");
}
