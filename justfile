# What is given goes on as it was given, quotes and all.
set positional-arguments

# List the recipes
default:
    @just --list --unsorted

# The main job: every approach, a table, a report
bench-all *options:
    cargo run --release -- bench-all "$@"

# A hundred thousand clients of every approach, in about ten minutes
bench-100k *options:
    cargo run --release -- run hundred-thousand "$@"

# Any scenario: a file, or a name such as fan-out; smoke takes a minute
run scenario *options:
    cargo run --release -- run "$@"

# Conformance of every approach, the instrument against known delays, and foreign clients against the servers
verify:
    cargo run --release -- verify && cargo run --release -- selftest && harness/tests/interop/run

# Whether a change made delivery slower, chattier or lossier than a base revision
gate base *options:
    .ci/gate "$@"

# Any other verb: serve sse, report results/latest, list, doctor
tool *arguments:
    cargo run --release -- "$@"

# All tests
test:
    cargo test --workspace

# Format and lints, as CI asks for them
lint:
    cargo fmt --all --check && cargo clippy --workspace --all-targets -- -D warnings

# Micro-benchmarks of what is hot
microbench:
    cargo bench --workspace

# What a request or an event costs this and public load generators
generators *options:
    cargo build --release && harness/tests/generators/run "$@"

# The stored runs as a static site, in target/site
publish:
    cargo run --release -- report --site target/site reports/published/*
