# Base images that can't be pulled, made of Debian's packages under the names that the Dockerfile
# and the compose file use. Sourced by docker/check; needs root, debootstrap and Debian's archive.

# base IMAGE FUNCTION: the image as published, or what the function makes of Debian's packages in
# its place. What was made bears a label, and is listed at the end.
base() {
  local image=$1 made
  if docker image inspect "$image" >/dev/null 2>&1; then
    made=$(docker image inspect -f "{{index .Config.Labels \"$label\"}}" "$image")
    if [ -n "$made" ]; then substituted+=("$image: $made"); fi
    return
  fi
  if timeout 300 docker pull -q "$image" >>"$log" 2>&1; then
    own_images+=("$image")
    return
  fi
  if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
    die "$image can't be pulled; to make it of Debian's packages instead, run this as root with debootstrap installed"
  fi
  say "$image can't be pulled: making it of Debian's packages"
  "$2" "$image" >>"$log" 2>&1 || die "$image could not be made; $log says why"
  own_images+=("$image")
  substituted+=("$image: $(docker image inspect -f "{{index .Config.Labels \"$label\"}}" "$image")")
}

# root_folder PACKAGE…: a fresh Debian 12 with these packages in $root.
root_folder() {
  local debian=$work/debian
  root=$work/root
  rm -rf "$root"
  if [ ! -d "$debian" ]; then
    debootstrap --variant=minbase --include=ca-certificates bookworm "$debian" \
      "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" || return
    echo force-unsafe-io >"$debian/etc/dpkg/dpkg.cfg.d/unsafe-io"
    # Nothing is started by its installation.
    printf '#!/bin/sh\nexit 101\n' >"$debian/usr/sbin/policy-rc.d"
    chmod 755 "$debian/usr/sbin/policy-rc.d"
  fi
  cp -a "$debian" "$root" || return
  if [ $# -gt 0 ]; then
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    DEBIAN_FRONTEND=noninteractive chroot "$root" \
      apt-get install -y -qq --no-install-recommends "$@" || return
  fi
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
}

# as_image IMAGE DESCRIPTION CHANGE…: what lies in $root, as an image with these instructions.
as_image() {
  local image=$1 changes=(--change "LABEL $label=\"$2\"") change
  shift 2
  for change in "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$@"; do
    changes+=(--change "$change")
  done
  tar -C "$root" --numeric-owner -c . | docker import "${changes[@]}" - "$image"
  local code=$?
  rm -rf "$root"
  return "$code"
}

# The build in the image has no network then: the crates' sources come along.
base_rust() {
  root_folder gcc libc6-dev || return
  tar -C "$(rustc --print sysroot)" --exclude=./share --exclude=./lib/rustlib/src \
    --exclude=./bin/rust-analyzer --exclude='./bin/*clippy*' --exclude='./bin/*fmt' -c . |
    tar -C "$root/usr/local" --no-same-owner -x || return
  mkdir -p "$root/usr/local/cargo"
  cargo vendor --quiet --locked --manifest-path "$project/Cargo.toml" \
    "$root/usr/local/cargo/vendor" >/dev/null || return
  printf '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "%s"\n' \
    /usr/local/cargo/vendor >"$root/usr/local/cargo/config.toml"
  as_image "$1" "Debian 12 with gcc, this machine's Rust and the crates' sources" \
    "ENV CARGO_HOME=/usr/local/cargo"
}

base_distroless() {
  root_folder tzdata libgcc-s1 || return
  echo 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' >>"$root/etc/passwd"
  echo 'nonroot:x:65532:' >>"$root/etc/group"
  install -d -o 65532 -g 65532 "$root/home/nonroot"
  as_image "$1" "Debian 12 with ca-certificates and tzdata, user nonroot" "USER 65532" "WORKDIR /home/nonroot"
}

# Users' ids and what the scripts do are those of the published images, as far as the compose file
# relies on them.
base_postgres() {
  root_folder postgresql || return
  rm -rf "$root/var/lib/postgresql" "$root/etc/postgresql"
  chroot "$root" sh -c 'groupmod -g 70 postgres && usermod -u 70 -g 70 postgres' || return
  install -d -o 70 -g 70 "$root/var/lib/postgresql/data" "$root/var/run/postgresql"
  install -m 755 "$here/check.d/postgres-entrypoint" "$root/usr/local/bin/docker-entrypoint.sh"
  as_image "$1" "PostgreSQL 15 of Debian 12" "ENV PGDATA=/var/lib/postgresql/data" \
    "VOLUME /var/lib/postgresql/data" 'ENTRYPOINT ["docker-entrypoint.sh"]' "STOPSIGNAL SIGINT" \
    "EXPOSE 5432" 'CMD ["postgres"]' \
    "ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
}

base_redis() {
  root_folder redis-server || return
  chroot "$root" sh -c 'groupmod -g 1000 redis && usermod -u 999 -g 1000 redis' || return
  install -d -o 999 -g 1000 "$root/data"
  install -m 755 "$here/check.d/redis-entrypoint" "$root/usr/local/bin/docker-entrypoint.sh"
  as_image "$1" "Redis 7 of Debian 12" "VOLUME /data" "WORKDIR /data" \
    'ENTRYPOINT ["docker-entrypoint.sh"]' "EXPOSE 6379" 'CMD ["redis-server"]'
}

base_haproxy() {
  root_folder haproxy || return
  as_image "$1" "HAProxy 2.6 of Debian 12" "USER haproxy" "STOPSIGNAL SIGUSR1" \
    'ENTRYPOINT ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]'
}

base_prometheus() {
  root_folder prometheus || return
  install -d -o 65534 -g 65534 "$root/prometheus"
  as_image "$1" "Prometheus 2.42 of Debian 12" "USER nobody" "WORKDIR /prometheus" \
    'ENTRYPOINT ["prometheus", "--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]'
}

base_alertmanager() {
  root_folder prometheus-alertmanager || return
  install -d -o 65534 -g 65534 "$root/alertmanager"
  as_image "$1" "Alertmanager 0.25 of Debian 12" "USER nobody" "WORKDIR /alertmanager" \
    'ENTRYPOINT ["prometheus-alertmanager", "--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"]'
}

# With what the Dockerfile installs: a build has no network then.
base_debian() {
  root_folder python3-pyftpdlib || return
  as_image "$1" "Debian 12 with python3-pyftpdlib"
}

# The base images that the Dockerfile and the compose file name, but Grafana's: Debian has none.
bases() {
  image_of() { sed -n "s|^ *image: \($1:[^ ]*\)$|\1|p" "$here/docker-compose.yml"; }
  if [ "$build" = yes ]; then
    base rust:1-slim-bookworm base_rust
    base debian:bookworm-slim base_debian
  fi
  base gcr.io/distroless/cc-debian12:nonroot base_distroless
  base "$(image_of postgres)" base_postgres
  base "$(image_of redis)" base_redis
  base "$(image_of haproxy)" base_haproxy
  base "$(image_of prom/prometheus)" base_prometheus
  base "$(image_of prom/alertmanager)" base_alertmanager
  grafana=$(image_of grafana/grafana)
  if ! docker image inspect "$grafana" >/dev/null 2>&1; then
    if timeout 300 docker pull -q "$grafana" >>"$log" 2>&1; then
      own_images+=("$grafana")
    else
      not_checked+=("$grafana can't be pulled and Debian has no package of it: its files were only parsed")
      grafana=""
    fi
  fi
  rm -rf "$work/debian"
}
