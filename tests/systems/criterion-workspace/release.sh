#!/bin/sh
# For each release: its run is kept, and whether the releases got slower is told. Exit code 1 when it is new.
set -e
${BENCH:-./benchmarks.sh} target/perf
perfgate record --suite releases
exec perfgate trend --suite releases --fail-on-new --report markdown=trend.md --report json=trend.json
