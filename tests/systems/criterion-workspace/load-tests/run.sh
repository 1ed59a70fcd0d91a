#!/bin/sh
# run.sh FOLDER: k6 for response times, wrk for throughput, and what the instance says of itself idle and under load.
address=http://127.0.0.1:8378
mkdir -p "$1"
idle=$(curl -fsS $address/resources) || exit
k6 run -q --no-usage-report --summary-export "$1/response-times.json" load-tests/operations.js || [ $? -eq 99 ] || exit
for path in api/products api/nodes events graphql; do
    wrk -t1 -c8 -d2s --latency $address/$path > "$1/$(basename $path).txt" || exit
    [ $path = api/products ] && load=$(curl -fsS $address/resources)
done
echo "{\"instance\": {\"idle\": $idle, \"load\": $load}}" > "$1/resources.json"
