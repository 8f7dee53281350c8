//! The search shapes of clients at two sizes: what is selective must not notice a hundred times
//! the data. `BATON_BENCH_KEEP=FOLDER` keeps the databases for the next run.
mod ask;
mod dataset;
mod mix;
mod sample;
mod shapes;
mod table;

pub use table::Shapes;

use crate::engine::Engine;
use crate::server::Server;
use crate::table::{Row, Table, Target};
use sample::Sample;

pub const SMALL: usize = 10_000;
pub const LARGE: usize = 1_000_000;

/// One size of the population in one engine, and its server.
struct Bench {
    server: Server,
    token: String,
    sample: Sample,
}

/// All shapes at each of the sizes; what is `named` runs alone.
pub fn run(engine: &Engine, sizes: &[usize], named: &[String], shapes: &mut Shapes, table: &mut Table) {
    for (column, size) in sizes.iter().enumerate() {
        let data = dataset::of(engine, *size);
        let row = |what, value, unit| Row {
            engine: engine.name(),
            what: format!("{what} at {size}"),
            value,
            unit,
            limit: None,
            target: Target::None,
        };
        if let Some(rate) = data.imported {
            table.add(row("import of NDJSON", rate, "/s"));
        }
        let server = Server::start(&data.database);
        let bench = Bench {
            token: server.token(&data.database),
            server,
            sample: Sample::of(&data.population),
        };
        for shape in shapes::SHAPES {
            if named.is_empty() || named.iter().any(|name| shape.name.contains(name.as_str())) {
                shapes.add(engine.name(), shape, column, ask::all(&bench, shape));
            }
        }
        if named.is_empty() {
            let load = mix::run(&bench);
            table.add(row("search mix, 30 clients", load.rate(), "/s"));
            table.add(row("search mix, 30 clients, p50", load.percentile(0.5), "ms"));
            table.add(row("search mix, 30 clients, p99", load.percentile(0.99), "ms"));
        }
        table.add(row("resident after the searches", bench.server.resident(), "MiB"));
        drop(bench);
        let disk = crate::disk::bytes_per_byte(engine, &data.database);
        table.add(row("bytes on disk per byte of JSON", disk, "B/B"));
    }
}
