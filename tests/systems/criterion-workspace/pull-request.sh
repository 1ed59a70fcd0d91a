#!/bin/sh
# In the job of a pull request: exit code 1 at +20 % (p95 +25 %, memory +50 %) against the baseline that main has.
${BENCH:-./benchmarks.sh} target/perf || exit
exec perfgate check --report markdown=comparison.md --report json=comparison.json
