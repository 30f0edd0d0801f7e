//! Lists, and the wall between tenants.

use bytes::Bytes;
use custody_objects::{Key, Objects, ObjectsError, PutOptions, layout};
use uuid::Uuid;

use crate::support::tenant;

pub(crate) async fn pages_in_the_order_of_keys(objects: &Objects) {
    let scope = tenant();
    let job = Uuid::new_v4();
    let mut keys: Vec<Key> = ["a", "a-b", "a.b", "a_b", "A", "z.json", "0"]
        .into_iter()
        .map(|name| layout::job_file(&scope, job, name).unwrap())
        .collect();
    keys.extend([0, 9, 10, 1_000_000].map(|size| layout::anchor(&scope, 2, size)));
    // Folders stand in the order that their names have with a slash behind them.
    keys.extend([1, 10].map(|epoch| layout::anchor(&scope, epoch, 5)));
    for key in &keys {
        objects
            .put(key, Bytes::copy_from_slice(key.as_str().as_bytes()), PutOptions::default())
            .await
            .unwrap();
    }
    keys.sort();

    for limit in [1, 3, keys.len(), 1_000] {
        let mut seen = Vec::new();
        for pages in 0.. {
            assert!(pages <= keys.len(), "it does not end");
            let page = objects.list(&layout::tenant(&scope), seen.last(), limit).await.unwrap();
            assert!(page.objects.len() <= limit);
            assert!(page.objects.iter().all(|listed| listed.bytes == listed.key.as_str().len() as u64));
            seen.extend(page.objects.into_iter().map(|listed| listed.key));
            if !page.more {
                break;
            }
        }
        assert_eq!(seen, keys, "in pages of {limit}");
    }

    let anchors = objects.list(&layout::anchors(&scope, 2), None, 10).await.unwrap();
    let sizes: Vec<_> = anchors.objects.iter().map(|listed| listed.key.name()).collect();
    let expected = [0, 9, 10, 1_000_000].map(|size| format!("{size:020}.note"));
    assert_eq!(sizes, expected);
    // e1 is the beginning of e10, and not its prefix.
    assert_eq!(objects.list(&layout::anchors(&scope, 1), None, 10).await.unwrap().objects.len(), 1);
    let none = objects.list(&layout::job_files(&scope, Uuid::new_v4()), None, 10).await.unwrap();
    assert_eq!((none.objects, none.more), (Vec::new(), false));
}

pub(crate) async fn a_tenant_sees_its_own(objects: &Objects) {
    let (ours, theirs) = (tenant(), tenant());
    let job = Uuid::new_v4();
    let secret = layout::job_file(&theirs, job, "secret.txt").unwrap();
    objects.put(&secret, Bytes::from_static(b"theirs"), PutOptions::default()).await.unwrap();

    // The same job and name are another object under our scope, and its absence looks like any other.
    let same = layout::job_file(&ours, job, "secret.txt").unwrap();
    assert!(matches!(objects.get(&same, None).await, Err(ObjectsError::NotFound)));
    assert!(matches!(objects.delete(&same).await, Err(ObjectsError::NotFound)));
    assert_eq!(objects.list(&layout::tenant(&ours), None, 10).await.unwrap().objects, []);
    // A foreign key to begin after leads into no foreign list.
    let after = objects.list(&layout::tenant(&ours), Some(&secret), 10).await.unwrap();
    assert_eq!(after.objects, []);
    assert!(matches!(Key::parse(&ours, secret.as_str()), Err(ObjectsError::Refused { .. })));
    assert_eq!(Key::parse(&theirs, secret.as_str()).unwrap(), secret);
    let listed = objects.list(&layout::tenant(&theirs), None, 10).await.unwrap();
    assert_eq!(listed.objects.len(), 1);
}
