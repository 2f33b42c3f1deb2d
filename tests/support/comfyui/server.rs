//! The port: connections, and what is done to every request before it reaches its route.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body as _, Frame as BodyFrame, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request as HttpRequest, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{JoinSet, yield_now};
use tokio_util::sync::CancellationToken;

use super::fault::{Fault, Route};
use super::routes;
use super::state::{Request, Shared};

pub type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Between the pieces of an answer without an end.
const PAUSE: Duration = Duration::from_millis(5);

/// What aiohttp takes of a request line.
const LONGEST_LINE: usize = 8190;

/// A bound port that nobody listens on: connections are refused, and nobody else gets the port.
pub fn reserve(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv6() { TcpSocket::new_v6()? } else { TcpSocket::new_v4()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// The same for a port that was listened on until now. A connection of another test may have taken it for its own end
/// meanwhile; it is waited for.
pub async fn reserve_again(address: SocketAddr) -> TcpSocket {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        match reserve(address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < end => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            reserved => return reserved.unwrap(),
        }
    }
}

/// Serves until `life` ends, and breaks every connection then.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>, life: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = life.cancelled() => break,
            Some(_) = connections.join_next() => {}
            Ok((stream, _)) = listener.accept() => {
                let _ = stream.set_nodelay(true);
                let (shared, life) = (Arc::clone(&shared), life.clone());
                connections.spawn(async move {
                    let service = service_fn(|request| answer(request, Arc::clone(&shared), life.clone()));
                    let stream = TokioIo::new(stream);
                    // A client that goes away is no error of the server's.
                    let _ = http1::Builder::new().serve_connection(stream, service).with_upgrades().await;
                });
            }
        }
    }
    connections.shutdown().await;
}

async fn answer(
    request: HttpRequest<Incoming>,
    shared: Arc<Shared>,
    life: CancellationToken,
) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path();
    let path = path.strip_prefix(shared.setup.prefix.as_str()).map(str::to_owned);
    let path = path.map(|path| path.strip_prefix("/api").map(str::to_owned).unwrap_or(path));
    let route = path.as_deref().map_or(Route::Other, Route::of);
    let sent = Arc::new(AtomicU64::new(0));
    let seen = Request {
        method: request.method().to_string(),
        path_and_query: request.uri().to_string(),
        route,
        at: Instant::now(),
        sent: Arc::clone(&sent),
    };
    let fault = shared.change(|state| {
        state.requests.push(seen);
        state.faults.take(route)
    });
    if fault == Some(Fault::Hold) {
        shared.until(|state| (!state.faults.holds(route)).then_some(())).await;
    }
    let response = match (&fault, path) {
        (Some(Fault::Status(code)), _) => text(StatusCode::from_u16(*code).unwrap(), "500 Internal Server Error"),
        (Some(Fault::Body(body)), _) => json(body.clone()),
        (Some(Fault::Answer(code, headers, body)), _) => {
            let mut response = text(StatusCode::from_u16(*code).unwrap(), body.clone());
            response
                .headers_mut()
                .extend(headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())));
            response
        }
        (Some(Fault::Endless(beginning, piece)), _) => endless(beginning.clone(), piece.clone()),
        _ if request.uri().to_string().len() > LONGEST_LINE => text(StatusCode::BAD_REQUEST, "Bad Request"),
        _ if !is_authorized(&shared, request.headers()) => text(StatusCode::UNAUTHORIZED, "401 Unauthorized"),
        _ if is_foreign(request.headers()) => empty(StatusCode::FORBIDDEN),
        (_, Some(path)) => routes::route(&path, request, &shared, life).await,
        (_, None) => not_found(),
    };
    Ok(count(hurt(response, fault, route, &shared).await, sent))
}

fn is_authorized(shared: &Shared, headers: &HeaderMap) -> bool {
    let said = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
    shared.setup.authorization.as_ref().is_none_or(|needed| said == Some(needed.as_bytes()))
}

/// A page of another site, for ComfyUI: an `Origin` that isn't the `Host`.
fn is_foreign(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    origin.is_some_and(|origin| origin.split_once("://").is_none_or(|(_, authority)| authority != host))
}

/// Does to the body what the fault says.
async fn hurt(response: Response<Body>, fault: Option<Fault>, route: Route, shared: &Arc<Shared>) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    let length = length_of(&head.headers, &body);
    let promised = match fault {
        Some(Fault::TruncateChunked(_)) => None,
        Some(Fault::PromiseMore(more)) => length.map(|length| length + more),
        Some(Fault::PromiseLess(less)) => length.map(|length| length - less),
        _ => length,
    };
    match promised {
        Some(length) => head.headers.insert(CONTENT_LENGTH, length.into()),
        None => head.headers.remove(CONTENT_LENGTH),
    };
    let body = match fault {
        Some(Fault::Truncate(after) | Fault::TruncateChunked(after)) => cut(body, after),
        Some(Fault::PromiseMore(_)) => cut(body, u64::MAX),
        Some(Fault::PromiseLess(_)) => stall(body, u64::MAX, route, Arc::clone(shared)),
        Some(Fault::Stall(after)) => stall(body, after, route, Arc::clone(shared)),
        _ => body,
    };
    Response::from_parts(head, body)
}

/// Says the one and then the other without an end, some megabytes a second.
fn endless(beginning: Bytes, piece: Bytes) -> Response<Body> {
    let pieces = stream::unfold(Some(beginning), move |next| {
        let piece = piece.clone();
        async move {
            if next.is_none() {
                tokio::time::sleep(PAUSE).await;
            }
            Some((Ok(next.unwrap_or(piece)), None))
        }
    });
    let mut response = Response::new(streamed(pieces));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}

fn length_of(headers: &HeaderMap, body: &Body) -> Option<u64> {
    let said = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    said.or_else(|| body.size_hint().exact())
}

/// Breaks the connection after so many bytes, or at the end of a shorter body.
fn cut(body: Body, after: u64) -> Body {
    streamed(stream::unfold((body.into_data_stream(), Some(after)), |(mut pieces, left)| async move {
        let left = left?;
        let piece = if left == 0 { None } else { pieces.next().await };
        Some(match piece {
            Some(Ok(mut piece)) => {
                piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                let left = left - piece.len() as u64;
                (Ok(piece), (pieces, Some(left)))
            }
            _ => {
                // hyper writes out what it has while it waits for us; at an error it would throw that away.
                yield_now().await;
                (Err(io::Error::other("the connection breaks here")), (pieces, None))
            }
        })
    }))
}

/// Holds back what comes after so many bytes until the fault is lifted.
fn stall(body: Body, after: u64, route: Route, shared: Arc<Shared>) -> Body {
    streamed(stream::unfold(
        (body.into_data_stream().boxed(), 0, shared),
        move |(mut pieces, given, shared)| async move {
            if given >= after {
                shared.until(|state| (!state.faults.holds(route)).then_some(())).await;
            }
            let mut piece = pieces.next().await?.unwrap();
            let mut rest = None;
            if given < after && given + piece.len() as u64 > after {
                rest = Some(piece.split_off(usize::try_from(after - given).unwrap()));
            }
            let given = given + piece.len() as u64;
            let pieces = stream::iter(rest.map(Ok)).chain(pieces).boxed();
            Some((Ok(piece), (pieces, given, shared)))
        },
    ))
}

/// Counts what hyper takes of a body.
fn count(response: Response<Body>, sent: Arc<AtomicU64>) -> Response<Body> {
    response.map(|body| {
        body.map_frame(move |frame| {
            sent.fetch_add(frame.data_ref().map_or(0, |piece| piece.len() as u64), Ordering::Relaxed);
            frame
        })
        .boxed_unsync()
    })
}

pub fn streamed(pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Body {
    StreamBody::new(pieces.map_ok(BodyFrame::data)).boxed_unsync()
}

pub fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Full::new(body.into()).map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

pub fn empty(status: StatusCode) -> Response<Body> {
    text(status, Bytes::new())
}

pub fn not_found() -> Response<Body> {
    text(StatusCode::NOT_FOUND, "404: Not Found")
}

pub fn json(body: impl Into<Bytes>) -> Response<Body> {
    let mut response = text(StatusCode::OK, body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}
