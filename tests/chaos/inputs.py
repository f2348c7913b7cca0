from __future__ import annotations
def check_inputs(lab, seed): return []
