from __future__ import annotations
def check_concurrency(lab, seed): return []
