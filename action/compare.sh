#!/usr/bin/env bash
# Runs `perfgate compare` and hands its verdict on: outputs, job summary and annotations first, the exit code last.
set -euo pipefail

dir=${INPUT_REPORT_DIR:-}
dir=${dir:-${RUNNER_TEMP:?}/perfgate}
mkdir -p "$dir"

arguments=(
    compare
    --fail-on "${INPUT_FAIL_ON:?}"
    --report github
    --report "json=$dir/report.json"
    --report "markdown=$dir/report.md"
)
if [ -n "${INPUT_CONFIG:-}" ]; then
    arguments+=(--config "$INPUT_CONFIG")
fi

rm -f "$dir/report.json" "$dir/report.md"
status=0
"${PERFGATE_BIN:?}" "${arguments[@]}" -- "${INPUT_BASELINE:?}" "${INPUT_RESULTS:?}" || status=$?

if [ -f "$dir/report.json" ]; then
    verdict=$(sed -n 's/^  "verdict": "\([a-z]*\)",$/\1/p' "$dir/report.json" | head -n 1)
    {
        printf 'verdict=%s\n' "$verdict"
        printf 'report-json=%s\n' "$dir/report.json"
        printf 'report-markdown=%s\n' "$dir/report.md"
    } >>"${GITHUB_OUTPUT:?}"
    if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
        cat "$dir/report.md" >>"$GITHUB_STEP_SUMMARY"
    fi
fi
exit "$status"
