#!/bin/sh
# Against the run that was recorded where the branch left main.
set -eu
${BENCH:-./benchmarks.sh} out
perfgate check --allow-missing-baseline \
    --report terminal --report markdown=summary.md --report scaling=scaling.txt --report json=report.json
