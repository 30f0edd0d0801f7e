//! A WebSocket to a server, and what is said on it.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest as _, http::StatusCode},
};

use super::{Api, Server};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Longer than whatever is waited for here.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Opens the stream at `path`; or the status that was answered in its place.
pub(crate) async fn open(server: &Server, path: &str, token: Option<&Api>) -> Result<Socket, StatusCode> {
    let url = format!("{}{path}", server.url().replace("http://", "ws://"));
    let mut request = url.into_client_request().unwrap();
    if let Some(api) = token {
        request.headers_mut().insert("authorization", format!("Bearer {}", api.bearer()).parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) => Err(response.status()),
        Err(error) => panic!("{error}"),
    }
}

/// The next message, or the code that the server closes with.
pub(crate) async fn next(socket: &mut Socket) -> Result<Value, u16> {
    // Pings come meanwhile.
    let said = async {
        loop {
            match socket.next().await.expect("no end without a word").unwrap() {
                Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
                Message::Close(frame) => return Err(frame.unwrap().code.into()),
                _ => {}
            }
        }
    };
    timeout(PATIENCE, said).await.expect("a message")
}

/// All messages until the server closes, and its code.
pub(crate) async fn all(socket: &mut Socket) -> (Vec<Value>, u16) {
    let mut messages = Vec::new();
    loop {
        match next(socket).await {
            Ok(message) => messages.push(message),
            Err(code) => return (messages, code),
        }
    }
}

pub(crate) async fn say(socket: &mut Socket, message: &Value) {
    socket.send(Message::Text(message.to_string().into())).await.unwrap();
}
