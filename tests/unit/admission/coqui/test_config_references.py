"""What a text could be a reference to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.admission.coqui.references import Reference, reference


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("filecache::s3://b/x", Reference.CHAINED),
        ("s3://bucket/x", Reference.SCHEME),
        ("  REFERENCE://x", Reference.SCHEME),
        ("file:/etc/passwd", Reference.SCHEME),
        ("git+ssh://host/x", Reference.SCHEME),
        ("http:\\\\host\\x", Reference.URL),
        ("https://host/x", Reference.URL),
        ("%68ttp://host", Reference.URL),
        ("%2568ttp://host", Reference.URL),
        ("{{ x }}", Reference.TEMPLATE),
        ("${HOME}/x", Reference.VARIABLE),
        ("%APPDATA%\\x", Reference.VARIABLE),
        ("$(id)", Reference.VARIABLE),
        ("/dev/zero", Reference.DEVICE),
        ("\\\\.\\pipe\\x", Reference.DEVICE),
        ("NUL", Reference.DEVICE),
        ("//server/x", Reference.NETWORK),
        ("\\\\server\\x", Reference.NETWORK),
        ("c:\\x", Reference.DRIVE),
        ("~/x", Reference.HOME),
        ("/x", Reference.ABSOLUTE),
        ("\\x", Reference.ABSOLUTE),
        ("a/../../x", Reference.PARENT),
        ("%2e%2e/x", Reference.PARENT),
        ("..\\x", Reference.PARENT),
        ("a\u202eb", Reference.HIDDEN),
        ("a\0b", Reference.HIDDEN),
        ("os.system", Reference.IMPORT),
        ("a.b.c:d", Reference.IMPORT),
    ],
)
def test_names_the_kind(text: str, kind: Reference) -> None:
    assert reference(text) is kind


@pytest.mark.parametrize(
    "text",
    ["", "en-us", "speakers.json", "voices/ana.pth", "./x.npy", "Be a voice, not an echo.", "1.5",
     "100%", "a/b", "Mr. Smith",
     "/", "fp16", "ε", "version 1.2.3", "50 $", "a: b", "v0.6.1"],
)  # fmt: skip
def test_lets_plain_texts_be(text: str) -> None:
    assert reference(text) is None


@given(st.text())
def test_takes_any_text(text: str) -> None:
    assert reference(text) is None or reference(text) in Reference
