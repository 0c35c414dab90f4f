"""``soundcheck scan`` of ONNX files: a fingerprint is written, looked at, accepted, and holds for its graph."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.admission.admit import admit
from harness.cli.main import main
from harness.core.errors import BadInput
from harness.core.types import Verdict
from harness.policy.file import read_policy
from tests.admission_corpus.onnx_assembly import BIAS, floats, graph, model, node, tensor
from tests.admission_corpus.onnx_hostile import HOSTILE

HEAD = 'version = 1\ntitle = "Releases"\nowner = "voice team"\n\n'
VOICE = model()
NEXT = model(graph(tensors=(tensor("weight", (2, 2), floats(4, 3, 2, 1)), BIAS)))
OTHER = model(graph(node("MatMul", "x weight", "h"), node("Sub", "h bias", "y")))


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    file = tmp_path / "voice.onnx"
    file.write_bytes(VOICE)
    return file


def accepted(file: Path, folder: Path, capsys: pytest.CaptureFixture[str], *changes: tuple[str, str]) -> Path:
    """Have its fingerprint written, and put the printed lines into a policy, as somebody does who has looked."""
    assert main(["scan", "--fingerprint", str(folder / "ours.json"), str(file)]) == 0
    lines = capsys.readouterr().out.partition("[[accept]]")[2]
    text = HEAD + "[[accept]]" + lines
    for old, new in (('owner = ""', 'owner = "eve"'), ('reason = ""', 'reason = "our exporter, v3"'), *changes):
        assert old in text
        text = text.replace(old, new)
    policy = folder / "policy.toml"
    policy.write_text(text, "utf-8")
    return policy


class TestScan:
    def test_asks_about_a_graph_that_nobody_knows(self, voice: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["scan", str(voice)]) == 4
        said = capsys.readouterr().out
        assert "admission.onnx-graph-unknown" in said
        assert "scan --fingerprint OUT.json" in said

    @pytest.mark.parametrize("name", ["elements elsewhere: climbs", "an operator of a domain of its own", "a function"])
    def test_refuses_what_is_hostile(self, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "voice.onnx").write_bytes(HOSTILE[name][1])
        assert main(["scan", str(tmp_path / "voice.onnx")]) == 1
        assert main(["scan", str(tmp_path)]) == 1
        assert f"admission.{HOSTILE[name][0]}" in capsys.readouterr().out

    def test_says_what_is_missing_of_one_that_is_cut(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "voice.onnx").write_bytes(VOICE[:100])
        assert main(["scan", str(tmp_path / "voice.onnx")]) == 1
        assert "bytes where" in capsys.readouterr().out


class TestFingerprint:
    def test_is_accepted_for_every_file_of_its_graph(
        self, voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        policy = accepted(voice, tmp_path, capsys)
        other = tmp_path / "next.onnx"
        other.write_bytes(NEXT)
        for file in (voice, other):
            assert main(["scan", "--policy", str(policy), str(file)]) == 0
            said = capsys.readouterr().out
            assert "ACCEPTED  admission.onnx-graph-unknown" in said
            assert "accepted by eve until" in said
            assert "our exporter, v3" in said

    def test_is_for_no_other_graph(self, voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        policy = accepted(voice, tmp_path, capsys)
        voice.write_bytes(OTHER)
        assert main(["scan", "--policy", str(policy), str(voice)]) == 4
        assert "has nothing to accept here" in capsys.readouterr().out

    def test_ends_with_its_acceptance(self, voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        policy = accepted(voice, tmp_path, capsys)
        text = policy.read_text("utf-8")
        policy.write_text(text.rpartition("expires")[0] + "expires = 2020-01-01\n", "utf-8")
        assert main(["scan", "--policy", str(policy), str(voice)]) == 4
        assert "in ours.json (line 5 of the policy) ended on 2020-01-01" in capsys.readouterr().out

    def test_that_was_changed_since_is_refused(
        self, voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        policy = read_policy(accepted(voice, tmp_path, capsys))
        (tmp_path / "ours.json").write_text((tmp_path / "ours.json").read_text("utf-8") + "\n", "utf-8")
        with pytest.raises(
            BadInput, match=r"policy\.toml:5: expected .*ours\.json with sha256 .* look at what changed"
        ):
            admit(voice, policy=policy)

    def test_that_is_not_there_or_none_is_told(
        self, voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        policy = accepted(voice, tmp_path, capsys)
        (tmp_path / "ours.json").unlink()
        with pytest.raises(BadInput, match=r"ours\.json: cannot be read"):
            admit(voice, policy=read_policy(policy))

    def test_is_for_one_rule_and_stands_in_place_of_a_file(
        self, voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        policy = accepted(voice, tmp_path, capsys, ('graph = "ours.json"', 'graph = "ours.json"\nfile = "voice.onnx"'))
        with pytest.raises(
            BadInput, match=r"expected 'graph' for admission\.onnx-graph-unknown only, in place of 'file'"
        ):
            read_policy(policy)

    def test_is_written_of_nothing_hostile_and_over_nothing(
        self, voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = tmp_path / "ours.json"
        (tmp_path / "bad.onnx").write_bytes(HOSTILE["a function"][1])
        assert main(["scan", "--fingerprint", str(out), str(tmp_path / "bad.onnx")]) == 1
        (tmp_path / "text.txt").write_text("a text\n")
        assert main(["scan", "--fingerprint", str(out), str(tmp_path / "text.txt")]) == 4
        assert not out.exists()
        out.write_text("mine")
        assert main(["scan", "--fingerprint", str(out), str(voice)]) == 2
        assert out.read_text() == "mine"
        assert "exists already, and nothing is overwritten" in capsys.readouterr().err
        assert main(["scan", "--fingerprint", str(tmp_path / "ours.txt"), str(voice)]) == 2
        assert main(["scan", "--fingerprint", str(tmp_path / "new.json"), str(tmp_path)]) == 2

    def test_is_told_as_json(self, voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["scan", "--format", "json", "--fingerprint", str(tmp_path / "a.json"), str(voice)]) == 0
        told = json.loads(capsys.readouterr().out)["fingerprint"]
        assert (told["nodes"], told["tensors"], told["refused"]) == (2, 2, "")
        assert told["graph"] == json.loads((tmp_path / "a.json").read_text("utf-8"))["sha256"]


def test_weights_are_compared_with_those_of_another_export(
    voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "next.onnx"
    other.write_bytes(NEXT)
    assert main(["scan", "--reference", str(voice), str(other)]) == 4
    assert "1 equal, 1 changed" in capsys.readouterr().out.replace("tensors ", "")


def test_weights_are_taken_out_of_their_graph(voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "weights.safetensors"
    assert main(["scan", "--convert", str(out), str(voice)]) == 0
    assert "dropped graph: unknown" in capsys.readouterr().out
    assert main(["scan", str(out)]) == 0


def test_a_file_can_be_accepted_by_its_own_digest_too(voice: Path, tmp_path: Path) -> None:
    lines = (
        "\n".join(admit(voice).proposal).replace('owner = ""', 'owner = "eve"').replace('reason = ""', 'reason = "one"')
    )
    policy = tmp_path / "policy.toml"
    policy.write_text(HEAD + lines + "\n", "utf-8")
    assert admit(voice, policy=read_policy(policy)).verdict is Verdict.PASS
    voice.write_bytes(NEXT)
    assert admit(voice, policy=read_policy(policy)).verdict is Verdict.INCONCLUSIVE
