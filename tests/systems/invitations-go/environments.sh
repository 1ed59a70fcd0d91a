#!/bin/sh
# Two machines beside each other: environments.sh laptop/out server/out
perfgate compare "$1" "$2" --fail-on never --report terminal --report scaling=scaling.txt --report json=report.json
