# The engine, both generations of Compose, and what is removed at the end. Sourced by docker/check.

require_engine() {
  command -v docker >/dev/null ||
    die "there is no Docker here. On Debian: sudo apt-get install docker.io docker-compose (from Debian 13 on also docker-cli docker-buildx)"
  docker info >/dev/null 2>&1 ||
    die "no Docker engine answers: $(docker info 2>&1 | tail -n 1). Start one (sudo systemctl start docker), or install it: sudo apt-get install docker.io"
  docker buildx version >/dev/null 2>&1 ||
    die "the Dockerfile needs BuildKit: install docker-buildx (Debian 13) or docker-buildx-plugin (Docker's own packages)"
  for program in curl python3 git; do
    command -v "$program" >/dev/null || die "$program is missing: sudo apt-get install $program"
  done
  compose_1=""
  if [[ "$(docker-compose version --short 2>/dev/null)" == 1.* ]]; then compose_1=docker-compose; fi
  compose_2=""
  if docker compose version >/dev/null 2>&1; then compose_2="docker compose"; fi
  [ -n "$compose_1$compose_2" ] || die "Compose is missing: sudo apt-get install docker-compose"
  echo "Docker $(docker version -f '{{.Server.Version}}'), Compose 1: $(docker-compose version --short 2>/dev/null || echo none), Compose 2: $(docker compose version --short 2>/dev/null || echo none)"
}

# The containers' names are fixed: an installation on this engine would be disturbed.
refuse_if_in_use() {
  local found
  found=$(docker ps -aq --filter name='^/?it_budget_'; docker volume ls -q --filter name='^it_budget_')
  [ -z "$found" ] ||
    die "containers or volumes it_budget_… exist on this engine ($(echo "$found" | tr '\n' ' ')): run this elsewhere. Those of a check that was killed: docker rm -f, docker volume rm $prefix…"
}

# compose ARGUMENT…: the newer Compose, if there is one, with all profiles.
compose() { compose_with "${compose_2:-$compose_1}" "$@"; }

# compose_with PROGRAM ARGUMENT…
compose_with() {
  local program=$1
  shift
  # shellcheck disable=SC2086
  (cd "$work/project/docker" && COMPOSE_ANSI=never $program \
    --profile balanced --profile monitoring --profile demo "$@")
}

copy_project() {
  mkdir "$work/project"
  git -C "$project" ls-files -z --cached --others --exclude-standard -- \
    Cargo.toml Cargo.lock askama.toml i18n.toml 'build.rs*' src migrations docker docs README.md .env.example |
    tar -C "$project" --null -T - -c | tar -C "$work/project" -x || die "the project could not be copied"
}

build_images() {
  if [ "$build" = yes ]; then
    say "Building three images; the first time takes long"
    compose build backend demo ftp >>"$log" 2>&1 ||
      die "the build failed; the end of its output:
$(tail -n 15 "$log")"
  fi
  own_images+=("it_budget_backend:check" "it_budget_demo:check" "it_budget_ftp:check")
  local name
  for name in it_budget_backend it_budget_demo it_budget_ftp; do
    docker image inspect "$name:check" >/dev/null 2>&1 || die "there is no image $name:check"
  done
}

clean_up() {
  trap - EXIT
  echo "Removing what was made …"
  docker ps -aq --filter "label=com.docker.compose.project=$prefix" | xargs -r docker rm -fv >/dev/null
  docker ps -aq --filter "name=^/?$prefix" | xargs -r docker rm -fv >/dev/null
  docker volume ls -q --filter "name=^$prefix" | xargs -r docker volume rm >/dev/null
  docker network ls -q --filter "label=com.docker.compose.project=$prefix" | xargs -r docker network rm >/dev/null
  if [ "${KEEP:-0}" != 1 ] && [ ${#own_images[@]} -gt 0 ]; then
    docker rmi "${own_images[@]}" >/dev/null 2>&1
  fi
  rm -rf "$work"
}
