"""What may be signed off, and when a sign-off holds."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("cryptography")

from harness.core.errors import BadInput
from harness.core.findings import Finding, Outcome, Place
from harness.core.types import BehaviourEvent, Severity, Verdict
from harness.core.verdict import RunResult
from harness.models.files import digest_of_directory
from harness.policy.file import PolicyFile, read_policy
from harness.policy.release import apply
from harness.signing import keys
from harness.signing.bundle import MAX_BYTES
from harness.signing.manifest import Manifest
from harness.signing.signature import Trust, seal_with_key, sign_with_key
from harness.signing.testresult import Stated, from_payload, to_payload
from harness.signoff.holding import check, read_age, read_attestation, require_speakers, require_vocoder, staleness
from harness.signoff.refusal import Refused
from harness.signoff.run import policy_for
from harness.signoff.statement import state, tool_digest
from harness.storage.rundirectory import read_run
from tests.rule_samples import rule
from tests.signoff_samples import NOW, POLICY, SUITE, KeyPair, make_keys, make_policy, make_voice, passed, write_run

ANNOUNCED = (
    '[[waiver]]\nrule = "timing.slow"\nsubject = "*"\nowner = "voice team"\nreason = "known"\nexpires = 2026-06-20\n'
)


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return make_voice(tmp_path / "voice")


@pytest.fixture
def pair(tmp_path: Path) -> KeyPair:
    return make_keys(tmp_path)


def judged_by(result: RunResult, policy: PolicyFile) -> RunResult:
    info = replace(result.info, policy=str(policy.path), policy_digest=policy.sha256)
    outcomes = (*result.outcomes, Outcome(subject="policy", verdict=Verdict.PASS))
    return replace(result, info=info, outcomes=outcomes, planned=result.planned + 1)


def with_waived(result: RunResult, policy: PolicyFile) -> RunResult:
    """The first probe is slow, and that is waived."""
    at = next(number for number, one in enumerate(result.outcomes) if one.probe)
    slow = result.outcomes[at]
    finding = Finding(rule=rule("timing.slow"), severity=Severity.HIGH, subject=slow.subject, title="is slow")
    slow = apply(policy.policy, replace(slow, verdict=Verdict.FAIL, findings=(finding,)), "2026-06-15")
    assert slow.verdict is Verdict.PASS
    return replace(result, outcomes=(*result.outcomes[:at], slow, *result.outcomes[at + 1 :]))


def refusal(call: Callable[[], object]) -> tuple[Verdict, str]:
    with pytest.raises(Refused) as caught:
        call()
    assert str(caught.value).isprintable()
    return caught.value.verdict, str(caught.value)


class TestStating:
    def test_lists_every_file_and_what_the_run_was_made_with(self, voice: Path) -> None:
        result = passed(voice)
        stated = state(result, voice, None, NOW)
        assert set(stated.files) == {"fake.json", "model.bin", "speakers/été.json"}
        assert stated.suites == {SUITE: result.info.suites[0].sha256}
        assert stated.digest("golden") == result.info.golden_digest
        assert stated.digest("whisper") == "1a5afae0" * 8
        assert stated.digest("soundcheck") == tool_digest()
        assert stated.digest("policy") is None
        assert (len(stated.passed), stated.warned) == (132, ())
        assert f"{SUITE}::candidate::numbers-000" in stated.passed
        assert stated.about.signed_on == "2026-06-15T10:00:00Z"
        assert stated.about.comparison == "golden"
        assert stated.about.coverage["negation"].decided == 16
        assert stated.about.coverage["negation"].miss_bound == pytest.approx(0.170, abs=1e-3)

    def test_says_who_of_the_model_it_is_about_and_of_nobody_else(self, voice: Path) -> None:
        stated = state(passed(voice, speakers=("amelie", "bruno")), voice, None, NOW)
        stated = from_payload(to_payload(stated))
        require_speakers(stated, ["bruno"])
        require_speakers(stated, [])
        assert refusal(lambda: require_speakers(stated, ["amelie", "zoe"])) == (
            Verdict.FAIL,
            "it was signed off for amelie, bruno, not for speaker zoe; judge that one, or let nobody else speak",
        )
        only = state(passed(voice), voice, None, NOW)
        assert "for the only speaker of a model, not for" in refusal(lambda: require_speakers(only, ["zoe"]))[1]

    def test_names_the_checkpoint_that_an_export_was_held_against_and_needs_no_golden(self, voice: Path) -> None:
        checkpoint = "041656b1" * 8
        named = {"golden": None, "golden_digest": None, "golden_model_digest": None, "reference_digest": checkpoint}
        stated = from_payload(to_payload(state(passed(voice, comparison="equivalent", **named), voice, None, NOW)))
        assert (stated.digest("checkpoint"), stated.digest("golden")) == (checkpoint, None)
        assert stated.about.export_of == checkpoint
        assert state(passed(voice, reference_digest=checkpoint), voice, None, NOW).about.export_of == ""
        alone = passed(voice, comparison="equivalent", **{**named, "reference_digest": None})
        assert "had no golden to compare with" in refusal(lambda: state(alone, voice, None, NOW))[1]

    def test_says_what_a_hunt_covered_where_there_was_one(self, voice: Path) -> None:
        result = passed(voice)
        lines = ("nothing found: all of it was read", "read 100.0% of what there is: 9 of 9 words")
        outcome = Outcome(subject="hunt-triggers", verdict=Verdict.PASS, notes=lines)
        hunted = replace(result, outcomes=(outcome, *result.outcomes), planned=result.planned + 1)
        assert from_payload(to_payload(state(hunted, voice, None, NOW))).about.hunt == list(lines)
        assert state(result, voice, None, NOW).about.hunt == []
        unfinished = replace(outcome, verdict=Verdict.INCONCLUSIVE, reason="5 of 9 candidates were read")
        still = replace(hunted, outcomes=(unfinished, *result.outcomes))
        assert refusal(lambda: state(still, voice, None, NOW))[0] is Verdict.INCONCLUSIVE

    def test_says_whose_waivers_it_passed_by(self, voice: Path, tmp_path: Path) -> None:
        policy = make_policy(tmp_path, POLICY + ANNOUNCED)
        result = with_waived(judged_by(passed(voice), policy), policy)
        stated = state(result, voice, policy, NOW)
        assert stated.digest("policy") == policy.sha256
        (waiver,) = stated.about.waivers
        assert (waiver.rule, waiver.owner, waiver.expires, waiver.findings) == (
            "timing.slow",
            "voice team",
            "2026-06-20",
            1,
        )
        assert len(stated.warned) == 1
        assert set(stated.warned).isdisjoint(stated.passed)

    def test_says_who_accepted_which_file_by_its_digest(self, voice: Path, tmp_path: Path) -> None:
        digest = "0123456789abcdef" * 4
        accept = '[[accept]]\nrule = "admission.legacy-format"\nfile = "model.bin"\n'
        accept += f'sha256 = "{digest}"\nowner = "eve"\nreason = "looked"\nexpires = 2026-06-20\n'
        policy = make_policy(tmp_path, POLICY + accept)
        (acceptance,) = policy.policy.acceptances
        result = judged_by(passed(voice), policy)
        found = Finding(
            rule=rule("admission.legacy-format"), severity=Severity.LOW, subject="admission-checkpoint", title="old",
            place=Place(file="model.bin"), accepted=acceptance.words,
        )  # fmt: skip
        first = replace(result.outcomes[0], findings=(found,))
        stated = state(replace(result, outcomes=(first, *result.outcomes[1:])), voice, policy, NOW)
        (granted,) = stated.about.waivers
        assert (granted.rule, granted.subject) == ("admission.legacy-format", f"model.bin (sha256 {digest})")
        assert (granted.owner, granted.reason, granted.expires, granted.findings) == ("eve", "looked", "2026-06-20", 1)
        assert from_payload(to_payload(stated)) == stated
        told = staleness(stated, datetime(2026, 6, 21, tzinfo=UTC), policy=policy)
        assert told[0].endswith("which expired on 2026-06-20")

    def test_survives_being_written_and_read(self, voice: Path) -> None:
        stated = state(passed(voice), voice, None, NOW)
        assert from_payload(to_payload(stated)) == stated

    def test_lets_the_ci_gate_s_undecided_items_through_as_warnings(self, voice: Path, tmp_path: Path) -> None:
        policy = make_policy(tmp_path, POLICY + 'gate = "ci"\n')
        result = judged_by(undecided(passed(voice)), policy)
        assert len(state(result, voice, policy, NOW).warned) == 1


def undecided(result: RunResult) -> RunResult:
    last = replace(result.outcomes[-1], verdict=Verdict.INCONCLUSIVE, reason="too noisy")
    return replace(result, outcomes=(*result.outcomes[:-1], last))


def one_failed(result: RunResult) -> RunResult:
    return replace(result, outcomes=(*result.outcomes[:-1], replace(result.outcomes[-1], verdict=Verdict.FAIL)))


def one_broken(result: RunResult) -> RunResult:
    return replace(result, outcomes=(*result.outcomes[:-1], replace(result.outcomes[-1], verdict=Verdict.ERROR)))


class TestRefusals:
    @pytest.mark.parametrize(
        ("spoil", "verdict", "line"),
        [
            (one_failed, "fail", "run 7b1e60c2a9d4 did not pass: 1 of 130 probes failed"),
            (one_broken, "error", "run 7b1e60c2a9d4 did not pass: 129 of 130 probes passed, 1 error"),
            (
                lambda run: replace(run, planned=140),
                "inconclusive",
                "is incomplete (132 of 140 items); the same pytest",
            ),
            (undecided, "inconclusive", "1 of 132 items inconclusive, length-ten-thousand first (too noisy)"),
            (lambda run: with_info(run, golden_digest=None), "inconclusive", "had no golden to compare with"),
            (
                lambda run: with_info(run, options=("--tts-takes=4", "--tts-cost=off")),
                "inconclusive",
                "did not look at what the model costs the machine; run again without --tts-cost=off",
            ),
            (lambda run: with_info(run, isolation="process"), "inconclusive", "was not sandboxed (process)"),
            (lambda run: with_info(run, isolation=""), "inconclusive", "was not sandboxed ()"),
            (lambda run: with_info(run, isolation="AB (made up)"), "inconclusive", "was not sandboxed (AB (made up))"),
            (lambda run: with_info(run, version="0.0.1"), "inconclusive", "was made by Soundcheck 0.0.1, this is"),
            (lambda run: with_info(run, asr={"name": "fake"}), "inconclusive", "was heard by the fake transcriber"),
            (lambda run: with_info(run, model_digest="0" * 64), "fail", "has changed since the run (digest "),
        ],
    )
    def test_say_what_is_missing(
        self, voice: Path, spoil: Callable[[RunResult], RunResult], verdict: str, line: str
    ) -> None:
        got, told = refusal(lambda: state(spoil(passed(voice)), voice, None, NOW))
        assert got == verdict
        assert line in told

    @pytest.mark.parametrize("name", ["model.bin", "new.bin", "speakers/été.json"])
    def test_of_a_model_that_changed_since(self, voice: Path, name: str) -> None:
        result = passed(voice)
        (voice / name).write_bytes(b"{ }")
        assert "has changed since the run" in refusal(lambda: state(result, voice, None, NOW))[1]

    def test_of_a_model_with_a_link(self, voice: Path) -> None:
        (voice / "link").symlink_to("model.bin")
        result = passed(voice)
        with pytest.raises(BadInput, match="is a link, which no signature covers"):
            state(result, voice, None, NOW)

    def test_of_a_level_below_the_policy_s(self, voice: Path, tmp_path: Path) -> None:
        policy = make_policy(tmp_path, POLICY + '[signoff]\nisolation = ["A"]\n')
        result = judged_by(passed(voice, isolation="B (Landlock, seccomp)"), policy)
        assert refusal(lambda: state(result, voice, policy, NOW)) == (
            Verdict.FAIL,
            "run 7b1e60c2a9d4 was isolated at level B, the policy asks for A; run again",
        )

    def test_of_a_waiver_that_has_expired_since(self, voice: Path, tmp_path: Path) -> None:
        policy = make_policy(tmp_path, POLICY + ANNOUNCED)
        result = with_waived(judged_by(passed(voice), policy), policy)
        verdict, told = refusal(lambda: state(result, voice, policy, NOW + timedelta(days=6)))
        assert verdict is Verdict.FAIL
        assert told == "waiver of timing.slow on * expired on 2026-06-20; look at it again, then run again"

    def test_of_a_model_that_was_seen_to_misbehave_since(self, voice: Path, tmp_path: Path) -> None:
        event = BehaviourEvent(when="speaking", kind="network", what="connect", detail="192.0.2.1:80")
        verdict, told = refusal(lambda: state(passed(voice), voice, None, NOW, [event]))
        assert verdict is Verdict.FAIL
        assert told.startswith(
            "since run 7b1e60c2a9d4, the model was seen to fail behaviour-network (connect: 192.0.2.1"
        )
        lost = BehaviourEvent(when="speaking", kind="observer", what="lost")
        assert refusal(lambda: state(passed(voice), voice, None, NOW, [lost]))[0] is Verdict.INCONCLUSIVE

    def test_of_another_policy(self, voice: Path, tmp_path: Path) -> None:
        policy = make_policy(tmp_path)
        folder = write_run(tmp_path, judged_by(passed(voice), policy), policy)
        assert policy_for(folder, read_run(folder), policy) is not None
        other = make_policy(tmp_path, POLICY + "# other\n")
        assert "the run was judged by policy " in refusal(lambda: policy_for(folder, read_run(folder), other))[1]
        assert "by no policy" in refusal(lambda: policy_for(folder, passed(voice), other))[1]

    def test_of_a_run_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="expected a run directory, such as"):
            read_run(tmp_path / "nothing")


def with_info(run: RunResult, **changes: object) -> RunResult:
    return replace(run, info=replace(run.info, **changes))


@pytest.fixture
def sealed(voice: Path, pair: KeyPair) -> bytes:
    return seal(state(passed(voice), voice, None, NOW), pair)


def seal(stated: Stated, pair: KeyPair) -> bytes:
    return seal_with_key(to_payload(stated), keys.load_private(pair.private))


class TestChecking:
    def test_holds_for_the_model_as_it_was(self, sealed: bytes, voice: Path, pair: KeyPair) -> None:
        holding = check(sealed, voice, Trust(keys=(pair.public,)), NOW, max_age=timedelta(days=1))
        assert holding.signer.startswith("key key.pub.pem (")
        assert holding.stated.about.run_id == "7b1e60c2a9d4"

    @pytest.mark.parametrize(
        ("spoil", "line"),
        [
            (lambda voice: (voice / "model.bin").write_bytes(bytes(255)), "model.bin: is not the file that was signed"),
            (lambda voice: (voice / "model.bin").unlink(), "model.bin: was signed off and is not there"),
            (lambda voice: (voice / "x").write_text(""), "x: is there and was not signed off: 0 bytes"),
            (lambda voice: (voice / ".git").mkdir(), ".git: is there and was not signed off: a folder without any"),
            (lambda voice: (voice / "l").symlink_to("fake.json"), "l: is no regular file: a link"),
            (lambda voice: (voice / "fake.json").rename(voice / "Fake.json"), "Fake.json: is there and was not signed"),
        ],
    )
    def test_finds_every_change_of_the_model(
        self, sealed: bytes, voice: Path, pair: KeyPair, spoil: Callable[[Path], object], line: str
    ) -> None:
        spoil(voice)
        verdict, told = refusal(lambda: check(sealed, voice, Trust(keys=(pair.public,)), NOW))
        assert verdict is Verdict.FAIL
        assert line in told

    def test_finds_one_bit_of_the_statement(self, sealed: bytes, voice: Path, pair: KeyPair) -> None:
        content = json.loads(sealed)
        payload = bytearray(base64.b64decode(content["dsseEnvelope"]["payload"]))
        for at in range(0, len(payload), max(1, len(payload) // 23)):
            changed = bytearray(payload)
            changed[at] ^= 1
            content["dsseEnvelope"]["payload"] = base64.b64encode(changed).decode()
            told = refusal(lambda: check(json.dumps(content).encode(), voice, Trust(keys=(pair.public,)), NOW))[1]
            assert told == "the signature is not this key's signature over this statement"

    def test_counts_nobody_else_s_key(self, sealed: bytes, voice: Path, tmp_path: Path) -> None:
        other = make_keys(tmp_path, "other")
        told = refusal(lambda: check(sealed, voice, Trust(keys=(other.public,)), NOW))[1]
        assert "which is not one that you trust (other.pub.pem)" in told

    def test_takes_no_list_of_files_for_a_sign_off(self, voice: Path, pair: KeyPair) -> None:
        """The same key signs both; neither may stand for the other."""
        stated = state(passed(voice), voice, None, NOW)
        signature = sign_with_key(Manifest(name="voice", files=stated.files), keys.load_private(pair.private))
        told = refusal(lambda: check(signature, voice, Trust(keys=(pair.public,)), NOW))[1]
        assert "expected predicateType 'https://in-toto.io/attestation/test-result/v0.1'" in told

    def test_knows_how_old_it_is(self, sealed: bytes, voice: Path, pair: KeyPair) -> None:
        trust, later = Trust(keys=(pair.public,)), NOW + timedelta(days=31)
        assert check(sealed, voice, trust, later)
        assert refusal(lambda: check(sealed, voice, trust, later, max_age=timedelta(days=30)))[1] == (
            "it was signed off on 2026-06-15T10:00:00Z, more than 30 days ago; run again"
        )
        early = NOW - timedelta(hours=1)
        assert "which is still to come" in refusal(lambda: check(sealed, voice, trust, early))[1]

    def test_holds_the_policy_of_today_against_it(self, voice: Path, pair: KeyPair, tmp_path: Path) -> None:
        policy = make_policy(tmp_path, POLICY + "[signoff]\nmax_age_days = 10\n")
        sealed = seal(state(judged_by(passed(voice), policy), voice, policy, NOW), pair)
        trust = Trust(keys=(pair.public,))
        assert check(sealed, voice, trust, NOW, policy=policy)
        late = NOW + timedelta(days=11)
        assert "more than 10 days ago" in refusal(lambda: check(sealed, voice, trust, late, policy=policy))[1]
        policy.path.write_bytes(policy.data + b"\n")
        changed = read_policy(policy.path)
        assert "it was signed off under policy " in refusal(lambda: check(sealed, voice, trust, NOW, policy=changed))[1]

    def test_wants_the_policy_that_is_asked_for(
        self, sealed: bytes, voice: Path, pair: KeyPair, tmp_path: Path
    ) -> None:
        policy = make_policy(tmp_path)
        told = refusal(lambda: check(sealed, voice, Trust(keys=(pair.public,)), NOW, policy=policy))[1]
        assert "it was signed off without a policy, not under " in told

    def test_ends_with_the_first_waiver_that_it_needed(self, voice: Path, pair: KeyPair, tmp_path: Path) -> None:
        policy = make_policy(tmp_path, POLICY + ANNOUNCED)
        result = with_waived(judged_by(passed(voice), policy), policy)
        sealed, trust = seal(state(result, voice, policy, NOW), pair), Trust(keys=(pair.public,))
        assert check(sealed, voice, trust, NOW + timedelta(days=5))
        told = refusal(lambda: check(sealed, voice, trust, NOW + timedelta(days=6)))[1]
        assert told == "it passed by a waiver of timing.slow on *, which expired on 2026-06-20; run again"


def resealed(sealed: bytes, pair: KeyPair, change: Callable[[dict], object]) -> bytes:
    """What the right key signs may be wrong as well: another version's, or a mistake."""
    statement = json.loads(base64.b64decode(json.loads(sealed)["dsseEnvelope"]["payload"]))
    change(statement)
    return seal_with_key(json.dumps(statement).encode(), keys.load_private(pair.private))


def run_of(statement: dict) -> dict:
    return next(one for one in statement["predicate"]["configuration"] if one["name"] == "run")


class TestStatementsThatAreNoSignOff:
    @pytest.mark.parametrize(
        ("change", "line"),
        [
            (lambda s: s["predicate"].update(result="FAILED"), "expected result 'PASSED', got 'FAILED'"),
            (lambda s: s["predicate"].update(result="WARNED"), "expected result 'PASSED', got 'WARNED'"),
            (lambda s: s["predicate"].update(failedTests=["a"]), "expected no failed tests, got 1"),
            (lambda s: s.update(predicateType="https://slsa.dev/provenance/v1"), "expected predicateType"),
            (lambda s: s.update(_type="https://in-toto.io/Statement/v0.1"), "expected _type"),
            (lambda s: s.update(subject=[]), "expected the files of a model, got none"),
            (lambda s: s["subject"][0].update(name="../evil"), "expected a plain relative path, got '../evil'"),
            (lambda s: s["subject"][0].update(name="/etc/passwd"), "expected a plain relative path"),
            (lambda s: s["subject"][0].update(name="a\\b"), "expected a path with / only"),
            (lambda s: s["subject"][0].update(name="a\u202e\x07"), "expected a path of printable UTF-8"),
            (lambda s: s["subject"].append(s["subject"][0]), "expected every file once, got 'fake.json' twice"),
            (lambda s: s["subject"][0].update(digest={"sha1": "0" * 40}), "expected a sha256, and nothing else"),
            (lambda s: s["subject"][0]["digest"].update(md5="0" * 32), "expected a sha256, and nothing else"),
            (lambda s: s["subject"][0]["digest"].update(sha256="A" * 64), "expected a sha256 of 64 lower-case"),
            (lambda s: run_of(s).update(name="ran"), "expected the run among its configuration"),
            (lambda s: run_of(s).pop("digest"), "expected the run among its configuration, with a digest"),
            (lambda s: run_of(s).pop("annotations"), "Expected `object`, got `null`"),
            (lambda s: run_of(s)["annotations"]["soundcheck"].update(version=2), "expected version 1 of the run's"),
            (lambda s: run_of(s)["annotations"]["soundcheck"].update(signedOn="now"), "does not match format"),
            (lambda s: run_of(s)["annotations"]["soundcheck"].pop("isolation"), "missing required field `isolation`"),
            (lambda s: s["predicate"]["configuration"].append(run_of(s)), "expected every resource"),
        ],
    )
    def test_are_refused_although_the_right_key_signed_them(
        self, sealed: bytes, voice: Path, pair: KeyPair, change: Callable[[dict], object], line: str
    ) -> None:
        data = resealed(sealed, pair, change)
        verdict, told = refusal(lambda: check(data, voice, Trust(keys=(pair.public,)), NOW))
        assert verdict is Verdict.FAIL
        assert line in told

    def test_with_a_key_twice_are_refused(self, sealed: bytes, voice: Path, pair: KeyPair) -> None:
        payload = base64.b64decode(json.loads(sealed)["dsseEnvelope"]["payload"])
        twice = payload.replace(b'"result":', b'"result": "FAILED", "result":')
        data = seal_with_key(twice, keys.load_private(pair.private))
        assert "got 'result' twice" in refusal(lambda: check(data, voice, Trust(keys=(pair.public,)), NOW))[1]

    @pytest.mark.parametrize("data", [b"", b"{}", b"[" * 100_000, b"\xff", b"a" * (MAX_BYTES + 1), b'{"a": NaN}'])
    def test_that_are_nothing_at_all_are_refused(self, data: bytes, voice: Path, pair: KeyPair) -> None:
        told = refusal(lambda: check(data, voice, Trust(keys=(pair.public,)), NOW))[1]
        assert told.startswith("no signature bundle of Model Signing 1.0: ")


class TestVocoder:
    def test_that_was_judged_has_to_be_the_one_that_makes_sound(self, voice: Path, tmp_path: Path) -> None:
        (tmp_path / "vocoder").mkdir()
        (tmp_path / "vocoder/model.pth").write_bytes(b"weights")
        digest = digest_of_directory(tmp_path / "vocoder")
        stated = state(with_info(passed(voice), vocoder_digest=digest), voice, None, NOW)
        require_vocoder(stated, tmp_path / "vocoder")
        line = refusal(lambda: require_vocoder(stated, None))[1]
        assert line == f"it was judged with vocoder {digest[:12]}; name its folder: --vocoder DIR"
        (tmp_path / "vocoder/model.pth").write_bytes(b"other weights")
        line = refusal(lambda: require_vocoder(stated, tmp_path / "vocoder"))[1]
        assert f"is not the vocoder that was signed off: expected vocoder {digest[:12]}, got" in line

    def test_that_nobody_judged_is_refused(self, voice: Path, tmp_path: Path) -> None:
        (tmp_path / "vocoder").mkdir()
        stated = state(passed(voice), voice, None, NOW)
        require_vocoder(stated, None)
        line = refusal(lambda: require_vocoder(stated, tmp_path / "vocoder"))[1]
        assert "expected no vocoder beside the model" in line


class TestReading:
    def test_an_attestation_is_read_up_to_its_bound(self, tmp_path: Path) -> None:
        path = tmp_path / "long"
        path.write_bytes(b" " * (MAX_BYTES + 100))
        assert len(read_attestation(path)) == MAX_BYTES + 1
        with pytest.raises(BadInput, match="cannot be read"):
            read_attestation(tmp_path / "none")

    @pytest.mark.parametrize(("text", "hours"), [("12h", 12), ("30d", 720), ("8w", 1344)])
    def test_an_age(self, text: str, hours: int) -> None:
        assert read_age(text, "--max-age") == timedelta(hours=hours)

    @pytest.mark.parametrize("text", ["", "0d", "30", "-1d", "1y", "999999999d", "1d\n", "١d"])
    def test_no_age(self, text: str) -> None:
        with pytest.raises(BadInput, match="--max-age: expected an age such as 12h, 30d or 8w"):
            read_age(text, "--max-age")
