#!/bin/sh
# On main: measure, and commit what was measured as the baseline.
set -e
${BENCH:-./benchmarks.sh} target/perf
perfgate record
git add perf/baselines
git commit -q -m "perf: update the baseline"
