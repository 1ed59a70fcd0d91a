#!/bin/sh
# The whole suite: what misses its target, and every number in a table.
set -eu
${BENCH:-./benchmarks.sh} out
perfgate convert out --to csv > summary.csv
perfgate budget --report terminal --report markdown=summary.md --report json=report.json
