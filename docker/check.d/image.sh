# The image by itself. Sourced by docker/check.

image=it_budget_backend:check
largest=60000000

# Program and own layers, without the base.
image_is_small() {
  local size
  size=$(($(docker image inspect -f '{{.Size}}' "$image") - $(docker image inspect -f '{{.Size}}' gcr.io/distroless/cc-debian12:nonroot)))
  figure="$size bytes"
  echo "$figure beside the base, $largest at most"
  [ "$size" -lt "$largest" ]
}

image_label() { docker image inspect -f "{{index .Config.Labels \"org.opencontainers.image.$1\"}}" "$image"; }

image_is_labelled() {
  local code=0
  expect version "$(version)" "$(image_label version)" || code=1
  # An image of before may be of another commit.
  if [ "$build" = yes ]; then expect revision "$(commit)" "$(image_label revision)" || code=1; fi
  expect volumes "map[/data:{}]" "$(docker image inspect -f '{{.Config.Volumes}}' "$image")" || code=1
  expect "the program" "credit-portfolio $(version) (commit $(image_label revision))" \
    "$(docker run --rm "$image" --version)" || code=1
  return "$code"
}

# With nothing but a volume and a key: SQLite in /data, no Redis, nothing else written.
image_runs_read_only() {
  local name=${prefix}_alone code=0
  docker run -d --name "$name" --read-only --tmpfs /tmp --cap-drop ALL -v "${prefix}_alone:/data" \
    -e SECRET_KEY="$secret_key" -e USE_REDIS=false "$image" || return
  eventually 60 is_healthy "$name" || code=1
  docker stop -t 20 "$name" || code=1
  expect "exit code" 0 "$(docker inspect -f '{{.State.ExitCode}}' "$name")" || code=1
  docker logs "$name" 2>&1 | tail -n 3
  docker rm -v "$name"
  # The database is there at the next start.
  docker run --rm --read-only --tmpfs /tmp -v "${prefix}_alone:/data" -e USE_REDIS=false \
    -e SECRET_KEY="$secret_key" "$image" user list || code=1
  docker volume rm "${prefix}_alone"
  return "$code"
}

# A folder of root's in place of the volume: the error names the file and the reason.
unusable_folder_is_named() {
  mkdir -p "$work/roots"
  local words
  if words=$(docker run --rm -v "$work/roots:/data:ro" -e USE_REDIS=false -e SECRET_KEY="$secret_key" "$image" 2>&1); then
    echo "it started"
    return 1
  fi
  echo "$words"
  [[ "$words" == *credit-portfolio.db* ]]
}

check_image() {
  check "The image is below 60 MB without its base" image_is_small
  check "It has version, commit and the volume /data" image_is_labelled
  check "It runs alone with --read-only, stops with 0 and keeps its data" image_runs_read_only
  check "A /data that can't be written is an error that names the file" unusable_folder_is_named
}
