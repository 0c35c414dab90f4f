"""``soundcheck verify-signoff``: what a deployment calls. Is this the model that was signed off?"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from harness.cli.common import add_format, json_text, verb
from harness.core.errors import BadInput
from harness.core.exits import EXIT_OF, Exit
from harness.core.text import printable
from harness.run.options import add_option


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "verify-signoff",
        "check that a model is the one that was signed off: 0, or one line that says what does not hold",
        "soundcheck verify-signoff joe.signoff.json voices/joe --key release-key.pub.pem --policy policy.toml "
        "--max-age 30d",
    )
    parser.add_argument("attestation", type=Path, metavar="ATTESTATION", help="what soundcheck signoff wrote")
    parser.add_argument("model", type=Path, metavar="MODEL", help="model directory")
    parser.add_argument(
        "--key", type=Path, action="append", default=[], metavar="PEM", help="public key that counts; repeat for more"
    )
    parser.add_argument(
        "--root", type=Path, action="append", default=[], metavar="PEM", help="authority whose certificates count"
    )
    parser.add_argument("--subject", default="", metavar="NAME", help="whose certificate, e.g. 'CN=Release team'")
    add_option(parser, "policy", help="policy that it must have been judged by")
    parser.add_argument("--max-age", default="", metavar="AGE", help="how old it may be: 12h, 30d, 8w")
    parser.add_argument(
        "--run",
        dest="kept",
        type=Path,
        metavar="RUN",
        help="the run that it is about, where that was kept: is it whole?",
    )
    add_option(parser, "speaker", help="who will speak: must be among who was judged; repeat for more")
    add_option(parser, "vocoder", help="folder of the vocoder that will make sound")
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Verify.

    Returns:
        0 where everything holds, 1 where something does not.

    Raises:
        BadInput: Nobody was named whose signature counts, or something that was named cannot be read.
    """
    from harness.models.judged import Judged, refuse_inside
    from harness.policy.file import read_policy
    from harness.signing.signature import Trust
    from harness.signoff.holding import check, read_age, read_attestation, require_speakers, require_vocoder
    from harness.signoff.refusal import Refused
    from harness.signoff.statement import described, require_run

    trust = Trust(keys=tuple(options.key), roots=tuple(options.root), subject=options.subject)
    if trust.is_empty:
        raise BadInput("verify-signoff: whose signature counts? Name --key or --root")
    if not options.model.is_dir():
        raise BadInput(printable(f"{options.model}: expected a model directory, got no folder there"))
    asked = [("--key", options.key), ("--root", options.root), ("--policy", [options.policy] if options.policy else [])]
    refuse_inside(Judged.of(model=options.model), [(name, one) for name, paths in asked for one in paths])
    policy = read_policy(options.policy) if options.policy else None
    max_age = read_age(options.max_age, "--max-age") if options.max_age else None
    data = read_attestation(options.attestation)
    try:
        holding = check(data, options.model, trust, datetime.now(UTC), policy=policy, max_age=max_age)
        require_speakers(holding.stated, options.speaker or ())
        require_vocoder(holding.stated, Path(options.vocoder) if options.vocoder else None)
        if options.kept:
            require_run(options.kept, holding.stated)
    except Refused as refused:
        content: dict[str, object] = {"verdict": refused.verdict, "problem": str(refused)}
        _tell(options, content, f"{options.attestation}: {refused}")
        return EXIT_OF[refused.verdict]
    about = holding.stated.about
    voice = f", {about.voice}" if about.voice else ""
    voice += f", an export of {about.export_of[:12]}" if about.export_of else ""
    told = f"{options.model}: signed off on {about.signed_on} by {holding.signer}, run {about.run_id}{voice}"
    content = {"verdict": "pass", "problem": "", "signer": holding.signer, **described(holding.stated)}
    _tell(options, content, told)
    return Exit.DONE


def _tell(options: argparse.Namespace, content: dict[str, object], line: str) -> None:
    print(json_text({"format_version": 1, **content}) if options.format == "json" else printable(line))
