#!/bin/sh
# Response times, throughput and resources of one instance against their targets.
${BENCH:-load-tests/run.sh} target/load || exit
exec perfgate budget target/load --report markdown=load.md --report json=load.json
