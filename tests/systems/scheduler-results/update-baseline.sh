#!/bin/sh
# update-baseline.sh RUN: a run's values are what is expected from now on. Commit the file.
exec perfgate convert "$1" --output baseline_metrics.json
