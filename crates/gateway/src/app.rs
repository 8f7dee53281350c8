//! The HTTP surface: every route in one list, and the server around it.
use crate::config::Limits;
use crate::routes::{
    self, bundle, compartment, create, delete, health, history, message, metadata, patch, read, resource,
    review, search, search_system, update,
};
use crate::state::Hosts;
use crate::{auth, docs, middleware, operations};
use actix_web::dev::Server;
use actix_web::guard::{GuardContext, fn_guard};
use actix_web::http::KeepAlive;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data, PayloadConfig, ServiceConfig, scope};
use actix_web::{App, HttpServer};
use std::net::TcpListener;
use std::time::Duration;

/// All routes: the root's, and every tenant's below its own path and on its own state.
pub fn configure(cfg: &mut ServiceConfig, hosts: &Hosts) {
    let limits = &hosts.root.config.limits;
    cfg.service(resource("/healthz").get(health::live).build())
        .service(resource("/readyz").get(health::ready).build())
        .service(resource("/metrics").get(health::metrics).build())
        .configure(|cfg| organisation(cfg, limits))
        .configure(docs::configure);
    for state in &hosts.tenants {
        let path = state.config.path.as_str();
        let routes = scope(path).app_data(Data::new(state.clone()));
        cfg.service(routes.configure(|cfg| organisation(cfg, limits)));
    }
    cfg.default_service(web::to(routes::no_such_route));
}

/// A path is compared with one after the other and patterns cost far more than
/// fixed texts, so what is called most comes first, behind what would be mistaken for it.
fn organisation(cfg: &mut ServiceConfig, limits: &Limits) {
    cfg.configure(auth::routes::configure)
        .configure(routes::hl7v2::configure)
        .service(
            scope("/fhir")
                .service(resource("/metadata").get(metadata::capabilities).build())
                .configure(message::configure)
                .service(
                    resource("")
                        .get(search_system::by_get)
                        .post(bundle::submit)
                        .build()
                        .app_data(PayloadConfig::new(limits.bundle)),
                )
                .service(
                    resource("/")
                        .get(search_system::by_get)
                        .post(bundle::submit)
                        .build()
                        .app_data(PayloadConfig::new(limits.bundle)),
                )
                .service(resource("/_history").get(history::of_system).build())
                .service(resource("/_search").post(search_system::by_post).build())
                .service(
                    resource("/{type}/{id}")
                        .get(read::read)
                        .put(update::update)
                        .patch(patch::patch)
                        .delete(delete::delete)
                        .build()
                        .guard(fn_guard(is_type_or_id)),
                )
                .service(
                    resource("/{type}")
                        .get(search::by_get)
                        .post(create::create)
                        .put(update::conditional)
                        .patch(patch::conditional)
                        .delete(delete::conditional)
                        .build()
                        .guard(fn_guard(is_type_or_id)),
                )
                .service(resource("/{type}/_search").post(search::by_post).build())
                .service(resource("/{type}/_history").get(history::of_type).build())
                .configure(review::configure)
                .configure(operations::configure)
                .service(
                    resource("/{type}/{id}/_history")
                        .get(history::of_instance)
                        .build(),
                )
                .service(
                    resource("/{type}/{id}/_history/{version}")
                        .get(read::vread)
                        .build(),
                )
                .configure(compartment::configure)
                .default_service(web::to(routes::no_such_route)),
        )
        .configure(auth::admin::configure);
}

/// `_history`, `_search` and operations stand where types and ids stand, but none begins like them.
fn is_type_or_id(context: &GuardContext) -> bool {
    let last = context.head().uri.path().rsplit('/').next();
    !last.is_some_and(|name| name.starts_with(['_', '$']))
}

/// A server on a bound listener, which its handle ends. Slow and idle clients are cut off.
pub fn start(
    hosts: Hosts,
    listener: TcpListener,
    tls: Option<rustls::ServerConfig>,
) -> std::io::Result<Server> {
    let limits = hosts.root.config.limits.clone();
    let workers = std::thread::available_parallelism()?.get();
    actix_web::rt::spawn(health::measure());
    let (data, body) = (Data::new(hosts.root.clone()), limits.body);
    let all = Data::new(hosts);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .app_data(all.clone())
            .app_data(PayloadConfig::new(body))
            .wrap(Compress::default())
            .wrap(from_fn(middleware::observe))
            .configure(|cfg| configure(cfg, &all))
    })
    // Without it compressed responses wait 40 ms for the client's delayed ACK.
    .tcp_nodelay(true)
    .keep_alive(KeepAlive::Timeout(Duration::from_secs(75)))
    .client_request_timeout(Duration::from_secs(limits.client_seconds))
    .client_disconnect_timeout(Duration::from_secs(5))
    // Whoever hangs up gives up: what was not begun for him is not begun any more.
    .h1_allow_half_closed(false)
    // Whoever starts it listens for them, and began earlier.
    .disable_signals()
    .workers(workers)
    // The limit counts per worker.
    .max_connections(limits.connections.div_ceil(workers))
    .shutdown_timeout(30)
    .tls_handshake_timeout(Duration::from_secs(limits.client_seconds));
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls)?,
        None => server.listen(listener)?,
    };
    Ok(server.run())
}
