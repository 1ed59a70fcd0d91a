#!/bin/sh
# In the job of a pull request: the quick suite against what main measured, at the threshold that CI has.
export PERFGATE_MISSING=ignore
QUICK=1 ${BENCH:-python3 program/benchmarks.py} quick_results || exit
exec perfgate check quick_results --warn 10% --fail 15% \
    --report markdown=pull-request.md --report json=pull-request.json
