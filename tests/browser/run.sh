#!/usr/bin/env bash
# Runs the browser tests, or another program of this folder with the same surroundings:
#   tests/browser/run.sh                        every *.test.mjs
#   tests/browser/run.sh page.test.mjs          one of them
#   tests/browser/run.sh screenshots.mjs        writes the pictures of docs/
#
# Needs a perfgate binary (PERFGATE_BINARY, else the newest of target/), Node 20 or newer and Chromium (CHROMIUM, else
# one on the PATH); as root these two are installed from Debian's packages where there are none. What npm installs stays outside
# of the tree, in PERFGATE_CI_TOOLS.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

# Installs Debian packages, where that is possible.
install() {
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        return 1
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

if ! command -v npm >/dev/null && ! install nodejs npm; then
    echo "run.sh: no Node with npm: install Node 20 or newer" >&2
    exit 2
fi
if [ -z "${CHROMIUM:-}" ]; then
    CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
fi
if [ -z "$CHROMIUM" ]; then
    if ! install chromium fonts-dejavu-core; then
        echo "run.sh: no Chromium: install it, or name it in CHROMIUM" >&2
        exit 2
    fi
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
# npm writes the file in `node_modules` last: without it, an installation was cut off.
if ! cmp -s "$here/package-lock.json" "$tools/package-lock.json" || [ ! -f "$tools/node_modules/.package-lock.json" ]; then
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
