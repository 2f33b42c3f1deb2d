//! What a connection waits for that its client owes: the rest of a request, or that an answer is read. Noted where the bytes
//! pass, so that nothing has to be asked of a client that says nothing.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// How long a body may take, from the head of its request to its last byte. They are forms and small questions.
const BODY: Duration = Duration::from_secs(10);

/// How long no byte of an answer may be taken. As long as a player that pauses, or a disk that is busy, may need; who comes
/// back goes on with a range.
const ANSWER: Duration = Duration::from_secs(60);

/// Since when a connection waits for its client.
#[derive(Debug)]
pub(super) struct Waits {
    /// Where milliseconds are counted from, so that a moment fits into an atomic number; 0 is none.
    start: Instant,
    body: AtomicU64,
    answer: AtomicU64,
}

impl Default for Waits {
    fn default() -> Self {
        Self { start: Instant::now(), body: AtomicU64::new(0), answer: AtomicU64::new(0) }
    }
}

impl Waits {
    /// Since when at most it waits, if it does.
    pub(super) fn since(&self) -> Option<Instant> {
        [&self.body, &self.answer].into_iter().filter_map(|since| self.moment(since)).min()
    }

    /// Whether it has waited longer than a client may let it.
    pub(super) fn is_over(&self) -> bool {
        let longer = |since, limit| self.moment(since).is_some_and(|since| since.elapsed() > limit);
        longer(&self.body, BODY) || longer(&self.answer, ANSWER)
    }

    fn moment(&self, since: &AtomicU64) -> Option<Instant> {
        let millis = since.load(Ordering::Relaxed);
        (millis > 0).then(|| self.start + Duration::from_millis(millis))
    }

    fn begin(&self, since: &AtomicU64) {
        if since.load(Ordering::Relaxed) == 0 {
            let millis = self.start.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
            since.store(millis.max(1), Ordering::Relaxed);
        }
    }
}

fn end(since: &AtomicU64) {
    since.store(0, Ordering::Relaxed);
}

/// A connection whose writes are watched.
pub struct WatchedConnection<S> {
    pub(super) stream: S,
    pub(super) waits: Arc<Waits>,
}

impl<S> WatchedConnection<S> {
    fn note<T>(&self, polled: Poll<T>) -> Poll<T> {
        match polled {
            Poll::Pending => self.waits.begin(&self.waits.answer),
            Poll::Ready(_) => end(&self.waits.answer),
        }
        polled
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedConnection<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedConnection<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The body of a request, which is due from its beginning to its end, however it drips.
pub struct Due<B> {
    body: B,
    waits: Arc<Waits>,
}

impl<B: Body> Due<B> {
    pub(super) fn new(body: B, waits: Arc<Waits>) -> Self {
        if !body.is_end_stream() {
            waits.begin(&waits.body);
        }
        Self { body, waits }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Due<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) || self.body.is_end_stream() {
            end(&self.waits.body);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Due<B> {
    fn drop(&mut self) {
        // Whoever doesn't want the rest doesn't wait for it.
        end(&self.waits.body);
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body as AnyBody;
    use futures_util::stream;
    use http_body_util::BodyExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::time::{advance, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_not_read_is_waited_for_until_a_byte_of_it_is_taken() {
        let (stream, mut reader) = tokio::io::duplex(4);
        let waits = Arc::new(Waits::default());
        let mut line = WatchedConnection { stream, waits: Arc::clone(&waits) };
        let writing = tokio::spawn(async move { line.write_all(&[7; 12]).await });
        tokio::task::yield_now().await;
        advance(ANSWER).await;
        assert!(waits.since().is_some() && !waits.is_over());
        advance(Duration::from_secs(1)).await;
        assert!(waits.is_over());
        let mut read = [0; 4];
        reader.read_exact(&mut read).await.unwrap();
        tokio::task::yield_now().await;
        assert!(!waits.is_over(), "it was taken up again");
        reader.read_exact(&mut [0; 8]).await.unwrap();
        writing.await.unwrap().unwrap();
        assert_eq!(waits.since(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_due_as_a_whole_and_what_nobody_wants_is_not() {
        let waits = Arc::new(Waits::default());
        let drips = stream::unfold((), async |()| {
            sleep(BODY / 4).await;
            Some((Ok::<_, io::Error>(Bytes::from_static(b"x")), ()))
        });
        let mut body = Due::new(AnyBody::from_stream(drips), Arc::clone(&waits));
        for drip in 1..=5 {
            body.frame().await.unwrap().unwrap();
            assert_eq!(waits.is_over(), drip == 5, "{drip}");
        }
        drop(body);
        assert_eq!(waits.since(), None);
        let whole = Due::new(AnyBody::from("whole"), Arc::clone(&waits));
        assert!(waits.since().is_some());
        whole.collect().await.unwrap();
        assert_eq!(waits.since(), None);
        let none = Due::new(AnyBody::empty(), Arc::clone(&waits));
        assert_eq!(waits.since(), None);
        drop(none);
    }
}
