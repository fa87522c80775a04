# The invented exports, fetched by the service over FTP; then what holds for every service, and the
# end of all. Sourced by docker/check.

demo_starts() {
  compose up -d --no-build demo ftp || return
  eventually 120 is_healthy it_budget_demo || return
  ready 18001
}

exports_are_imported() {
  log_in || return
  # The server may need a moment to listen.
  eventually 60 import_takes_files
}

import_takes_files() {
  curl -sS --max-time 120 -X POST -H "Authorization: Bearer $token" \
    127.0.0.1:18000/api/v1/credit-portfolio/import/trigger >"$work/run" || return
  question "receipts?limit=1" | grep -i '^x-total-count: *[1-9]' || return
  figure=$(sed 's/.*"message":"\([^"]*\)".*/\1/' "$work/run")
}

check_demo() {
  check "The demo and the FTP server start" demo_starts
  check "The service imports the exports from the FTP server" exports_are_imported
  check "Every root file system is read-only" roots_are_read_only
  check "No process is root's, and none gains privileges" privileges_are_dropped
  check "Every log is limited" logs_are_limited
  check "Every port is bound to 127.0.0.1 alone" ports_are_local
}

# stops NAME SECONDS: with exit code 0, within so many seconds.
stops() {
  local began=$SECONDS limit
  limit=$(docker inspect -f '{{.Config.StopTimeout}}' "$1")
  docker stop "$1" || return
  echo "after $((SECONDS - began)) s of $limit"
  expect "exit code of $1" 0 "$(docker inspect -f '{{.State.ExitCode}}' "$1")" || return
  [ $((SECONDS - began)) -lt "$limit" ]
}

volumes_are_left() {
  compose down || return
  docker volume ls --format '{{.Name}}' | grep -x "${prefix}_postgres_data"
}

check_stop() {
  local name
  for name in it_budget_backend it_budget_postgres it_budget_redis; do
    check "$name stops with exit code 0 within its grace period" stops "$name"
  done
  check "down leaves the data" volumes_are_left
}
