//! A way past actix-session, for requests that can neither begin nor end a session: what their handlers did to actix-session's
//! `Session` would be lost.

use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::Error;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use futures_util::TryFutureExt;
use futures_util::future::{Either, LocalBoxFuture};

use super::exchange;

/// actix-session's middleware, and the way past it.
#[derive(Debug)]
pub struct Passing<M>(pub M);

/// The layer of one worker.
#[derive(Debug)]
pub struct PassingService<S, T> {
    past: Rc<S>,
    through: T,
}

impl<S, B, M> Transform<S, ServiceRequest> for Passing<M>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    M: Transform<Rc<S>, ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    M::Future: 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = PassingService<S, M::Transform>;
    type InitError = M::InitError;
    type Future = LocalBoxFuture<'static, Result<Self::Transform, M::InitError>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let past = Rc::new(service);
        let through = self.0.new_transform(Rc::clone(&past));
        Box::pin(through.map_ok(|through| PassingService { past, through }))
    }
}

impl<S, B, T> Service<ServiceRequest> for PassingService<S, T>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = Either<S::Future, T::Future>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.through.poll_ready(cx)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        match exchange::with(|exchange| exchange.goes_past) {
            Some(true) => Either::Left(self.past.call(request)),
            _ => Either::Right(self.through.call(request)),
        }
    }
}
