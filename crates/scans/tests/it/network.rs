use custody_scans::driver::{FailureKind, Network};
use serde_json::json;

use crate::fixture::{Heard, demo, launch, order, python};

#[tokio::test]
async fn this_machine_and_metadata_services_are_not_spoken_to() {
    let Some(python) = python() else { return };
    let launch = launch(python);
    // Something that would answer.
    let demo = demo(&launch).await;
    let port = demo.endpoint().rsplit(':').next().unwrap();
    for (endpoint, why) in [
        (demo.endpoint().to_owned(), "it is this machine"),
        (format!("http://localhost:{port}"), "it is this machine"),
        (format!("http://[::1]:{port}"), "it is this machine"),
        (format!("http://[::ffff:127.0.0.1]:{port}"), "it is this machine"),
        (format!("http://0.0.0.0:{port}"), "it is no address, and means this machine"),
        ("http://169.254.169.254".to_owned(), "it is link-local, as metadata services are"),
        ("http://[fd00:ec2::254]".to_owned(), "it is a metadata service"),
    ] {
        let mut order = order(&endpoint);
        order.network = Network { allow_local: false };
        order.settings.insert("connect_timeout".to_owned(), json!(2));
        let mut driver = launch.start(&order).await.unwrap();
        let heard = Heard::of(&mut driver, |_| false).await;
        let (kind, reason) = heard.failed.unwrap_or_else(|| panic!("{endpoint} was spoken to"));
        assert_eq!(kind, FailureKind::Network, "{endpoint}: {reason}");
        assert!(reason.contains(why), "{endpoint}: {reason}");
    }
}
