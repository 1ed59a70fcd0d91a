#!/bin/sh
# Runs the performance tests once; results go into the folder $1. SELECT='not load_test' leaves the slow ones out.
set -eu
mkdir -p "$1"
PERFORMANCE_REPORTS="$1" pytest tests/performance -q -m "${SELECT:-}" \
    --json-report --json-report-file="$1/perf_report.json" --json-report-omit collectors keywords \
    --benchmark-json="$1/benchmark.json"
