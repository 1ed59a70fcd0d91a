#!/usr/bin/env bash
# Runs `perfgate compare` and hands its verdict on: outputs, job summary and annotations first, the exit code last.
# Exit code 1 means that the gate failed, and nothing else: a wrong input is 2, a folder that cannot be made 4.
set -uo pipefail

wrong() {
    printf '::error title=perfgate::%s\n' "$1"
    exit "$2"
}

[ -n "${INPUT_BASELINE:-}" ] || wrong 'the input "baseline" is empty: name a file, folder or glob' 2
[ -n "${INPUT_RESULTS:-}" ] || wrong 'the input "results" is empty: name a file, folder or glob' 2

dir=${INPUT_REPORT_DIR:-}
dir=${dir:-${RUNNER_TEMP:-/tmp}/perfgate}
case $dir in
/* | [A-Za-z]:*) ;;
*) dir=$PWD/$dir ;; # later steps run in another folder
esac
mkdir -p "$dir" || wrong 'the folder of the input "report-dir" cannot be made' 4

arguments=(
    compare
    --message-format github
    --fail-on "${INPUT_FAIL_ON:-fail}"
    --report github
    --report "json=$dir/report.json"
    --report "markdown=$dir/report.md"
)
if [ -n "${INPUT_CONFIG:-}" ]; then
    arguments+=(--config "$INPUT_CONFIG")
fi

rm -f "$dir/report.json" "$dir/report.md"
status=0
"${PERFGATE_BIN:?}" "${arguments[@]}" -- "$INPUT_BASELINE" "$INPUT_RESULTS" || status=$?

verdict=none
if [ -f "$dir/report.json" ]; then
    verdict=$(sed -n 's/^  "verdict": "\([a-z]*\)",$/\1/p' "$dir/report.json" | head -n 1)
    {
        printf 'report-json=%s\n' "$dir/report.json"
        printf 'report-markdown=%s\n' "$dir/report.md"
    } >>"${GITHUB_OUTPUT:-/dev/null}"
    cat "$dir/report.md" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
fi
printf 'verdict=%s\n' "$verdict" >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$status"
