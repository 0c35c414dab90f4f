"""``soundcheck signoff``: vouch for a model that passed."""

from __future__ import annotations

import argparse
import hashlib
from datetime import UTC, datetime
from pathlib import Path

from harness.cli.common import add_format, json_text, password_of, say, verb
from harness.core.errors import BadInput
from harness.core.exits import EXIT_OF, Exit
from harness.core.text import printable
from harness.run.options import add_option

DEFAULT_NAME = "signoff.json"


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "signoff",
        "sign that a model passed: an in-toto statement that a deployment verifies",
        "soundcheck signoff .soundcheck/runs/3f2a9c01d7e4 --key release-key.pem "
        "--policy policy.toml --out joe.signoff.json",
    )
    parser.add_argument("folder", type=Path, metavar="RUN", help="run directory")
    parser.add_argument("--key", type=Path, required=True, metavar="PEM", help="private key, as for soundcheck sign")
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="holds the key's password in its first line")
    parser.add_argument(
        "--certificate",
        type=Path,
        action="append",
        default=[],
        metavar="PEM",
        help="the key's certificate; repeat for its issuers",
    )
    add_option(parser, "model", help="where it lies now (default: as the run named it)")
    add_option(parser, "policy", help="refuse a run that was judged by another policy")
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"sign-off (default: RUN/{DEFAULT_NAME})")
    parser.add_argument("--mlbom", type=Path, metavar="FILE", help="also write a CycloneDX 1.6 entry for the model")
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Sign off.

    Returns:
        0 signed, 1 and 4 refused: something is wrong, evidence is missing; 3 the harness had failed.

    Raises:
        SoundcheckError: A key, a policy or the run cannot be read, or the sign-off cannot be written.
    """
    from harness import __version__
    from harness.models.fetching.local import local_model
    from harness.models.files import find_model
    from harness.policy.file import read_policy
    from harness.run.seen import seen_of
    from harness.signing import keys, signature
    from harness.signing.testresult import to_payload
    from harness.signoff.mlbom import to_mlbom
    from harness.signoff.refusal import Refused
    from harness.signoff.run import policy_for, require_ended
    from harness.signoff.statement import described, state
    from harness.storage.rundirectory import read_run
    from harness.storage.store import write_atomically

    now = datetime.now(UTC).replace(microsecond=0)
    given = read_policy(options.policy) if options.policy else None
    result = read_run(options.folder)
    _, model = find_model(options.model or local_model(result.info.model, say))
    out: Path = options.out or options.folder / DEFAULT_NAME
    for path in filter(None, (out, options.mlbom)):
        if (path.parent.resolve() / path.name).is_relative_to(model.resolve()):
            raise BadInput(printable(f"{path}: lies in the model, which it would change; choose another place"))
    key = keys.load_private(options.key, password_of(options.password_file))
    try:
        require_ended(options.folder, result)
        policy = policy_for(options.folder, result, given)
        folder = options.folder.absolute()
        seen = seen_of(folder.parent.parent, result.info.model_digest, folder)
        stated = state(result, model, policy, now, seen)
    except Refused as refused:
        _tell(options, {"verdict": refused.verdict, "problem": str(refused)}, f"not signed off: {refused}")
        return EXIT_OF[refused.verdict]
    payload = to_payload(stated)
    if options.certificate:
        chain = keys.load_certificates(options.certificate)
        data = signature.seal_with_certificate(payload, key, chain, now)
    else:
        data = signature.seal_with_key(payload, key)
    write_atomically(out, data, option="--out")
    digest = hashlib.sha256(data).hexdigest()
    if options.mlbom:
        bom = to_mlbom(stated, attestation=out.name, attestation_sha256=digest, version=__version__)
        write_atomically(options.mlbom, bom, option="--mlbom")
    told = f"{out}: signs off {len(stated.files)} files of {stated.about.model}, {len(stated.passed)} items passed"
    told += f", as an export of {stated.about.export_of[:12]}" if stated.about.export_of else ""
    told += f", {len(stated.warned)} with a warning" if stated.warned else ""
    content = {"verdict": "pass", "problem": "", "attestation": str(out), "sha256": digest, **described(stated)}
    _tell(options, content, told)
    return Exit.DONE


def _tell(options: argparse.Namespace, content: dict[str, object], line: str) -> None:
    print(json_text({"format_version": 1, **content}) if options.format == "json" else printable(line))
