#!/bin/sh
# Takes what check-regression.sh measured last as the baseline; commit the file.
set -eu
perfgate convert current --output baseline_perf.json
