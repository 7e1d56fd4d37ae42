"""How much a run does: what every run affords, or with `PROOF=1` (`make proof`) the large figures."""

import os


def scaled(every_run: int, proof: int) -> int:
    """`every_run`; under `PROOF=0.5` half of `proof`, if that is more."""
    share = float(os.environ.get("PROOF") or 0)
    return max(every_run, round(proof * share))
