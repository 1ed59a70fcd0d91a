#!/usr/bin/env bash
# Runs the browser tests, or another program of this folder with the same surroundings:
#   tests/browser/run.sh                        every *.test.mjs
#   tests/browser/run.sh page.test.mjs          one of them
#   tests/browser/run.sh screenshots.mjs        writes the pictures of docs/
#
# Needs Node 20 or newer, a perfgate binary (PERFGATE_BINARY, else the newest of target/) and Chromium (CHROMIUM, else
# one on the PATH; as root it is installed from Debian's packages where there is none). What npm installs stays outside
# of the tree, in PERFGATE_CI_TOOLS.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

if [ -z "${CHROMIUM:-}" ]; then
    CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
fi
if [ -z "$CHROMIUM" ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "run.sh: no Chromium: install it, or name it in CHROMIUM" >&2
        exit 2
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
    CHROMIUM=$(command -v chromium)
fi

if [ -z "${PERFGATE_BINARY:-}" ]; then
    target=${CARGO_TARGET_DIR:-$root/target}
    PERFGATE_BINARY=$target/debug/perfgate
    if [ ! -x "$PERFGATE_BINARY" ] || [ "$target/release/perfgate" -nt "$PERFGATE_BINARY" ]; then
        PERFGATE_BINARY=$target/release/perfgate
    fi
fi
if [ ! -x "$PERFGATE_BINARY" ]; then
    echo "run.sh: no perfgate at $PERFGATE_BINARY: build it, or name it in PERFGATE_BINARY" >&2
    exit 2
fi

tools=${PERFGATE_CI_TOOLS:-${TMPDIR:-/tmp}/perfgate-ci-tools}/browser
mkdir -p "$tools"
if ! cmp -s "$here/package-lock.json" "$tools/package-lock.json" || [ ! -d "$tools/node_modules" ]; then
    cp "$here/package.json" "$tools/package.json"
    cp "$here/package-lock.json" "$tools/package-lock.json.new"
    mv "$tools/package-lock.json.new" "$tools/package-lock.json"
    (cd "$tools" && npm ci --silent --no-audit --no-fund --ignore-scripts)
fi

PERFGATE_BINARY=$(realpath "$PERFGATE_BINARY")
export CHROMIUM PERFGATE_BINARY PERFGATE_BROWSER_TOOLS=$tools
cd "$root"
if [ $# -eq 0 ]; then
    exec node --test --test-concurrency=1 "$here"/*.test.mjs
fi
case $1 in
*.test.mjs) exec node --test --test-concurrency=1 "$here/$(basename "$1")" ;;
*) exec node "$here/$(basename "$1")" "${@:2}" ;;
esac
