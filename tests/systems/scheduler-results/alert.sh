#!/bin/sh
# alert.sh [RUN]: a run against the expected values; exit code 1 on a regression, which Slack hears of.
# SLACK_WEBHOOK is the address of an incoming webhook, RUN_URL that of the job.
run=${1:-$(ls -d benchmark_results/????-??-?? | tail -n 1)}
perfgate compare baseline_metrics.json "$run" --report terminal=reports/performance.txt \
    --report markdown=reports/PERFORMANCE.md --report json=reports/performance.json
code=$?
[ $code -eq 1 ] && [ -n "$SLACK_WEBHOOK" ] && curl -fsS -H 'content-type: application/json' \
    -d "{\"text\": \"A benchmark got slower: <$RUN_URL|the job has the report>\"}" "$SLACK_WEBHOOK"
exit $code
