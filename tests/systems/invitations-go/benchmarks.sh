#!/bin/sh
# The whole suite, five short times; results go into the folder $1.
set -eu
mkdir -p "$1"
go test -run='^$' -bench=. -benchmem -benchtime=20ms -count=5 ./... > "$1/go.txt"
