#!/usr/bin/env bash
# demo.sh DIR: the example migrations on a real cluster of 2 shards x 2 replicas.
# Ends with the schema of every node, and fails where they differ. The servers
# stay up; a second run finds them and has nothing to migrate.
set -euo pipefail
cd "$(dirname "$0")/.."

dir=${1:?usage: demo.sh DIR}
example="bin/skein-example --config $dir/skein.yaml"

# ClickHouse comes as clickhouse-client or as one program with commands.
client="clickhouse-client"
command -v "$client" >/dev/null || client="clickhouse client"

show() { printf '\n$ %s\n' "$*"; }

# nodes prints "name port" of every ClickHouse server.
nodes() {
  bin/devcluster status --dir "$dir" | awk '$3 == "http" {sub(/.*:/, "", $2); print $1, $2}'
}

# describe prints the columns of table $2 on the node with port $1.
describe() { $client --host 127.0.0.1 --port "$1" --query "DESCRIBE TABLE $2 FORMAT TSVRaw"; }

# same compares table $1 on all nodes, and prints it as each of them has it.
same() {
  local table=$1 first='' this name port
  while read -r name port; do
    this=$(describe "$port" "$table")
    printf '  %s on %s\n' "$table" "$name"
    printf '%s\n' "$this" | awk -F '\t' '{printf "    %-15s %-15s %s %s\n", $1, $2, $3, $4}' | sed 's/ *$//'
    [ -n "$first" ] || first=$this
    if [ "$this" != "$first" ]; then
      printf 'demo: %s on %s is not what it is on the first node\n' "$table" "$name" >&2
      return 1
    fi
  done <<<"$all"
}

show "devcluster up --dir $dir"
bin/devcluster up --dir "$dir"
all=$(nodes)
count=$(printf '%s\n' "$all" | wc -l)
[ "$count" -eq 4 ] || { echo "demo: $count nodes are up, not 4" >&2; exit 1; }

show "skein-example migrate"
code=0
$example migrate || code=$?
case $code in
  0) ;; # an earlier run has done it all
  3)
    echo "(exit 3: a blocking migration runs only when told to, and nothing has run)"
    show "skein-example migrate --force"
    $example migrate --force
    ;;
  *) exit "$code" ;;
esac

show "skein-example list"
$example list

show "DESCRIBE TABLE on each of the $count nodes"
same events_local
same transactions_local

cat <<END

events_local and transactions_local are the same on all $count nodes.

The servers are still up. Go on with, for instance:
  $example plan --help
  $example rollback --group transactions --force
  $client --port ${all##* }
  make demo-down
END
