from __future__ import annotations
def check_killed(lab, seed): return []
