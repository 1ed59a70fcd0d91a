#!/bin/sh
# The quick tests once, against the targets alone.
set -eu
rm -rf current
SELECT='not load_test' ${BENCH:-./benchmarks.sh} current/1 1
perfgate budget --exclude 'concurrent_*' --report terminal --report json=report.json
