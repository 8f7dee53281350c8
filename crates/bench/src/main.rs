//! `make bench`: what Baton does beside what its engine could do at most, in one run and one
//! table, so that ratios mean something on any machine.
//!
//! The limits: an actix handler that returns a constant (reads), a bare client that writes the
//! same rows with the same durability (creates). Everything runs over loopback with the client
//! on the same cores.
mod adt;
mod bare;
mod bulk;
mod compare;
mod consent;
mod crud;
mod disk;
mod engine;
mod generate;
mod helios;
mod http;
mod launch;
mod observation;
mod scenes;
mod search;
mod server;
mod table;

use engine::Engine;

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
    let named: Vec<String> = std::env::args().skip(1).collect();
    measure(&named);
}

/// `baton-bench sqlite adt` runs only what is named. `search` and `scale` (searches at a million
/// resources too) may be followed by parts of the names of shapes.
fn measure(named: &[String]) {
    let is_named = |engine: &Engine| named.iter().any(|name| name.eq_ignore_ascii_case(engine.name()));
    let engines = Engine::available();
    let all = !engines.iter().any(is_named);
    let searches = named.iter().position(|name| name == "search" || name == "scale");
    let (mut table, mut shapes) = (table::Table::default(), search::Shapes::default());
    for engine in engines.iter().filter(|engine| all || is_named(engine)) {
        eprintln!("== {}", engine.name());
        let (sizes, of): (&[usize], &[String]) = match searches {
            Some(at) if named[at] == "scale" => (&[search::SMALL, search::LARGE], &named[at + 1..]),
            Some(at) => (&[search::SMALL], &named[at + 1..]),
            None => {
                scenes::run(engine, named, &mut table);
                (
                    if named.iter().all(|n| !scenes::NAMES.contains(&n.as_str())) {
                        &[search::SMALL]
                    } else {
                        &[]
                    },
                    &[],
                )
            }
        };
        search::run(engine, sizes, of, &mut shapes, &mut table);
    }
    print!("{table}");
    if !shapes.is_empty() {
        print!("\n{shapes}");
    }
}
