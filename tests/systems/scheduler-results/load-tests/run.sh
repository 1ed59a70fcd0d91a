#!/bin/sh
# run.sh FOLDER SCENARIO: exit code 99 says that a threshold of the script was crossed, which is no failed test.
k6 run -q -e SCENARIO="$2" --summary-export "$1/$2.json" load-tests/scenarios.js || [ $? -eq 99 ]
