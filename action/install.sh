#!/usr/bin/env bash
# Builds perfgate from the action's own checkout. Another program of the same name is on the public registry, so the
# binary is never installed by name.
set -euo pipefail

root=${RUNNER_TEMP:?}/perfgate-install
cargo install --locked --quiet --path "${GITHUB_ACTION_PATH:?}" --root "$root"
bin=$root/bin/perfgate
[ -x "$bin" ] || bin=$bin.exe
"$bin" --version
printf 'bin=%s\n' "$bin" >>"${GITHUB_OUTPUT:?}"
