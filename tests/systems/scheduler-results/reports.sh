#!/bin/sh
# The report of the last night once more, for a browser.
exec perfgate report reports/performance.json --report html=reports/performance.html
