//! An OpenSearch node of one test's own, which it may kill and start again.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// Below the ports that connections are given: while the node is down nobody else gets its port, and no
/// connection to it is one to itself.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
const HEAP: &str = "256m";

/// Stops when dropped.
#[derive(Debug)]
pub struct OpenSearchNode {
    port: u16,
    data: TempDir,
}

impl OpenSearchNode {
    /// Starts one and waits until it is healthy, which takes some seconds.
    pub fn start() -> Self {
        let number = u16::try_from(uuid::Uuid::new_v4().as_u128() % 10_000).expect("it is below 10,000");
        let port =
            (PORTS.start + number..PORTS.end).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
        let node = Self { port: port.expect("a port is free"), data: TempDir::new().expect("a folder") };
        node.run();
        node
    }

    /// Starts it again, with the same port and data.
    pub fn run(&self) {
        let mut command = Command::new(script());
        let command = command.arg("start").arg(self.port.to_string()).arg(self.data.path()).env("HEAP", HEAP);
        assert!(command.status().expect("it can be run").success(), "the node did not start");
    }

    /// kill -9
    pub fn kill(&self) {
        let pid = std::fs::read_to_string(self.data.path().join("pid")).expect("it was started");
        assert!(Command::new("kill").args(["-9", pid.trim()]).status().expect("kill is there").success());
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for OpenSearchNode {
    fn drop(&mut self) {
        let _ = Command::new(script()).arg("stop").arg(self.data.path()).status();
    }
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/opensearch/node")
}
