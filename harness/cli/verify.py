"""``soundcheck verify``: are these the files that somebody vouched for?"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.common import add_format, json_text, verb
from harness.core.errors import BadInput
from harness.core.exits import EXIT_OF
from harness.core.text import printable

if TYPE_CHECKING:
    from harness.admission.base import Examination


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "verify",
        "compare a model's files with a signature, a list of digests, or a pin",
        "soundcheck verify voices/joe --key release-key.pub.pem",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="model directory, or one file")
    parser.add_argument(
        "--signature", type=Path, metavar="FILE", help="default: MODEL/model.sig, else MODEL.sig beside it"
    )
    parser.add_argument(
        "--key", type=Path, action="append", default=[], metavar="PEM", help="public key that counts; repeat for more"
    )
    parser.add_argument(
        "--root", type=Path, action="append", default=[], metavar="PEM", help="authority whose certificates count"
    )
    parser.add_argument("--subject", default="", metavar="NAME", help="whose certificate, e.g. 'CN=Release team'")
    parser.add_argument("--identity", default="", metavar="WHO", help="signer through Sigstore; with --issuer")
    parser.add_argument("--issuer", default="", metavar="URL", help="who established that identity")
    parser.add_argument("--sums", type=Path, metavar="FILE", help="a SHA256SUMS file")
    parser.add_argument("--listing", type=Path, metavar="JSON", help="a Hugging Face file listing")
    parser.add_argument("--digest", default="", metavar="sha256:HEX", help="digest of the whole directory")
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Verify. Without an option, what pyproject.toml says about signatures and pins is checked."""
    from harness.admission.checks.integrity import IntegrityCheck, Provenance
    from harness.admission.checks.provenance import provenance_of
    from harness.admission.tree import Tree
    from harness.models.judged import Judged, refuse_inside
    from harness.models.pins import is_pin
    from harness.models.project import find_project
    from harness.signing.signature import Trust

    model: Path = options.model
    tree = Tree.of(model)
    if model.is_dir():
        asked = [("--key", one) for one in options.key] + [("--root", one) for one in options.root]
        refuse_inside(Judged.of(model=model), asked)
    trust = Trust(
        keys=tuple(options.key),
        roots=tuple(options.root),
        subject=options.subject,
        identity=options.identity,
        issuer=options.issuer,
    )
    if bool(options.identity) != bool(options.issuer):
        raise BadInput("verify: expected --identity and --issuer together, got one of them")
    if options.digest and not is_pin(options.digest):
        raise BadInput(f"--digest: expected sha256: and 64 lower-case hex digits, got {options.digest[:80]!a}")
    if trust.is_empty and not (options.sums or options.listing or options.digest):
        known = replace(provenance_of(find_project(Path.cwd(), model), str(model), model), signature=options.signature)
        if known.trust.is_empty and not known.digest:
            raise BadInput(
                "verify: nothing to compare with; name --key, --root, --identity, --sums, --listing or --digest, "
                "or keys and pins in pyproject.toml"
            )
    else:
        known = Provenance(
            model=model,
            trust=trust,
            signature=options.signature,
            require_signature=not trust.is_empty,
            sums=options.sums,
            listing=options.listing,
            digest=options.digest,
        )
    found = IntegrityCheck(known).examine(tree)
    print(_json(found) if options.format == "json" else _text(found, model))
    return EXIT_OF[found.verdict]


def _text(found: Examination, model: Path) -> str:
    lines = []
    for flaw in found.flaws:
        place = model if model.is_file() or not flaw.file else model / flaw.file
        lines.append(printable(f"{place}: {flaw.rule.title} ({flaw.rule.id}): {flaw.found}"))
    # Each help once: a tampered directory has many flaws of few kinds.
    lines += [f"  {text}" for text in dict.fromkeys(flaw.rule.help for flaw in found.flaws)]
    lines += [printable(f"{name}: {fact}") for name, fact in found.facts.items()]
    lines.append(f"verdict: {found.verdict}")
    return "\n".join(lines)


def _json(found: Examination) -> str:
    flaws = [
        {
            "rule": flaw.rule.id,
            "severity": flaw.rule.severity,
            "file": printable(flaw.file),
            "found": printable(flaw.found),
            "title": flaw.rule.title,
        }
        for flaw in found.flaws
    ]
    content = {"version": 1, "verdict": found.verdict, "facts": dict(found.facts), "flaws": flaws}
    return json_text(content)
