#!/usr/bin/env bash
# release.sh [DIR]: static binaries of skein for linux and darwin, amd64 and arm64,
# in DIR (dist), and SHA256SUMS. What is built is the commit, in a clone of its own:
# changes that are not committed are left out. Version, commit and date are git's, and
# nothing of this machine goes in: the same commit and the same Go give the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."

out=${1:-dist}
go=${GO:-go}
limit=$((30 * 1024 * 1024))

mkdir -p "$out"
out=$(cd "$out" && pwd)
# What an older release left must not get into SHA256SUMS.
rm -f "$out"/skein-* "$out"/SHA256SUMS

if [ -n "$(git status --porcelain)" ]; then
  echo "release: there are changes that are not committed, and are left out" >&2
fi
# Of a worktree, whose .git is a file, the go command knows no commit.
source=$(mktemp -d)
trap 'rm -rf "$source"' EXIT
git clone --quiet . "$source"

for os in linux darwin; do
  for arch in amd64 arm64; do
    file=$out/skein-$os-$arch
    # GOAMD64 and GOARM64 of the caller's would be in the binary; GOFLAGS may say -buildvcs=false.
    (cd "$source" && GOFLAGS='' GOAMD64=v1 GOARM64=v8.0 CGO_ENABLED=0 GOOS=$os GOARCH=$arch \
      "$go" build -trimpath -buildvcs=true -tags grpcnotrace -ldflags "-s -w" -o "$file" ./cmd/skein)
    size=$(wc -c <"$file")
    if [ "$size" -gt "$limit" ]; then
      echo "release: $file has $size bytes, more than $limit" >&2
      exit 1
    fi
  done
done
(cd "$out" && sha256sum skein-* >SHA256SUMS && sha256sum --check --quiet SHA256SUMS)

# What can run here has to run, and to know its commit.
own=$out/skein-$("$go" env GOHOSTOS)-$("$go" env GOHOSTARCH)
said=$("$own" version)
commit=$(git rev-parse HEAD)
case $said in
  *"${commit:0:12}"*) ;;
  *) echo "release: \"$said\" does not name commit $commit" >&2; exit 1 ;;
esac
echo "$said"
cat "$out/SHA256SUMS"
