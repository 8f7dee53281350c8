//! The binary `baton`; everything is in the library, so that tests can reach it.
use mimalloc::MiMalloc;

/// JSON is many small allocations: the system's allocator took a quarter of a message's time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> std::process::ExitCode {
    gateway::cli::run()
}
