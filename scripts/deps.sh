#!/usr/bin/env bash
# Installs the real servers that the integration tests and bin/devcluster run:
# ClickHouse 18.16 and ZooKeeper out of Debian's packages, without starting them,
# and ClickHouse 26.7 as a library out of npm, into the user's cache directory; and
# a terminal (tmux) and the shells for which there is completion, for tests too.
#
#   scripts/deps.sh          installs what is missing
#   scripts/deps.sh --check  only says what is missing; exit code 1 if anything is
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-${HOME:?is not set}/.cache}/skein/npm
library=node_modules/@chdb/lib-linux-x64-gnu/libchdb.so
policy=/usr/sbin/policy-rc.d

say() { printf 'deps: %s\n' "$*"; }
problem() { printf 'deps: %s\n' "$*" >&2; }

# Looks for files, not for packages: quick, and right on other systems too.
missing_packages() {
  local jars=/usr/share/java
  if ! command -v clickhouse-server >/dev/null && [[ ! -x /usr/sbin/clickhouse-server ]]; then
    echo clickhouse-server
  fi
  command -v clickhouse-client >/dev/null || echo clickhouse-client
  if ! command -v java >/dev/null || [[ ! -e $jars/zookeeper.jar || ! -e $jars/slf4j-simple.jar ]]; then
    echo zookeeper
  fi
  local program
  for program in tmux zsh fish; do
    command -v "$program" >/dev/null || echo "$program"
  done
  [[ -e /usr/share/bash-completion/bash_completion ]] || echo bash-completion
}

# The stamp is the lock file of the last complete installation.
library_is_there() {
  [[ -n ${SKEIN_CHDB_LIB:-} && -e $SKEIN_CHDB_LIB ]] ||
    { [[ -e $cache/$library ]] && cmp -s "$here/package-lock.json" "$cache/installed-lock.json"; }
}

install_packages() {
  local install="apt-get install --no-install-recommends $*"
  if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    problem "this is not Debian: install ClickHouse 18.16.1 (clickhouse-server, clickhouse-client)"
    problem "and ZooKeeper 3.8 (its jars in /usr/share/java, and Java); for tests tmux, zsh, fish"
    problem "and bash-completion."
    problem "On Debian 12 that would be: $install"
    return 1
  fi
  if [[ $(id -u) != 0 ]]; then
    problem "not root; type: sudo $install"
    problem "  then, since Debian starts servers that it installs:"
    problem "  sudo systemctl disable --now clickhouse-server"
    return 1
  fi
  say "installing with apt-get: $*"
  forbid_starts && apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
}

# Debian asks policy-rc.d before it starts what it has installed. One that is there
# already is the administrator's, and stays.
forbid_starts() {
  [[ ! -e $policy ]] || return 0
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
}

install_library() {
  if [[ $(uname -sm) != "Linux x86_64" ]]; then
    problem "ClickHouse 26.7 comes for Linux on x86_64 only, not for $(uname -sm)"
    return 1
  fi
  if ! command -v npm >/dev/null; then
    problem "npm is missing: install Node.js with npm, then run scripts/deps.sh again"
    return 1
  fi
  mkdir -p "$cache" && fill_cache 9>"$cache/.lock"
}

# Two may come here at once: the second waits, and finds all done. The steps are
# joined since bash looks away from set -e in whatever is tested for its failure.
fill_cache() {
  flock 9 || return
  if library_is_there; then return 0; fi
  say "installing ClickHouse 26.7 with npm (166 MB) into $cache"
  rm -f "$cache/installed-lock.json" &&
    cp "$here/package.json" "$here/package-lock.json" "$cache/" &&
    (cd "$cache" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) &&
    cp "$here/package-lock.json" "$cache/installed-lock.json"
}

check() {
  local status=0
  if ((${#packages[@]})); then
    say "missing Debian packages: ${packages[*]}"
    status=1
  fi
  if ! library_is_there; then
    say "missing: ClickHouse 26.7 (npm package @chdb/lib-linux-x64-gnu) in $cache"
    status=1
  fi
  ((status)) || say "all there"
  return "$status"
}

mapfile -t packages < <(missing_packages)
case ${1:-} in
--check)
  check
  exit
  ;;
'') ;;
*)
  problem "usage: scripts/deps.sh [--check]"
  exit 2
  ;;
esac

status=0
if ((${#packages[@]})); then
  install_packages "${packages[@]}" || status=1
fi
if ! library_is_there; then
  install_library || status=1
fi
mapfile -t packages < <(missing_packages)
check || status=1
exit "$status"
