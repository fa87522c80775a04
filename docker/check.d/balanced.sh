# Three processes behind HAProxy, under load. Sourced by docker/check.

replicas="$prefix-replica-1 $prefix-replica-2"

# How many processes HAProxy sends requests to.
processes_up() {
  curl -sS --max-time 5 '127.0.0.1:18404/;csv' |
    awk -F, '$1 == "processes" && $2 != "BACKEND" && $18 == "UP" { n++ } END { print n + 0 }'
}

are_up() { [ "$(processes_up)" = "$1" ]; }

balancer_starts() {
  compose up -d --no-build --scale replica=2 balancer || return
  # shellcheck disable=SC2086
  eventually 120 are_healthy it_budget_backend $replicas || return
  eventually 30 are_up 3 || return
  log_in 18080 && is_answered summary 18080
}

# load SECONDS: starts it in the background; its end is in $work/load, one line.
load() {
  python3 "$here/check.d/load.py" 127.0.0.1:18080 "$1" "$token" >"$work/load" 2>&1 &
  load=$!
}

# Waits for its end, and prints what came of it: 0 when no request failed.
loaded() {
  local code=0
  wait "$load" || code=1
  figure=$(tail -n 1 "$work/load")
  cat "$work/load"
  return "$code"
}

a_replica_may_be_killed() {
  load 12
  sleep 4
  docker kill -s KILL "$prefix-replica-1" || return
  local code=0
  loaded || code=1
  docker start "$prefix-replica-1" || return
  eventually 60 are_up 3 || return
  return "$code"
}

restarts_lose_nothing() {
  load 600
  local name code=0
  for name in it_budget_backend $replicas; do
    docker restart -t 20 "$name" || code=1
    eventually 60 is_healthy "$name" || code=1
    eventually 60 are_up 3 || code=1
  done
  kill -INT "$load"
  loaded || code=1
  return "$code"
}


metrics_stay_inside() {
  expect "status of /metrics" 403 "$(curl -sS -o /dev/null -w '%{http_code}' 127.0.0.1:18080/metrics)"
}

check_balanced() {
  must "Three processes behind HAProxy answer" balancer_starts
  check "HAProxy does not hand out /metrics" metrics_stay_inside
  check "One of three is killed under load: no request fails" a_replica_may_be_killed
  check "All are restarted by turns under load: no request fails" restarts_lose_nothing
}
