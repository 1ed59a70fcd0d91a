#!/bin/sh
# load-test.sh SCENARIO: peak, sustained, spike, soak or levels, judged by its criteria.
mkdir -p load-results
${BENCH:-load-tests/run.sh} load-results "$1" || exit
perfgate budget "load-results/$1.json" --report markdown=load-results/LOAD.md --report json=load-results/report.json
