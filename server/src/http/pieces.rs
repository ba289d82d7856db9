//! Large bodies, handed over bit by bit.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

const PIECE: usize = 16 * 1024;

/// A body that is there as a whole, and perhaps shared by many. In one piece it would be copied for each client that takes its
/// time; of these, the next is copied once the client has taken the last.
struct Pieces(Bytes);

/// The same body, in pieces if it is large.
#[must_use]
pub fn of(body: BoxBody) -> BoxBody {
    match body.try_into_bytes() {
        Ok(bytes) if bytes.len() > PIECE => BoxBody::new(Pieces(bytes)),
        Ok(bytes) => BoxBody::new(bytes),
        Err(body) => body,
    }
}

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let length = self.0.len().min(PIECE);
        Poll::Ready((length > 0).then(|| Ok(self.0.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn nothing_is_lost_between_the_pieces() {
        for length in [0, 1, PIECE, PIECE + 1, 10 * PIECE + 7] {
            let whole: Bytes = (0..=255).cycle().take(length).collect();
            let body = of(BoxBody::new(whole.clone()));
            assert_eq!(body.size(), BodySize::Sized(length as u64));
            assert_eq!(to_bytes(body).await.unwrap(), whole);
        }
    }
}
