"""What may be typed for a model that is elsewhere, and what the project allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import BadInput
from harness.models.fetching.allowed import read_policy
from harness.models.fetching.spec import CoquiModel, HubModel, SourceRefused, Url, is_remote, read_spec, read_url

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class TestSpec:
    @pytest.mark.parametrize("spec", ["voices/joe", "coqui:voices/joe", "/srv/voice", "tts_models/en", "."])
    def test_a_folder_is_no_source(self, spec: str) -> None:
        assert not is_remote(spec)

    @pytest.mark.parametrize(
        "spec", ["https://a.example/v.zip", "hf://acme/voice", "tts_models/en/ljspeech/vits", "http://a", "ftp://a"]
    )
    def test_a_source_is_one_even_where_it_is_refused(self, spec: str) -> None:
        assert is_remote(spec)

    def test_kinds(self) -> None:
        assert read_spec("https://a.example/v.zip") == Url(
            text="https://a.example/v.zip", host="a.example", port=443, target="/v.zip"
        )
        assert read_spec(f"hf://acme/voice-1@{COMMIT}") == HubModel(organisation="acme", name="voice-1", commit=COMMIT)
        coqui = read_spec("tts_models/en/ljspeech/vits")
        assert isinstance(coqui, CoquiModel)
        assert coqui.name == "tts_models/en/ljspeech/vits"

    @pytest.mark.parametrize(
        "revision", ["", "@", "@main", "@v1.0", f"@{COMMIT[:7]}", f"@{COMMIT.upper()}", f"@{COMMIT}0"]
    )
    def test_a_hub_model_needs_a_whole_commit(self, revision: str) -> None:
        with pytest.raises(SourceRefused, match="expected a full commit hash after @"):
            read_spec(f"hf://acme/voice{revision}")

    @pytest.mark.parametrize("name", ["hf://acme", "hf://../voice@x", "hf://acme/voice/sub@x", "hf://a b/c@x", "hf://"])
    def test_a_hub_model_needs_two_plain_names(self, name: str) -> None:
        with pytest.raises(SourceRefused, match="expected hf://ORGANISATION/NAME@COMMIT"):
            read_spec(name)

    @pytest.mark.parametrize(
        ("url", "line"),
        [
            ("http://a.example/v.zip", "expected https, got http; nothing else is fetched"),
            ("s3://bucket/v.zip", "expected https, got s3"),
            ("file:///etc/passwd", "expected https, got file"),
            ("https://user:secret@a.example/v.zip", "expected a URL without a user name"),
            ("https://a.example@evil.example/v.zip", "expected a URL without a user name"),
            ("https://a.example\\@evil.example/", "plain ASCII characters"),
            ("https://a.example/\r\nHost: evil", "plain ASCII characters"),
            ("https://\u0430.example/", "plain ASCII characters"),
            ("https://[::1]/v.zip", "expected a host name"),
            ("https:///v.zip", "expected a host name"),
            ("https://a..example/v.zip", "expected a host name"),
            ("https://a.example:99999/v.zip", "expected a URL, got something else"),
            ("https://a.example/v.zip#x", "without #"),
            ("https://a.example/" + "v" * 5000, "plain ASCII characters"),
        ],
    )
    def test_refuses_urls_that_mean_two_things(self, url: str, line: str) -> None:
        with pytest.raises(SourceRefused) as caught:
            read_url(url)
        assert line in str(caught.value)
        assert "secret" not in str(caught.value)
        assert str(caught.value).isprintable()

    def test_a_query_is_not_shown(self) -> None:
        assert read_url("https://a.example/v.zip?token=secret").shown == "https://a.example/v.zip"


class TestPolicy:
    def test_nothing_is_allowed_at_first(self, tmp_path: Path) -> None:
        policy = read_policy(tmp_path)
        assert policy.hosts == policy.organisations == frozenset()

    def test_reads_the_table(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text(
            '[tool.soundcheck.sources]\nhosts = ["github.com"]\norganisations = ["acme"]\nmax_gigabytes = 0.5\n',
            "utf-8",
        )
        policy = read_policy(tmp_path)
        assert policy.hosts == {"github.com"}
        assert policy.organisations == {"acme"}
        assert policy.max_bytes == 500_000_000

    @pytest.mark.parametrize(
        ("line", "refusal"),
        [
            ('host = ["a"]', ".toml:2 [tool.soundcheck.sources]: unknown key 'host'; did you mean 'hosts'?"),
            ('hosts = "github.com"', "hosts: expected a list of strings, got str"),
            ('hosts = ["*.example"]', "hosts: expected host or host:port in lower case"),
            ('hosts = ["https://a"]', "hosts: expected host or host:port in lower case"),
            ("max_redirects = -1", "max_redirects: expected 0 to 20, got -1"),
            ("max_redirects = true", "max_redirects: expected a number, got bool"),
            ('trust_first = "no"', "trust_first: expected true or false, got str"),
            ("max_gigabytes = nan", "max_gigabytes: expected 0.001 to 1000, got nan"),
            ('hub = "http://hub.example"', "expected https, got http"),
        ],
    )
    def test_a_mistake_is_no_setting_that_is_off(self, tmp_path: Path, line: str, refusal: str) -> None:
        (tmp_path / "pyproject.toml").write_text(f"[tool.soundcheck.sources]\n{line}\n", "utf-8")
        with pytest.raises(BadInput) as caught:
            read_policy(tmp_path)
        assert refusal in str(caught.value)

    def test_no_toml(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text("[tool", "utf-8")
        with pytest.raises(BadInput, match="expected TOML"):
            read_policy(tmp_path)
