#!/bin/sh
# Every target of perfgate.toml against a run from now; targets.sh --filter '**/api/**' looks at the API alone.
set -eu
${BENCH:-./benchmarks.sh} out
perfgate budget "$@" --report terminal --report markdown=report.md --report json=report.json
