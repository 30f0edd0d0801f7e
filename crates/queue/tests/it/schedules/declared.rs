//! What servers write at their start, of one version and of several.

use custody_store::schedules::declare;

use super::{DAILY, Setting, own};
use crate::probe::Act;

/// In another order than that of their names.
const NAMES: [&str; 6] = ["f", "b", "d", "a", "e", "c"];

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_start_at_once_do_not_hold_up_each_other() {
    let setting = Setting::new().await;
    let all = NAMES.map(|name| own(name, DAILY, Act::Nothing));
    let stores = [
        setting.fixture.another_store().await,
        setting.fixture.another_store().await,
        setting.fixture.another_store().await,
    ];
    for _ in 0..40 {
        setting.sql("DELETE FROM schedules").await;
        let starts = stores.clone().map(|store| {
            let all = all.clone();
            tokio::spawn(async move {
                declare(&store, &all).await?;
                super::review_all(&store).await
            })
        });
        for start in starts {
            start.await.unwrap().unwrap();
        }
        assert!(setting.get("a").await.next_at.is_some());
    }
}

#[tokio::test]
async fn an_older_program_leaves_what_a_newer_one_wrote() {
    let setting = Setting::new().await;
    let newer = [
        own("both", "0 1 * * *", Act::Nothing),
        own("new", DAILY, Act::Nothing),
        own("gone", DAILY, Act::Nothing),
    ];
    setting.declare(&newer).await;
    setting.declare(&newer[..2]).await;
    // As text this is less than any version that begins with a greater digit.
    setting.sql("UPDATE schedules SET declared_by = '10.2.0'").await;
    let before = [setting.get("both").await, setting.get("new").await, setting.get("gone").await];
    // It knows neither `new` nor that `gone` is, and has another time for `both`.
    let older =
        [own("both", DAILY, Act::Nothing), own("gone", DAILY, Act::Nothing), own("old", DAILY, Act::Nothing)];
    setting.declare(&older).await;
    assert_eq!([setting.get("both").await, setting.get("new").await, setting.get("gone").await], before);
    assert!(setting.get("old").await.next_at.is_some());
    // A newer program than that one does as it likes.
    setting.sql("UPDATE schedules SET declared_by = '0.0.9' WHERE declared_by = '10.2.0'").await;
    setting.declare(&older).await;
    assert_eq!(setting.get("both").await.timing.cron, DAILY);
    assert!(setting.get("new").await.retired_at.is_some() && setting.get("gone").await.retired_at.is_none());
}
