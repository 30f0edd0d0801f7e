//! Accepts connections: plain or TLS, HTTP/1.1 and HTTP/2, until it is told to stop.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    time::Duration,
};

use axum::Router;
use axum_server::{Handle, Server, tls_rustls::RustlsConfig};
use hyper_util::rt::TokioTimer;
#[cfg(target_os = "linux")]
use socket2::SockRef;

/// How and how long to serve.
#[derive(Debug)]
pub struct ServeConfig {
    /// Bound by the caller, so that "port in use" is said before anything else is started.
    pub listener: TcpListener,
    pub tls: Option<TlsFiles>,
    /// How long a client may take for its headers, and a connection may idle between two requests.
    pub header_read_timeout: Duration,
    /// How long requests may go on once it is told to stop.
    pub drain_timeout: Duration,
}

/// PEM files: the certificate chain, and its private key.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Streams of one HTTP/2 connection at once.
const STREAMS_MAX: u32 = 128;

/// Bytes of one request's headers; larger ones are answered 431.
const HEADER_BYTES_MAX: u32 = 64 << 10;

/// How long a client may leave unread what was sent to it. Without a bound a client that never reads
/// would hold its socket, and what is kept for its answer, for ever.
const UNREAD_TIME_MAX: Duration = Duration::from_mins(1);

/// Serves until `shutdown` resolves, then accepts nothing more, lets running requests finish for
/// at most `drain_timeout`, and returns.
///
/// With TLS the caller has installed rustls' crypto provider.
pub async fn serve(
    config: ServeConfig,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    // axum-server hands the socket to the runtime, which must not block on it.
    config.listener.set_nonblocking(true)?;
    // The connections inherit it (TCP_USER_TIMEOUT, RFC 5482). Other systems have no such option.
    #[cfg(target_os = "linux")]
    SockRef::from(&config.listener).set_tcp_user_timeout(Some(UNREAD_TIME_MAX))?;
    let handle = Handle::<SocketAddr>::new();
    let stop = tokio::spawn({
        let handle = handle.clone();
        async move {
            shutdown.await;
            tracing::info!(connections = handle.connection_count(), "draining");
            handle.graceful_shutdown(Some(config.drain_timeout));
        }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let served = match config.tls {
        None => {
            let mut server = axum_server::from_tcp(config.listener)?;
            bound(&mut server, config.header_read_timeout);
            server.handle(handle).serve(service).await
        }
        Some(files) => {
            let tls = files.load().await?;
            let mut server = axum_server::from_tcp_rustls(config.listener, tls)?;
            bound(&mut server, config.header_read_timeout);
            server.handle(handle).serve(service).await
        }
    };
    stop.abort();
    served
}

/// Without a timer hyper has no timeouts at all: a slow client would hold its socket for ever.
fn bound<A>(server: &mut Server<SocketAddr, A>, header_read_timeout: Duration) {
    let builder = server.http_builder();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_read_timeout)
        .max_buf_size(HEADER_BYTES_MAX as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_BYTES_MAX)
        .keep_alive_interval(header_read_timeout)
        .keep_alive_timeout(header_read_timeout);
}

impl TlsFiles {
    async fn load(&self) -> io::Result<RustlsConfig> {
        RustlsConfig::from_pem_file(&self.certificate, &self.key).await.map_err(|error| {
            let names = format!("{} and {}", self.certificate.display(), self.key.display());
            io::Error::new(error.kind(), format!("TLS cannot be set up from {names}: {error}"))
        })
    }
}

#[cfg(test)]
mod tests;
