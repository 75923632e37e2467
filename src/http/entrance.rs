//! The way in to the public listener. What everybody asks for and is prepared, discovery and the key set, is answered
//! here, by the same checks and with the same headers as everything else; all other requests go to the router.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::http::Method;
use axum::response::Response;
use axum::routing::future::RouteFuture;
use futures_util::future::Either;
use hyper::Request;
use hyper::body::Body as HttpBody;
use tower::{BoxError, Service};

use super::discovery::Document;
use super::guard;
use crate::app::App;

/// The public listener's service.
#[derive(Clone)]
pub struct Entrance {
    app: Arc<App>,
    router: Router,
}

impl Entrance {
    pub(super) fn new(app: Arc<App>, router: Router) -> Self {
        Self { app, router }
    }
}

impl<B> Service<Request<B>> for Entrance
where
    B: HttpBody<Data = bytes::Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, RouteFuture<Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let asked_for = Document::at(self.app.base_path(), request.uri().path());
        match asked_for.filter(|_| *request.method() == Method::GET) {
            Some(document) => {
                let answer = || document.answer(&self.app, request.headers());
                Either::Left(ready(Ok(guard::without_router(&self.app, &request, answer))))
            }
            None => Either::Right(self.router.call(request.map(Body::new))),
        }
    }
}
