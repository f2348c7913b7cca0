# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the checks of ``tools/checks.py``, two at a time, and print one summary.

The whole output of each is kept in ``.cache/logs``; that of a failed one is printed as well.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from tools.checks import CHECKS, Check
from tools.environment import CACHE, ROOT, environment
from tools.tree import collection_in, copy_tree

LOGS = CACHE / "logs"
COPY = collection_in(CACHE / "copy")
LIMIT = 1800  # seconds for one command; what hangs is ended, and its log shows where
TIMED_OUT = 124
RUNNING: set[subprocess.Popen[bytes]] = set()
SHOWN = 200  # lines of a failed check's log
LEFT_OUT = 77  # the exit status of a command that cannot run on this machine; the last line of its log says why


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a check ended, after how many seconds, and why it did not pass."""

    check: Check
    result: str  # passed, FAILED, or "left out"
    why: str = ""
    seconds: float = 0.0


def run_check(check: Check) -> Outcome:
    """Run a check's commands in turn, until one does not end with 0."""
    start = time.monotonic()
    log = LOGS / f"{check.name}.log"
    status = 0
    with log.open("wb") as output:
        for command in check.commands:
            output.write(f"$ {' '.join(command)}\n".encode())
            output.flush()
            status = run_command(command, COPY if check.in_copy else ROOT, output.fileno())
            if status:
                break
    seconds = time.monotonic() - start
    outcome = Outcome(check, "passed", seconds=seconds)
    if status == LEFT_OUT:
        outcome = Outcome(check, "left out", log.read_text(encoding="utf-8").splitlines()[-1], seconds)
    elif status:
        why = f"not done after {LIMIT} s" if status == TIMED_OUT else f"exit status {status}"
        outcome = Outcome(check, "FAILED", why, seconds)
    report(outcome, log)
    return outcome


def run_command(command: Sequence[str], place: pathlib.Path, output: int) -> int:
    """Run one command in a process group of its own; return its exit status."""
    process = subprocess.Popen(
        command,
        cwd=place,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    RUNNING.add(process)
    try:
        return process.wait(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return TIMED_OUT
    finally:
        end(process)
        RUNNING.discard(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a command that still runs, and all that it has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def report(outcome: Outcome, log: pathlib.Path) -> None:
    """Say how a check ended, with the end of its log where it failed."""
    lines = [f"{outcome.result}  {outcome.check.name}  ({outcome.seconds:.0f} s)"]
    if outcome.result == "FAILED":
        text = log.read_text(encoding="utf-8", errors="replace").splitlines()
        if len(text) > SHOWN:
            lines.append(f"    ... the first {len(text) - SHOWN} lines are in {log.relative_to(ROOT)}")
        lines += [f"    {line}" for line in text[-SHOWN:]]
    print("\n".join(lines), flush=True)


def run_all(chosen: Sequence[Check]) -> list[Outcome]:
    """Run checks as processors and needs allow, the longest first; return their outcomes in the order given."""
    waiting = sorted(chosen, key=lambda check: -check.seconds)
    running: dict[concurrent.futures.Future[Outcome], str] = {}
    done: dict[str, Outcome] = {}
    workers = max(2, os.cpu_count() or 2)
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        try:
            while waiting or running:
                for check in list(waiting):
                    needed = [done.get(name) for name in check.needs]
                    lacking = [outcome.check.name for outcome in needed if outcome and outcome.result != "passed"]
                    if lacking:
                        done[check.name] = Outcome(check, "FAILED", f"it needs {', '.join(lacking)}")
                    elif all(needed) and len(running) < workers:
                        running[pool.submit(run_check, check)] = check.name
                    else:
                        continue
                    waiting.remove(check)
                for future in concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED).done:
                    done[running.pop(future)] = future.result()
        finally:
            for process in list(RUNNING):
                end(process)
    return [done[check.name] for check in chosen]


def summarise(outcomes: Sequence[Outcome], seconds: float) -> None:
    """Print a line for each check, and the closing line that counts them."""
    width = max(len(outcome.check.name) for outcome in outcomes)
    print(f"\n{'check':{width}}  result      time  shows that")
    for outcome in outcomes:
        why = f" ({outcome.why})" if outcome.why else ""
        print(f"{outcome.check.name:{width}}  {outcome.result:8}  {outcome.seconds:4.0f} s  {outcome.check.what}{why}")
    counts = collections.Counter(outcome.result for outcome in outcomes)
    closing = f"{counts['passed']} passed, {counts['FAILED']} failed"
    closing += f", {counts['left out']} skipped" if counts["left out"] else ""
    (LOGS / "summary.txt").write_text(f"{closing}\n", encoding="utf-8")
    print(f"\nWhole logs are in {LOGS.relative_to(ROOT)}; all took {seconds:.0f} s.\n{closing}", flush=True)


def main() -> int:
    """Run all checks, or the ones that are named, with the checks that they need."""
    parser = argparse.ArgumentParser(prog="make check", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="list the checks")
    arguments = parser.parse_args()
    known = {check.name: check for check in CHECKS}
    if arguments.list:
        print("\n".join(f"{check.name:20} {check.what}" for check in CHECKS))
        return 0
    wanted = set(arguments.names or known)
    if not wanted <= set(known):
        parser.error(f"no check is named {', '.join(sorted(wanted - set(known)))}; there are {', '.join(known)}")
    while more := {name for check in wanted for name in known[check].needs} - wanted:
        wanted |= more
    for place in (LOGS, CACHE / "coverage"):
        place.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(128 + signal.SIGTERM))
    start = time.monotonic()
    copy_tree(CACHE / "copy")
    outcomes = run_all([check for check in CHECKS if check.name in wanted])
    summarise(outcomes, time.monotonic() - start)
    return 1 if any(outcome.result == "FAILED" for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
