#!/bin/sh
# Targets, and the change against the run that was recorded where the branch left main.
set -eu
${BENCH:-./benchmarks.sh} out
perfgate check --allow-missing-baseline --report terminal --report markdown=report.md --report json=report.json
