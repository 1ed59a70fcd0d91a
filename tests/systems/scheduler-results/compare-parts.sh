#!/bin/sh
# compare-parts.sh SCENARIO: whether the last third of a sustained or soak test was as good as the first.
set -e
for part in first last; do
    perfgate convert "load-results/$1.json" --filter "*{part:$part}" > "load-results/$part.json"
done
exec perfgate compare load-results/first.json load-results/last.json --config stability.toml
