//! Layers that are functions.

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::Error;
use actix_web::middleware::Next;
use actix_web::web::Data;

/// The function for [`actix_web::middleware::from_fn`] that gives `shared` to `layer` with each request. As an extractor it would be
/// looked up each time, and the layer's future boxed once more.
pub fn sharing<T, B, B2, F, Answer>(
    shared: &Data<T>,
    layer: F,
) -> impl Fn(ServiceRequest, Next<B>) -> Answer + use<T, B, B2, F, Answer>
where
    F: Fn(Data<T>, ServiceRequest, Next<B>) -> Answer,
    Answer: Future<Output = Result<ServiceResponse<B2>, Error>>,
{
    let shared = shared.clone();
    move |request, next| layer(shared.clone(), request, next)
}
