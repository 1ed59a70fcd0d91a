#!/bin/sh
# All benchmarks and load tests against a server of this checkout; results go into the folder $1.
set -eu
mkdir -p "$1" bin
go build -o bin ./cmd/...
LIGHTHOUSE="$PWD/bin/lighthouse" \
    go test -run='^$' -bench=. -benchmem -benchtime=100ms -count=5 ./tests/bench > "$1/go.txt"
bin/server & server=$!
trap 'kill $server' EXIT
sleep 1
PATH="$PATH:$PWD/bin"
api=http://127.0.0.1:8080/api/v1
ab -q -n 10000 -c 100 $api/config/version > "$1/ab-version.txt"
ab -q -n 4000 -c 50 -p node.json -T application/json $api/nodes > "$1/ab-nodes.txt"
ab -q -n 5000 -c 1000 $api/config/version > "$1/ab-connections.txt"
wrk --latency -t2 -c50 -d4s $api/config/bundle > "$1/wrk-bundle.txt"
wrk --latency -t2 -c50 -d4s $api/nodes > "$1/wrk-nodes.txt"
wrk --latency -t2 -c50 -d4s $api/topology > "$1/wrk-topology.txt"
vegeta attack -targets=mixed.txt -rate=200 -duration=4s | vegeta report -type=json > "$1/vegeta.json"
/usr/bin/time -v -o "$1/lighthouse.txt" bin/lighthouse -for 5s > /dev/null
/usr/bin/time -v -o "$1/daemon.txt" bin/daemon -for 5s -poll 500ms
