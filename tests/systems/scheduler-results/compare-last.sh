#!/bin/sh
# compare-last.sh [N]: what changed within the last 7 runs, or N.
exec perfgate trend benchmark_results --since "${1:-7}" -v
