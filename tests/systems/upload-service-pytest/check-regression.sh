#!/bin/sh
# Everything three times, the median of the three against the baseline and the targets.
set -eu
rm -rf current
for run in 1 2 3; do ${BENCH:-./benchmarks.sh} current/$run $run; done
perfgate compare baseline_perf.json current \
    --report terminal --report markdown=report.md --report junit=report.xml --report json=report.json
