"""What all our HTML pages share: templates that escape, and a policy that lets a page use its own parts only."""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from harness.core.text import printable

if TYPE_CHECKING:
    from jinja2 import Environment, Template
    from markupsafe import Markup

TEMPLATES: Final = Path(__file__).with_name("templates")
"""Folder of the templates, style sheets and scripts."""


def template(name: str) -> Template:
    """A template: everything that is put into it is escaped and printable, and nothing may be missing."""
    return _environment().get_template(name)


@functools.cache  # compiling a template takes longer than filling it
def _environment() -> Environment:
    # Here, because a run without a page (--collect-only, say) should not pay for jinja2.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )


def own_file(name: str) -> Markup:
    """A style sheet or script of ours, as it goes into a page unescaped.

    Args:
        name: Of a file in :data:`TEMPLATES`.
    """
    from markupsafe import Markup  # comes with jinja2

    return Markup((TEMPLATES / name).read_text("utf-8"))  # noqa: S704 - never the candidate's text


def content_security_policy(style: str, script: str = "") -> str:
    """Policy that allows this style sheet, this script, sound and pictures from data URIs, and nothing else.

    Args:
        style: The style sheet in the page.
        script: The script in the page; ``""`` where it has none, and then it gets no pictures either.
    """
    allowed = ["default-src 'none'"]
    allowed += [f"script-src {_source_hash(script)}"] if script else []
    allowed += [f"style-src {_source_hash(style)}"]
    allowed += ["img-src data:"] if script else []
    return "; ".join([*allowed, "media-src data:", "base-uri 'none'", "form-action 'none'"])


def _source_hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"


def _shown(value: Any) -> Any:
    """Second line of defence: no control or bidirectional character leaves, whoever forgot about it."""
    return printable(value) if type(value) is str else value
