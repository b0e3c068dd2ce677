//! A stream over WebSocket (RFC 6455), for programs that read no server-sent events: a text message for each event. What an
//! entry of the journal says is the message as it stands; any other event is an object with its type as the only name.
//!
//! A reader says nothing but that it lives, and is sent the next message when it has taken the last one.

use super::stream::{Open, PULSE, Source};
use crate::{
    domain::time::Millis,
    server::{
        door::Stands,
        front::Front,
        problem::{Problem, Sort},
    },
};
use axum::{
    body::Body,
    extract::{
        FromRequestParts,
        ws::{
            CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code,
            rejection::WebSocketUpgradeRejection,
        },
    },
    http::{HeaderMap, Response, header, request::Parts},
    response::IntoResponse as _,
};
use std::{convert::Infallible, pin::pin, sync::Arc};
use tokio::{sync::watch, time};

/// Bytes of what a reader may say at once.
const HEARD_MOST: usize = 4 * 1024;
/// How long a reader may take for a message.
const TAKING_MOST: Millis = Millis::secs(60);

/// Whether a WebSocket is asked for, as a request brings it.
pub(super) struct Asked {
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    stands: Option<Stands>,
}

/// A WebSocket that can be.
pub(super) struct Upgrade {
    upgrade: WebSocketUpgrade,
    stands: Option<Stands>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let stands = parts.extensions.get::<Stands>().cloned();
        Ok(Self { upgrade: WebSocketUpgrade::from_request_parts(parts, state).await, stands })
    }
}

/// What is asked for with these headers: a WebSocket that can be, or none.
pub(super) fn wanted(headers: &HeaderMap, asked: Asked) -> Result<Option<Upgrade>, Problem> {
    let Asked { upgrade, stands } = asked;
    match upgrade {
        Ok(upgrade) => Ok(Some(Upgrade { upgrade, stands })),
        Err(why) if headers.contains_key(header::UPGRADE) => {
            let hint = "send Connection: upgrade, Upgrade: websocket, Sec-WebSocket-Version: 13 and a key, or none of them";
            Err(Problem::new(Sort::Malformed, why.body_text(), hint))
        }
        Err(_) => Ok(None),
    }
}

/// The answer after which a source is told, until it, its reader, the reader's token or the face ends.
pub(super) fn of(
    front: &Arc<Front>,
    Upgrade { upgrade, stands }: Upgrade,
    source: impl Source,
) -> Result<Response<Body>, Problem> {
    let open = Open::one(front)?;
    let closing = front.closing.clone();
    let upgrade = upgrade.max_message_size(HEARD_MOST).max_frame_size(HEARD_MOST);
    let told = upgrade.on_upgrade(async move |mut socket| {
        let _open = open;
        let over = async move {
            match stands {
                Some(stands) => stands.over().await,
                // Whoever brought no token cannot lose it.
                None => std::future::pending().await,
            }
        };
        let code = tell(&mut socket, source, (closing, over)).await;
        let bye = CloseFrame { code, reason: "".into() };
        // Whoever has gone already needs no word of it.
        let _ = time::timeout(TAKING_MOST.to_std(), socket.send(Message::Close(Some(bye)))).await;
    });
    Ok(told.into_response())
}

/// Tells until it is over, and why it is.
async fn tell(
    socket: &mut WebSocket,
    mut source: impl Source,
    (mut closing, over): (watch::Receiver<bool>, impl Future<Output = ()>),
) -> u16 {
    let mut over = pin!(over);
    loop {
        let messages = tokio::select! {
            biased;
            _ = closing.wait_for(|closing| *closing) => return close_code::AWAY,
            () = over.as_mut() => return close_code::POLICY,
            heard = socket.recv() => match heard {
                // Signs of life are answered below this.
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Text(_) | Message::Binary(_))) => return close_code::UNSUPPORTED,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return close_code::NORMAL,
            },
            piece = time::timeout(PULSE.to_std(), source.next()) => match piece {
                Ok(Some(piece)) => messages(&piece),
                Ok(None) => return close_code::RESTART,
                Err(_) => vec![Message::Ping(Default::default())],
            },
        };
        for message in messages {
            match time::timeout(TAKING_MOST.to_std(), socket.send(message)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return close_code::AWAY,
            }
        }
    }
}

/// Events of a piece as messages.
fn messages(piece: &str) -> Vec<Message> {
    let of = |event: &str| {
        let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
        let data = field("data: ")?;
        Some(match field("event: ") {
            Some(kind) => format!("{{\"{kind}\":{data}}}"),
            None => data.to_owned(),
        })
    };
    piece.split("\n\n").filter_map(of).map(|text| Message::Text(text.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::frame;

    #[test]
    fn d11_each_event_of_a_piece_is_one_message() {
        let piece = format!("{}: alive\n\n{}", frame::event(5, "{\"seq\":5}"), frame::aside("probes", "[]"));
        let texts: Vec<String> =
            messages(&piece).iter().map(|message| message.to_text().unwrap().to_owned()).collect();
        assert_eq!(texts, ["{\"seq\":5}", "{\"probes\":[]}"]);
        assert!(messages("").is_empty());
    }
}
