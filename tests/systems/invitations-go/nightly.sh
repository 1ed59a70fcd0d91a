#!/bin/sh
# Keeps tonight's run of main and looks for what changed in the runs so far. The first seven nights are too few (exit 3).
set -eu
${BENCH:-./benchmarks.sh} out
perfgate record
perfgate trend --fail-on-new --report terminal --report markdown=trend.md --report json=trend.json || [ $? -eq 3 ]
