#!/bin/sh
# At two in the morning: the whole suite, its run kept, reports, and news to the tracking issue and to Slack.
night=benchmark_results/${NIGHT:-$(date +%F)}
mkdir -p reports
${BENCH:-python3 program/benchmarks.py} "$night" || exit
perfgate record "$night" || exit
perfgate trend --github-issue --report markdown=reports/TREND.md || [ $? -eq 3 ] || exit   # 3: too few nights so far
exec ./alert.sh "$night"
