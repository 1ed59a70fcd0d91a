#!/bin/sh
# benchmarks.sh FOLDER: all Criterion benchmarks of the workspace, and the memory of a workload.
set -e
mkdir -p "$1" && folder=$(cd "$1" && pwd) && cd program
CRITERION_HOME="$folder/criterion" cargo bench --workspace --quiet
cargo build --release --quiet
/usr/bin/time -v -o "$folder/memory.txt" target/release/workload
