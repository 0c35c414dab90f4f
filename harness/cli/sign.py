"""``soundcheck sign``: vouch for a model's files."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from harness.cli.common import add_format, json_text, password_of, say, verb
from harness.core.errors import BadInput
from harness.core.exits import Exit
from harness.core.text import counted, printable


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "sign",
        "sign every file of a model, for soundcheck verify and the model_signing command",
        "soundcheck sign voices/joe --key release-key.pem",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="model directory, or one file")
    parser.add_argument("--key", type=Path, metavar="PEM", help="private key: ECDSA P-256, P-384, P-521, or Ed25519")
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="holds the key's password in its first line")
    parser.add_argument(
        "--certificate",
        type=Path,
        action="append",
        default=[],
        metavar="PEM",
        help="the key's certificate; repeat for its issuers",
    )
    parser.add_argument("--sigstore", action="store_true", help="sign with your identity through Sigstore (network)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="signature (default: MODEL/model.sig)")
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Sign."""
    from harness.admission.checks.signing import manifest_of
    from harness.signing import keys, public, signature
    from harness.signing.manifest import to_payload
    from harness.storage.store import write_atomically

    if bool(options.key) == options.sigstore:
        raise BadInput("sign: expected one of --key and --sigstore")
    model: Path = options.model
    is_file = model.is_file()
    out: Path = options.out or (model.with_name(f"{model.name}.sig") if is_file else model / "model.sig")
    manifest = manifest_of(model, out)
    if options.sigstore:
        data = public.sign(to_payload(manifest))
    else:
        key = keys.load_private(options.key, password_of(options.password_file))
        if options.certificate:
            chain = keys.load_certificates(options.certificate)
            data = signature.sign_with_certificate(manifest, key, chain, datetime.now(UTC))
        else:
            data = signature.sign_with_key(manifest, key)
    write_atomically(out, data, option="--out")
    count = len(manifest.files)
    if options.format == "json":
        print(json_text({"signature": printable(str(out)), "files": count}))
    say(printable(f"{out}: signs {counted(count, 'file')} of {manifest.name}"))
    return Exit.DONE
