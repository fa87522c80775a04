# The services together. Sourced by docker/check.

services="it_budget_backend it_budget_redis it_budget_postgres"
admin_password='Korrekt-Pferd-Batterie-9'

is_healthy() { [ "$(docker inspect -f '{{.State.Health.Status}}' "$1" 2>/dev/null)" = healthy ]; }

are_healthy() {
  local name
  for name in "$@"; do is_healthy "$name" || return; done
}

# Of a server that ran as root: its files are taken over, and what they hold is still there.
redis_takes_over_files_of_root() {
  local volume=${prefix}_redis_data code=0
  docker run -d --name "${prefix}_root" --entrypoint sh -v "$volume:/data" "$(image_of redis)" \
    -c 'cd /data && exec redis-server --appendonly yes' || return
  eventually 30 docker exec "${prefix}_root" redis-cli SET kept yes || return
  docker exec "${prefix}_root" sh -c 'stat -c "%u %n" /data/*'
  docker stop "${prefix}_root" && docker rm "${prefix}_root" || return
  compose up -d redis || return
  eventually 60 is_healthy it_budget_redis || code=1
  expect kept yes "$(docker exec it_budget_redis redis-cli GET kept)" || code=1
  docker exec it_budget_redis sh -c 'stat -c "%u %n" /data/*' | tee "$work/owners"
  if grep -q '^0 ' "$work/owners"; then code=1; fi
  compose down || code=1
  return "$code"
}

all_get_healthy() {
  compose up -d --no-build backend || return
  # shellcheck disable=SC2086
  eventually 120 are_healthy $services || { docker logs --tail 20 it_budget_backend; return 1; }
}

make_user() {
  printf '%s\n' "$admin_password" |
    docker exec -i it_budget_backend /credit-portfolio user create --username admin --role ADMIN
}

# log_in [PORT]: the token, in $token.
log_in() {
  token=$(curl -sS --max-time 20 "127.0.0.1:${1:-18000}/api/v1/auth/login" -H 'Content-Type: application/json' \
    -d "{\"username\": \"admin\", \"password\": \"$admin_password\"}" |
    sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  [[ "$token" == *.*.* ]]
}

# question PATH [PORT]: the answer's head and body.
question() {
  curl -sS -i --max-time 20 -H "Authorization: Bearer $token" \
    "127.0.0.1:${2:-18000}/api/v1/credit-portfolio/$1"
}

is_answered() { question "$@" | head -n 1 | tee /dev/stderr | grep -q ' 200 '; }

ready() { curl -sS --max-time 10 "127.0.0.1:${1:-18000}/readyz" | tee /dev/stderr | grep -q '"status":"ready"'; }

redis_demands_its_password() {
  curl -sS 127.0.0.1:18000/readyz | grep '"redis":"up"' || return
  docker exec -e REDISCLI_AUTH= it_budget_redis redis-cli PING 2>&1 | grep NOAUTH || return
  docker exec -e REDISCLI_AUTH="$redis_password" it_budget_redis redis-cli PING | grep PONG
}

postgres_demands_its_password() {
  docker exec -e PGPASSWORD="$password" it_budget_postgres \
    psql -h 127.0.0.1 -U credit_portfolio -Atc 'SELECT 1' credit_portfolio | grep 1 || return
  ! docker exec -e PGPASSWORD=wrong it_budget_postgres \
    psql -h postgres -U credit_portfolio -Atc 'SELECT 1' credit_portfolio
}

redis_is_bounded() {
  docker exec it_budget_redis redis-cli CONFIG GET maxmemory-policy | grep allkeys-lru || return
  docker exec it_budget_redis redis-cli CONFIG GET maxmemory | grep 268435456
}

running() { docker ps --filter "label=com.docker.compose.project=$prefix" --format '{{.Names}}'; }

roots_are_read_only() {
  local name code=0
  for name in $(running); do
    expect "$name" true "$(docker inspect -f '{{.HostConfig.ReadonlyRootfs}}' "$name")" || code=1
  done
  ! docker exec -u 0 it_budget_redis touch /written && return "$code"
}

privileges_are_dropped() {
  local name code=0
  for name in $(running); do
    echo "$name: $(docker inspect -f '{{.HostConfig.SecurityOpt}}, dropped {{.HostConfig.CapDrop}}' "$name")"
    docker inspect -f '{{.HostConfig.SecurityOpt}}' "$name" | grep -q no-new-privileges:true || code=1
    docker top "$name" -eo uid,pid,comm | tail -n +2 | sort -u
    if docker top "$name" -eo uid,pid,comm | tail -n +2 | awk '$1 == 0 { found = 1 } END { exit !found }'; then
      echo "$name has a process of root's"
      code=1
    fi
  done
  return "$code"
}

logs_are_limited() {
  local name code=0
  for name in $(running); do
    expect "$name" "map[max-file:5 max-size:10m]" "$(docker inspect -f '{{.HostConfig.LogConfig.Config}}' "$name")" || code=1
  done
  return "$code"
}

ports_are_local() {
  local bound
  bound=$(running | xargs docker inspect -f '{{range $port, $hosts := .NetworkSettings.Ports}}{{range $hosts}}{{println $.Name $port .HostIp .HostPort}}{{end}}{{end}}' | grep .)
  echo "$bound"
  [ -n "$bound" ] && ! grep -v ' 127\.0\.0\.1 ' <<<"$bound"
}

# Of 77 seconds, a tenth more or less, where 300 are usual.
settings_file_counts() {
  question "summary?date_from=2001-01-01" >/dev/null
  question "summary?date_from=2001-01-01" | grep -i '^cache-status' | tee "$work/ttl"
  local left
  left=$(sed -n 's/.*ttl=\([0-9]*\).*/\1/p' "$work/ttl" | head -n 1)
  [ -n "$left" ] && [ "$left" -le 85 ] && [ "$left" -ge 60 ]
}

postgres_may_restart() {
  docker kill -s KILL it_budget_postgres && docker start it_budget_postgres || return
  eventually 60 is_healthy it_budget_postgres || return
  # A question that no cache knows.
  eventually 60 is_answered "summary?date_from=2002-02-02" || return
  eventually 30 ready
}

redis_may_restart() {
  docker kill -s KILL it_budget_redis || return
  is_answered "summary?date_from=2003-03-03" || return
  docker start it_budget_redis || return
  eventually 30 sh -c "curl -sS 127.0.0.1:18000/readyz | grep -q '\"redis\":\"up\"'"
}

# What Compose 1 started, Compose 2 takes over, with the data.
older_compose_starts_all() {
  compose_with "$compose_1" up -d --no-build backend || return
  # shellcheck disable=SC2086
  eventually 120 are_healthy $services || return
  make_user && log_in && is_answered summary || return
  compose_with "$compose_1" stop || return
  compose_with "$compose_1" down
}

# users_are_kept: the user of an earlier start can log in.
users_are_kept() { log_in && is_answered summary; }

check_stack() {
  check "Redis takes over the files of a server that ran as root" redis_takes_over_files_of_root
  if [ -n "$compose_1" ] && [ -n "$compose_2" ]; then
    must "Compose 1: all get healthy; a user is made, logs in and asks" older_compose_starts_all
    must "Compose 2: all get healthy on the volumes of before" all_get_healthy
    check "The user of before logs in and asks" users_are_kept
  else
    must "All get healthy" all_get_healthy
    check "A user is made" make_user
    check "The user logs in and asks" users_are_kept
  fi
  check "PostgreSQL demands the password with \$" postgres_demands_its_password
  check "Redis demands the password with \$, and the service has it" redis_demands_its_password
  check "Redis has maxmemory and allkeys-lru" redis_is_bounded
  check "The TOML file that is mounted counts" settings_file_counts
  check "PostgreSQL is killed and started: the service recovers" postgres_may_restart
  check "Redis is killed and started: no question fails" redis_may_restart
}
