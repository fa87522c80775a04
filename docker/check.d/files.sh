# The settings of the check, and the files before anything is started. Sourced by docker/check.

password='pa$word$$1'
secret_key='0123456789$abcdef$$0123456789012345'
redis_password='re$dis $$2 #x'

# docker/.env as a person writes it: every setting of .env.example, then what the check needs.
write_env() {
  {
    grep -E '^[A-Z_]+=' "$project/.env.example" | grep -Ev '^(SECRET_KEY|DATABASE_URL|REDIS_HOST|REDIS_PASSWORD|BIND|FTP_HOST|FTP_PORT|FTP_PASSWORD|TRUSTED_PROXIES|IMPORT_SETTLE_SECONDS|COOKIE_SECURE)='
    cat <<END
COMPOSE_PROJECT_NAME=$prefix
VOLUME_PREFIX=$prefix
BACKEND_IMAGE=it_budget_backend:check
DEMO_IMAGE=it_budget_demo:check
FTP_IMAGE=it_budget_ftp:check
VERSION=$(version)
COMMIT=$(commit)
SECRET_KEY='$secret_key'
POSTGRES_PASSWORD='$password'
DATABASE_URL='postgres://credit_portfolio:$password@postgres:5432/credit_portfolio'
REDIS_PASSWORD='$redis_password'
FTP_HOST=ftp
FTP_PORT=2121
FTP_PASSWORD='f\$tp'
IMPORT_SETTLE_SECONDS=0
TRUSTED_PROXIES=172.16.0.0/12
COOKIE_SECURE=false
PORT=18000
BALANCER_PORT=18080
BALANCER_STATS_PORT=18404
PROMETHEUS_PORT=19090
ALERTMANAGER_PORT=19093
GRAFANA_PORT=13000
DEMO_PORT=18001
SETTINGS_FILE=$work/settings.toml
END
  } >"$work/project/docker/.env"
  chmod 600 "$work/project/docker/.env"
  # Readable for the container's user, as the file of a person has to be.
  printf '[cache]\nttl_seconds = 77\n' >"$work/settings.toml"
  sed -i '/^CACHE_TTL_SECONDS=/d' "$work/project/docker/.env"
  chmod 755 "$work"
  chmod 644 "$work/settings.toml"
}

version() { sed -n 's/^version = "\(.*\)"/\1/p' "$project/Cargo.toml" | head -n 1; }
commit() { git -C "$project" rev-parse HEAD; }

# variable CONTAINER NAME: as the container has it.
variable() {
  docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$1" | sed -n "s/^$2=//p"
}

# A container of the backend is created, not started, and has every line of .env.
variables_arrive() {
  compose_with "$1" up --no-start --no-build backend || return
  local line code=0
  expect SECRET_KEY "$secret_key" "$(variable it_budget_backend SECRET_KEY)" || code=1
  expect POSTGRES_PASSWORD "$password" "$(variable it_budget_postgres POSTGRES_PASSWORD)" || code=1
  expect REDIS_PASSWORD "$redis_password" "$(variable it_budget_backend REDIS_PASSWORD)" || code=1
  expect FTP_PASSWORD 'f$tp' "$(variable it_budget_backend FTP_PASSWORD)" || code=1
  expect DATABASE_URL "postgres://credit_portfolio:$password@postgres:5432/credit_portfolio" \
    "$(variable it_budget_backend DATABASE_URL)" || code=1
  while IFS= read -r line; do
    if ! docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' it_budget_backend | grep -q "^${line%%=*}="; then
      echo "missing: ${line%%=*}"
      code=1
    fi
  done < <(grep -E '^[A-Z_]+=' "$work/project/docker/.env")
  compose_with "$1" down -v || code=1
  return "$code"
}

# A file that names no prefix keeps the volumes where they have always been.
volumes_keep_their_names() {
  local name
  for name in it_budget_postgres_data it_budget_redis_data; do
    (cd "$work/project/docker" && VOLUME_PREFIX='' $1 config) | grep "name: $name\$" || return
  done
}

# As on a machine where nobody has written a .env yet.
redis_starts_alone() {
  mv "$work/project/docker/.env" "$work/env"
  COMPOSE_PROJECT_NAME=$prefix VOLUME_PREFIX=$prefix ENV_FILE=env.example compose_with "$1" up -d redis
  local code=$?
  mv "$work/env" "$work/project/docker/.env"
  [ $code = 0 ] || return
  eventually 60 is_healthy it_budget_redis || return
  expect "containers" it_budget_redis "$(docker ps -a --format '{{.Names}}')" || return
  compose_with "$1" down -v
}

grafana_files_parse() {
  python3 - "$here/grafana" <<'END'
import json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
dashboard = json.loads((folder / "credit-portfolio.json").read_text())
print("dashboard", dashboard["uid"], len(dashboard["panels"]), "panels")
for name in ("datasources/prometheus.yml", "dashboards/credit-portfolio.yml"):
    text = (folder / "provisioning" / name).read_text()
    assert text.startswith("apiVersion: 1\n"), name
    try:
        import yaml
    except ImportError:
        continue
    print(name, yaml.safe_load(text))
END
}

documented_configuration_is_the_file() {
  python3 - "$project/docs/operations.md" "$here/haproxy/haproxy.cfg" <<'END'
import sys
document, file = (open(name).read() for name in sys.argv[1:])
sys.exit(0 if f"```\n{file}```\n" in document.replace("```haproxy", "```") else "docs/operations.md shows another haproxy.cfg")
END
}

check_files() {
  local name program
  for name in 1 2; do
    program=$([ $name = 1 ] && echo "$compose_1" || echo "$compose_2")
    if [ -z "$program" ]; then
      check "Compose $name is there (Debian 12's package docker-compose is 1.29, Debian 13's is 2)" false
      continue
    fi
    check "Compose $name accepts the file with every profile" compose_with "$program" config -q
    check "Compose $name keeps the names of the volumes" volumes_keep_their_names "$program"
    check "Compose $name passes every line of .env, and \$ in passwords" variables_arrive "$program"
    if [ "$name$build" = 1yes ]; then
      check "Compose 1 builds, too" compose_with "$program" build backend ftp
    fi
    check "Compose $name: up -d redis starts Redis alone" redis_starts_alone "$program"
  done
  check "Grafana's dashboard and provisioning are well-formed" grafana_files_parse
  check "docs/operations.md shows haproxy.cfg as it is" documented_configuration_is_the_file
}
