//! The `ringproof` program.

use std::process::ExitCode;

use ringproof::app::App;
use ringproof::cli;

fn main() -> ExitCode {
    cli::run(std::env::args_os(), &App).into()
}
