//! A resource that knows its methods: HEAD comes with GET, and any other is 405 with `Allow` (RFC 9110 section 15.5.6).

use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::http::{Method, header};
use actix_web::{FromRequest, Handler, Resource, Responder, guard, web};

use super::problem::{Code, Problem};

/// Collects the methods of one path.
#[expect(missing_debug_implementations, reason = "actix-web's Resource has none")]
pub struct Endpoint {
    resource: Resource,
    methods: Vec<Method>,
}

/// The endpoint at `path`, still without methods.
#[must_use]
pub fn endpoint(path: &str) -> Endpoint {
    Endpoint { resource: web::resource(path.to_owned()), methods: Vec::new() }
}

impl Endpoint {
    /// GET, and HEAD with the same headers and no body.
    #[must_use]
    pub fn get<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.method(Method::GET, handler.clone()).method(Method::HEAD, handler)
    }

    /// POST.
    #[must_use]
    pub fn post<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.method(Method::POST, handler)
    }

    /// PATCH.
    #[must_use]
    pub fn patch<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.method(Method::PATCH, handler)
    }

    /// DELETE.
    #[must_use]
    pub fn delete<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.method(Method::DELETE, handler)
    }

    fn method<F, Args>(mut self, method: Method, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        // actix-web's own guard notes in each request which methods there are, for a refusal that is not ours.
        let wanted = method.clone();
        let guard = guard::fn_guard(move |context| context.head().method == wanted);
        self.resource = self.resource.route(web::route().guard(guard).to(handler));
        self.methods.push(method);
        self
    }
}

impl HttpServiceFactory for Endpoint {
    fn register(self, config: &mut AppService) {
        let methods = self.methods;
        let refuse = web::to(move || {
            let refusal = not_allowed(&methods);
            async { Err::<&str, _>(refusal) }
        });
        self.resource.default_service(refuse).register(config);
    }
}

/// The refusal of any method but `methods`.
///
/// # Panics
/// Never: method names are header text.
#[must_use]
pub fn not_allowed(methods: &[Method]) -> Problem {
    let allow: Vec<&str> = methods.iter().map(Method::as_str).collect();
    let allow = allow.join(", ").try_into().expect("method names are header text");
    Problem::new(Code::MethodNotAllowed).header(header::ALLOW, allow)
}
