#!/usr/bin/env python3
"""Draws docs/verdicts.svg from docs/evaluation.txt: false alarms to the left, what is found at +10 % to the right.

usage: python3 docs/verdicts.py
"""
from pathlib import Path

HERE = Path(__file__).parent
SUITES = [("rs", "Criterion, 24 benchmarks"), ("py", "pytest-benchmark, 20 benchmarks"), ("go", "Go, 20 benchmarks, -count=5")]
# Rule, history, judged runs, and what the picture calls it.
RULES = [
    ("perfgate", "20", "1", "perfgate, one run"),
    ("perfgate", "20", "3", "perfgate, three runs"),
    ("z > 5", "20", "1", "z > 5"),
    ("> 10 %", "20", "1", "> 10 %"),
    ("> 5 %", "20", "1", "> 5 %"),
    ("Mann-Whitney p < .05", "20", "1", "Mann-Whitney p < .05"),
]
FALSE, FALSE_WARN, FOUND, FOUND_WARN = "#b3261e", "#eeb9b4", "#1b6e3c", "#a9d8bb"
INK, PALE, PAPER, GRID = "#1f2328", "#59636e", "#ffffff", "#d8dee4"
MIDDLE, SCALE, ROW, BAR = 410, 2.1, 35, 13


def rows():
    """What each set of real runs gave: {(suite, history, runs, rule): [(false fail, false alarm, found as fail, found at all)]}."""
    found = {}
    for line in (HERE / "evaluation.txt").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if len(cells) == 12 and cells[0] in dict(SUITES):
            suite, history, runs, rule, fail, _, alarm, _, _, ten, _, _ = cells
            fails, warns = (float(share) for share in ten.split("/"))
            shares = (float(fail[:-2]), float(alarm[:-2]), fails, warns)
            found.setdefault((suite, history, runs, rule), []).append(shares)
    return found


def text(x, y, words, size=13, anchor="start", colour=INK, weight="normal"):
    words = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" font-weight="{weight}">{words}</text>'


def bar(x, y, width, colour):
    return f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{colour}"/>' if width > 0 else ""


def number(value):
    return f"{value:g} %"


def draw():
    data, out, y = rows(), [], 30
    left, right = MIDDLE - 10, MIDDLE + 150
    out.append(text(24, y, "Unchanged runs with a false alarm, and what is found of +10 %", 17, weight="bold"))
    y += 24
    out.append(text(24, y, "Shares in per cent; a noisy two-core machine, 20 unchanged runs as history, limits 3 % and 5 %", 13, colour=PALE))
    y += 32
    out.append(text(left, y, "← false alarms", 13, "end", FALSE, "bold"))
    out.append(text(right, y, "found →", 13, "start", FOUND, "bold"))
    y += 14
    for suite, title in SUITES:
        y += 22
        out.append(text(24, y, title, 14, weight="bold"))
        y += 10
        top = y
        body = []
        for rule, history, runs, label in RULES:
            sets = data.get((suite, history, runs, rule), [])
            # The first set's files have no rounds for this suite, and the test needs them.
            for line, (fail, alarm, found, at_all) in zip((2 - len(sets), 1), sets):
                at = y + 4 + line * (BAR + 1)
                body.append(bar(left - alarm * SCALE, at, (alarm - fail) * SCALE, FALSE_WARN))
                body.append(bar(left - fail * SCALE, at, fail * SCALE, FALSE))
                body.append(bar(right, at, found * SCALE, FOUND))
                body.append(bar(right + found * SCALE, at, (at_all - found) * SCALE, FOUND_WARN))
                both = number(fail) if fail == alarm else f"{number(fail)} / {number(alarm)}"
                body.append(text(left - alarm * SCALE - 6, at + 11, both, 11, "end"))
                both = number(found) if found == at_all else f"{number(found)} / {number(at_all)}"
                body.append(text(right + at_all * SCALE + 6, at + 11, both, 11))
            weight = "bold" if rule == "perfgate" else "normal"
            body.append(text((left + right) / 2, y + 22, label, 12, "middle", weight=weight))
            y += ROW
        for x in (left, right):
            out.append(f'<line x1="{x}" y1="{top}" x2="{x}" y2="{y}" stroke="{GRID}"/>')
        out += body
    y += 28
    x = 24
    for colour, label in [(FALSE, "false fail"), (FALSE_WARN, "false warning"), (FOUND, "found as fail"), (FOUND_WARN, "found as a warning")]:
        out.append(f'<rect x="{x}" y="{y - 11}" width="14" height="12" fill="{colour}"/>')
        out.append(text(x + 20, y, label, 12))
        x += 60 + 8 * len(label)
    y += 22
    for words in [
        "Upper bar: the first set of runs, lower bar: the second. Two numbers: as a fail / as a fail or a warning.",
        "The other rules know one limit and only fail. Three runs were slowed in memory, single ones for real.",
    ]:
        out.append(text(24, y, words, 12, colour=PALE))
        y += 18
    width, height = 860, y + 6
    label = "Bars of false alarms and of what is found at +10 %, per suite and rule; the numbers are in docs/evaluation.txt."
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            f'font-family="-apple-system, Segoe UI, Helvetica, Arial, DejaVu Sans, sans-serif" role="img" aria-label="{label}">',
            f'<rect width="{width}" height="{height}" rx="8" fill="{PAPER}" stroke="{GRID}"/>',
            *(line for line in out if line),
            "</svg>\n",
        ]
    )


(HERE / "verdicts.svg").write_text(draw(), encoding="utf-8")
