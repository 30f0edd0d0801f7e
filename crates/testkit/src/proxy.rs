//! A wire to the database, or to any other server, that can be cut.

use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// Forwards connections to a server until it is cut; then they break and new ones are refused.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    address: SocketAddr,
    target: String,
    forwarding: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Stands in front of the database of this URL.
    pub async fn start(url: &str) -> Self {
        let (before, rest) = url.split_once('@').expect("the URL has a user");
        let (target, database) = rest.split_once('/').expect("the URL names a database");
        Self::to(target, |address| format!("{before}@{address}/{database}")).await
    }

    /// Stands in front of the HTTP server of this URL (`http://host:port`).
    pub async fn start_http(url: &str) -> Self {
        let target = url.strip_prefix("http://").expect("the server speaks plain HTTP");
        Self::to(target.trim_end_matches('/'), |address| format!("http://{address}")).await
    }

    async fn to(target: &str, url: impl Fn(SocketAddr) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let forwarding = Some(tokio::spawn(forward(listener, target.to_owned())));
        Self { url: url(address), address, target: target.to_owned(), forwarding }
    }

    /// The server's URL through the proxy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Breaks every connection and refuses new ones.
    pub async fn cut(&mut self) {
        if let Some(forwarding) = self.forwarding.take() {
            forwarding.abort();
            let _ = forwarding.await;
        }
    }

    /// Forwards again, at the same address.
    pub async fn mend(&mut self) {
        let listener = TcpListener::bind(self.address).await.expect("the port is still free");
        self.forwarding = Some(tokio::spawn(forward(listener, self.target.clone())));
    }
}

async fn forward(listener: TcpListener, target: String) {
    // Dropped with this task, and every connection with it.
    let mut connections = JoinSet::new();
    while let Ok((mut client, _)) = listener.accept().await {
        let target = target.clone();
        connections.spawn(async move {
            if let Ok(mut server) = TcpStream::connect(target).await {
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}
