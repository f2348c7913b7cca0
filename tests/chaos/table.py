# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The campaign's result as text: cases without a problem by fault and scenario, and each problem with an example."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ansible_collections.virt.esx.tests.chaos.judge import PROBLEMS, Record


def show(records: Sequence[Record]) -> str:
    """The tables of the records whose fault came about."""
    fired = [record for record in records if record.fired]
    lines = [
        f"{len(fired)} faults at work of {len(records)} cases, {sum(not r.problems for r in fired)} without a problem"
    ]
    lines += ["", *_grid(fired), "", *_problems(fired)]
    return "\n".join(lines)


def _grid(records: Sequence[Record]) -> list[str]:
    scenarios = list(dict.fromkeys(record.case.scenario for record in records))
    faults = sorted({record.case.fault for record in records})
    right: Counter[tuple[str, str]] = Counter()
    count: Counter[tuple[str, str]] = Counter()
    for record in records:
        for key in ((record.case.fault, record.case.scenario), ("total", record.case.scenario)):
            count[key] += 1
            right[key] += not record.problems
    wide = [max(len(name), 7) for name in scenarios]
    lines = [" ".join([f"{'fault':15}", *(f"{name:>{width}}" for name, width in zip(scenarios, wide))])]
    for fault in (*faults, "total"):
        cells = [f"{right[fault, name]}/{count[fault, name]}" if count[fault, name] else "-" for name in scenarios]
        lines.append(" ".join([f"{fault:15}", *(f"{cell:>{width}}" for cell, width in zip(cells, wide))]))
    return lines


def _problems(records: Sequence[Record]) -> list[str]:
    lines = []
    for problem, meaning in PROBLEMS.items():
        found = [record for record in records if problem in record.problems]
        lines.append(f"{len(found):5} {problem}: {meaning}")
        kinds = Counter((r.case.scenario, r.name, r.case.fault) for r in found)
        for (scenario, name, fault), number in kinds.most_common(12):
            example = next(r for r in found if (r.case.scenario, r.name, r.case.fault) == (scenario, name, fault))
            said = example.result.get("traceback") or example.result.get("msg") or ""
            lines.append(f"        {number} {scenario}, {example.case.exchange} {name}, {fault}: {said[-220:]!r}")
    return lines
