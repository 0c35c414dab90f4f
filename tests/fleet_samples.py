"""A fleet's report with a row of each kind, hostile names among them."""

from __future__ import annotations

from harness.core.fleet import NEW, FleetReport, FleetRow
from harness.core.grades import Verdict

HOSTILE = 'evil<script>alert(1)</script>"&\x1b[31m\u202e::stop-commands::x'


def row(name: str, verdict: Verdict, ending: int, **more: object) -> FleetRow:
    about = {"model": f"./{name}", "model_digest": "ab" * 32, "key": "cd" * 32, "alpha": 0.01, "golden": "small"}
    counts = {Verdict.PASS: 5, Verdict.FAIL: 1} if verdict is Verdict.FAIL else {Verdict.PASS: 6}
    about |= {"counts": counts, "run_id": "0123456789ab", "suites": ("small.probes.yaml",), "isolation": "A"}
    return FleetRow(name=name, verdict=verdict, ending=ending, **(about | more))  # type: ignore[arg-type]


def sample_fleet() -> FleetReport:
    broken = {"run_id": "", "counts": {}, "alpha": 0.0, "model_digest": "", "key": "", "reason": "its gate was lost"}
    rows = (
        row("good", Verdict.PASS, 0, history=(Verdict.FAIL, Verdict.PASS)),
        row("turned", Verdict.FAIL, 1, history=(Verdict.PASS,), changed=("the golden",), reason="1 probe failed"),
        row("lost", Verdict.ERROR, 3, changed=(NEW,), **broken),
        row("open", Verdict.INCONCLUSIVE, 10, reason=HOSTILE),
        row(HOSTILE, Verdict.PASS, 0, model=HOSTILE, changed=(NEW,)),
    )
    return FleetReport(version="0.1.0", name="night", title="Tonight", number=3, rows=rows, gone=("old", HOSTILE))
