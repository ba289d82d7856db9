# syntax=docker/dockerfile:1

# The web app.
FROM node:22-bookworm-slim AS client
WORKDIR /build/client
COPY client/package.json client/pnpm-lock.yaml client/pnpm-workspace.yaml ./
RUN npx --yes pnpm@10.34.9 install --frozen-lockfile
COPY client ./
RUN npx --yes pnpm@10.34.9 build

# The server, with the web app in it. Its dependencies are compiled once and kept between builds.
FROM rust:1.95-slim-bookworm AS server
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
COPY migrations ./migrations
COPY server ./server
COPY --from=client /build/client/dist ./client/dist
# Cargo compares times, and the layer may be older than what the cache holds.
RUN find client/dist -type f -exec touch {} +
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/build/target \
    cargo build --release --locked && cp target/release/hallpass /hallpass

# What runs: one binary, nothing else that is ours.
FROM debian:bookworm-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin hallpass \
    && install --directory --owner=hallpass --mode=0700 /app/data
COPY --from=server /hallpass /usr/local/bin/hallpass
WORKDIR /app
USER hallpass
ENV HOST=0.0.0.0 PORT=3000
EXPOSE 3000
# The SQLite database and the session key; the only place that is written to.
VOLUME /app/data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["hallpass", "health"]
ENTRYPOINT ["hallpass"]
