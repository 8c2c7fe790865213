FROM node:26-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:26-slim
LABEL org.opencontainers.image.title="Portolan" \
      org.opencontainers.image.description="One container instead of nginx + registrator + confd for Docker Compose stacks" \
      org.opencontainers.image.licenses="MIT"

# The image's defaults, where they differ from those on the command line. The compile cache
# makes `portolan health`, the other commands and the proxy's threads start in half the time, and
# saves 30 MiB: what strips types need not be loaded. Two arenas of malloc serve all threads,
# and what is larger than a MiB goes back to the system: each table on its way to a worker is.
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/var/cache/portolan \
    MALLOC_ARENA_MAX=2 \
    MALLOC_TRIM_THRESHOLD_=1048576 \
    MALLOC_MMAP_THRESHOLD_=1048576 \
    PORTOLAN_HTTP=:80 \
    PORTOLAN_HTTPS=:443 \
    PORTOLAN_ADMIN=:8070 \
    PORTOLAN_STATE=/var/lib/portolan \
    PORTOLAN_CONFD=/etc/confd

WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY src ./src
COPY templates ./templates

# exec: Node is PID 1 and gets the signals. (Where commands of confd templates leave children
# behind, run it with `init: true`.) Running it once fills the compile cache, which holds for those
# flags: a nursery of 8 MiB holds a moment's requests, a larger one only takes memory. It has to
# run for real, worker and all: one file that is not in the cache loads what strips types. A
# builder that is too slow for that leaves the cache less full.
RUN printf '#!/bin/sh\nexec node --max-semi-space-size=8 --max-inlined-bytecode-size-cumulative=2000 --no-memory-reducer /app/src/cli.ts "$@"\n' > /usr/local/bin/portolan \
 && chmod +x /usr/local/bin/portolan \
 && mkdir -p /var/lib/portolan /etc/confd/conf.d /etc/confd/templates \
 && portolan --version \
 && { timeout -s TERM 10 portolan run --workers 1 --state off > /dev/null || true; } \
 && node --max-semi-space-size=8 --max-inlined-bytecode-size-cumulative=2000 --no-memory-reducer -e "import('/app/src/main.ts').then(() => import('/app/src/store/etcd/etcd.ts')).then(() => import('/app/src/proxy/worker/plane.ts'))"

# Root, because Docker's socket belongs to root on most hosts. Where it belongs to a group,
# `--user 65534 --group-add <that group's id>` works as well, with ports above 1023.
EXPOSE 80 443 8070
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s CMD ["portolan", "health"]
ENTRYPOINT ["portolan"]
