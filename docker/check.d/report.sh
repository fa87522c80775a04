# What is printed, and the list of checks at the end. Sourced by docker/check.

section() { printf '\n%s\n' "$1"; }
say() { printf '  %s\n' "$*"; }
die() {
  printf 'docker/check: %s\n' "$*" >&2
  exit 1
}

# check NAME COMMAND…: runs it, and notes whether it succeeded; what it printed stands in the log,
# what it gave to `figure` behind its name.
check() {
  local name=$1
  shift
  figure=""
  printf '\n== %s\n' "$name" >>"$log"
  if "$@" >"$work/out" 2>&1; then
    ok+=("$name")
    say "ok      $name${figure:+ ($figure)}"
  else
    failed+=("$name")
    say "FAILED  $name"
    tail -n 8 "$work/out" | cut -c 1-300 | sed 's/^/            /'
  fi
  cat "$work/out" >>"$log"
}

# must NAME COMMAND…: as check; what follows has no sense without it.
must() {
  local failures=${#failed[@]}
  check "$@"
  if [ ${#failed[@]} -gt "$failures" ]; then
    not_checked+=("all that comes after \"$1\"")
    summary
  fi
}

# eventually SECONDS COMMAND…: until it succeeds, so long at most.
eventually() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    if [ "$SECONDS" -ge "$end" ]; then
      echo "not within the time: $*"
      return 1
    fi
    sleep 0.5
  done
}

# expect WHAT EXPECTED ACTUAL
expect() {
  echo "$1: $3"
  if [ "$2" != "$3" ]; then
    echo "expected: $2"
    return 1
  fi
}

summary() {
  section "Summary"
  if [ ${#substituted[@]} -gt 0 ]; then
    say "Substituted for published images:"
    printf '    %s\n' "${substituted[@]}"
  fi
  if [ ${#not_checked[@]} -gt 0 ]; then
    say "Not checked:"
    printf '    %s\n' "${not_checked[@]}"
  fi
  say "${#ok[@]} ok, ${#failed[@]} failed"
  if [ ${#failed[@]} -gt 0 ]; then
    printf '    failed: %s\n' "${failed[@]}"
    say "The log: $log"
    exit 1
  fi
  exit 0
}
