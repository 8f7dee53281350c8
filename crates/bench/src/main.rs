//! `make bench`: what Baton does beside what its engine could do at most, in one run and one
//! table, so that ratios mean something on any machine.
//!
//! The limits: an actix handler that returns a constant (reads), a bare client that writes the
//! same rows with the same durability (creates). Everything runs over loopback with the client
//! on the same cores.
mod adt;
mod bare;
mod bulk;
mod generate;
mod http;
mod observation;
mod scenes;
mod server;
mod table;

use server::Engine;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("constant") {
        return http::serve_constant(
            std::env::args()
                .nth(2)
                .and_then(|n| n.parse().ok())
                .unwrap_or(2048),
        );
    }
    if std::env::args().nth(1).as_deref() == Some("generate") {
        return generate::run(&std::env::args().skip(2).collect::<Vec<_>>());
    }
    // `baton-bench sqlite adt` runs only what is named.
    let named: Vec<String> = std::env::args().skip(1).collect();
    let is_named = |engine: &Engine| named.iter().any(|name| name.eq_ignore_ascii_case(engine.name()));
    let engines = Engine::available();
    let all = !engines.iter().any(is_named);
    let mut table = table::Table::default();
    for engine in engines.into_iter().filter(|engine| all || is_named(engine)) {
        eprintln!("== {}", engine.name());
        scenes::run(&engine, &named, &mut table);
    }
    print!("{table}");
}
