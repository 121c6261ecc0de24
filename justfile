# List the recipes
default:
    @just --list --unsorted

# The main job: every approach, a table, a report
bench-all *options:
    cargo run --release -- bench-all {{options}}

# Any scenario: a file, or a name such as fan-out
run scenario *options:
    cargo run --release -- run {{scenario}} {{options}}

# Every approach, end to end, in under a minute
smoke:
    cargo run --release -- run smoke

# Conformance of every approach, and the instrument against known delays
verify:
    cargo run --release -- verify && cargo run --release -- selftest

# What this machine can hold
doctor *options:
    cargo run --release -- doctor {{options}}

# One reference server, to poke
serve approach *options:
    cargo run --release -- serve {{approach}} {{options}}

# Render a result directory again
report directory="results/latest":
    cargo run --release -- report {{directory}}

# All tests
test:
    cargo test --workspace

# Format and lints, as CI asks for them
lint:
    cargo fmt --all --check && cargo clippy --workspace --all-targets -- -D warnings

# Micro-benchmarks of what is hot
microbench:
    cargo bench --workspace

# curl and the article's own Python client against the servers
interop:
    cargo build --release && harness/tests/interop/run
