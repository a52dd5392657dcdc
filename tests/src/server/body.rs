//! A body that can break off halfway, which is how a lost answer often looks to a client.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// A body sent whole, or its first half and then an end of the connection.
pub struct Outgoing {
    length: u64,
    next: Next,
}

enum Next {
    Whole(Bytes),
    Half(Bytes),
    Pause,
    Break,
    End,
}

impl Outgoing {
    /// `cut` sends half of `body` under the length of the whole.
    pub fn new(body: Vec<u8>, cut: bool) -> Self {
        let length = body.len() as u64;
        let mut body = Bytes::from(body);
        let next = if cut {
            body.truncate(body.len() / 2);
            Next::Half(body)
        } else {
            Next::Whole(body)
        };
        Self { length, next }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        match std::mem::replace(&mut self.next, Next::End) {
            Next::Whole(body) => Poll::Ready(Some(Ok(Frame::data(body)))),
            Next::Half(body) => {
                self.next = Next::Pause;
                Poll::Ready(Some(Ok(Frame::data(body))))
            }
            // Once around the loop, so that the first half is written before the break.
            Next::Pause => {
                self.next = Next::Break;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Next::Break => Poll::Ready(Some(Err(std::io::ErrorKind::BrokenPipe.into()))),
            Next::End => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.next, Next::End)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
