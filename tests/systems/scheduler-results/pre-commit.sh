#!/bin/sh
# Before a commit: the quick suite against the expected values in the repository. The rest of the suite is not missing.
export PERFGATE_MISSING=ignore
QUICK=1 ${BENCH:-python3 program/benchmarks.py} quick_results || exit
exec perfgate compare baseline_metrics.json quick_results
