# Stand-ins for the images of Docker Hub that the project's files name, from Debian's packages. `debian:bookworm-slim`,
# `sid-mysql` and `sid-postgres` are made by debootstrap; images.sh puts the other files beside this one.

# Compiling the server takes minutes, so its stage gets the program that was built on this machine.
FROM debian:bookworm-slim AS rust
COPY hallpass /hallpass.built

FROM debian:bookworm-slim AS node
COPY package/bin/node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt

FROM sid-mysql AS mysql
RUN useradd --system mysql && install -d -o mysql -g mysql /var/lib/mysql /run/mysqld
COPY mysql.sh /
VOLUME /var/lib/mysql
ENTRYPOINT ["bash", "/mysql.sh"]

FROM sid-postgres AS postgres
RUN install -d -o postgres -g postgres /var/lib/postgresql
COPY postgres.sh /
VOLUME /var/lib/postgresql
STOPSIGNAL SIGINT
ENTRYPOINT ["bash", "/postgres.sh"]

FROM debian:bookworm-slim AS nginx
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light >/dev/null
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
