# Prometheus, Alertmanager and, where its image can be had, Grafana. Sourced by docker/check.

# prometheus PATH PYTHON: whether the expression over the answer's data holds.
prometheus() {
  curl -sS --max-time 10 "127.0.0.1:19090/api/v1/$1" |
    python3 -c "import json, sys; data = json.load(sys.stdin)['data']; print(str(data)[:600]); sys.exit(0 if $2 else 1)"
}

monitoring_starts() {
  # shellcheck disable=SC2086
  compose up -d --no-build prometheus alertmanager ${grafana:+grafana} || return
  eventually 30 curl -sSf 127.0.0.1:19090/-/ready || return
  eventually 30 curl -sSf 127.0.0.1:19093/-/ready
}

targets_are_up() {
  eventually 60 prometheus targets \
    "len(data['activeTargets']) == 3 and all(target['health'] == 'up' for target in data['activeTargets'])"
}

rules_are_loaded() {
  local alerts
  alerts=$(grep -c '^ *- alert:' "$here/prometheus/alerts.yml")
  prometheus rules "sum(len(group['rules']) for group in data['groups']) >= $alerts > 0" || return
  # Every rule was evaluated without an error.
  eventually 90 prometheus rules \
    "all(rule['health'] == 'ok' for group in data['groups'] for rule in group['rules'])"
}

alertmanager_is_known() {
  eventually 30 prometheus alertmanagers "len(data['activeAlertmanagers']) == 1"
}

grafana_has_the_dashboard() {
  eventually 60 curl -sSf 127.0.0.1:13000/api/health || return
  curl -sSf -u admin:admin 127.0.0.1:13000/api/datasources/uid/prometheus || return
  curl -sSf -u admin:admin 127.0.0.1:13000/api/dashboards/uid/credit-portfolio | head -c 200
}

check_monitoring() {
  check "Prometheus and Alertmanager start" monitoring_starts
  check "Prometheus reaches all three processes" targets_are_up
  check "Prometheus has the rules of alerts.yml, and each can be evaluated" rules_are_loaded
  check "Prometheus reaches Alertmanager" alertmanager_is_known
  if [ -n "$grafana" ]; then
    check "Grafana has the data source and the dashboard" grafana_has_the_dashboard
  fi
}
