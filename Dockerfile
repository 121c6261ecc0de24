# Builds the tool and runs it. Results are written to /results:
#   docker build -t delivery-bench .
#   docker run --rm --ulimit nofile=20000:20000 -v "$PWD/results:/results" delivery-bench
FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
COPY --from=build /source/target/release/delivery-bench /usr/local/bin/
WORKDIR /
ENTRYPOINT ["delivery-bench"]
CMD ["bench-all"]
