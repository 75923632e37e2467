//! The service of the public listener. It answers discovery and the key set from prepared responses, and calls the
//! endpoints that programs use continuously without the router. Both pass the same checks and get the same headers as
//! all other requests, which go to the router.

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Method;
use axum::response::Response;
use futures_util::future::{BoxFuture, Either};
use hyper::Request;
use hyper::body::Body as HttpBody;
use tower::{BoxError, Service};

use super::arrived::Arrived;
use super::call::Call;
use super::guard;
use crate::app::App;
use crate::http::token::discovery::Document;
use crate::http::token::{self, introspect, userinfo};
use signet_protocol::endpoint::{Endpoint, INTROSPECT, TOKEN, USERINFO};

#[derive(Clone)]
pub struct Entrance {
    app: Arc<App>,
    router: Router,
}

type Answer = Result<Response, Infallible>;

impl Entrance {
    pub(crate) fn new(app: Arc<App>, router: Router) -> Self {
        Self { app, router }
    }

    /// Calls an endpoint without the router, under the same path pattern.
    fn call_directly<B, F>(
        &self,
        request: Request<B>,
        endpoint: &'static Endpoint,
        handler: fn(Call) -> F,
    ) -> BoxFuture<'static, Answer>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
        F: Future<Output = Response> + Send + 'static,
    {
        let app = self.app.clone();
        let route = match app.base_path() {
            "" => Cow::Borrowed(endpoint.path),
            base => Cow::Owned(format!("{base}{}", endpoint.path)),
        };
        Box::pin(async move {
            let arrived = Arrived::now(&app, &request);
            // Boxed, because the guard moves it several times.
            let answer = |request| {
                Box::pin(async {
                    match Call::of(request, &app, arrived.clone()).await {
                        Ok(call) => handler(call).await,
                        Err(refusal) => refusal,
                    }
                })
            };
            Ok(guard::guarded_call(&app, request, &arrived, Some(route), answer).await)
        })
    }
}

impl<B> Service<Request<B>> for Entrance
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Answer>, BoxFuture<'static, Answer>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let base = self.app.base_path();
        let path = request.uri().path();
        let is_post = *request.method() == Method::POST;
        let is_get = *request.method() == Method::GET;
        if let Some(document) = Document::at(base, path).filter(|_| is_get) {
            let answer = || document.answer(&self.app, request.headers());
            return Either::Left(ready(Ok(guard::without_router(&self.app, &request, answer))));
        }
        Either::Right(match path.strip_prefix(base) {
            Some(path) if is_post && path == TOKEN.path => self.call_directly(request, &TOKEN, token::endpoint::post),
            Some(path) if is_post && path == INTROSPECT.path => {
                self.call_directly(request, &INTROSPECT, introspect::post)
            }
            Some(path) if is_get && path == USERINFO.path => self.call_directly(request, &USERINFO, userinfo::get),
            _ => Box::pin(self.router.call(request.map(Body::new))),
        })
    }
}
