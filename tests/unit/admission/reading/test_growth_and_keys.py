"""What containers weigh and what keys cost: bombs are seen in any order of building, honest sharing is not one."""

from __future__ import annotations

import itertools
import pickle

import pytest

from harness.admission.reading import growth
from harness.admission.reading.bytesource import MemoryBytes
from harness.admission.reading.cursor import Bomb
from harness.admission.reading.keys import MAX_CLASH, KeyWatch
from harness.admission.reading.notebook import Budget, Notebook
from harness.admission.reading.pickles import PickleReader
from harness.admission.reading.symbols import Blob, Box
from harness.admission.reading.values import is_metric, look_at


def flaws_of(value: object, protocol: int = 4) -> list[str]:
    notebook = Notebook("x.pkl", Budget())
    PickleReader(MemoryBytes(pickle.dumps(value, protocol)), notebook).read()
    return [flaw.rule.id for flaw in notebook.flaws]


def box(*items: object) -> Box:
    return Box("tuple", list(items), len(items))


class TestGrowth:
    def test_a_shared_list_counts_as_often_as_it_is_held(self) -> None:
        inner, outer = Box("list"), Box("list")
        growth.put_in(inner, [1, 2, 3])
        growth.put_in(outer, [inner, inner])
        assert outer.weight == 1 + 2 * (1 + inner.weight)
        assert outer.depth == 2

    def test_honest_sharing_is_no_bomb(self) -> None:
        shared = [0.5] * 256
        assert flaws_of([{"speaker": shared, "again": [shared] * 50} for _ in range(100)]) == []

    def test_weighing_again_sees_what_was_filled_late(self) -> None:
        boxes = [Box("list") for _ in range(12)]
        for above, below in itertools.pairwise(boxes):
            growth.put_in(above, [below] * 8)
            above.count = 8
        growth.put_in(boxes[-1], [1] * 8)
        boxes[-1].count = 8
        assert boxes[0].weight < 100
        with pytest.raises(Bomb, match="stands for more than"):
            growth.check_whole(boxes[0], 0)

    def test_an_object_may_hold_what_holds_it_and_a_list_may_not(self) -> None:
        made, state = Box("object"), Box("dict")
        growth.put_in(state, ["parent", made])
        growth.put_in(made, [state])
        growth.check_whole(made, 0)
        itself = Box("list")
        growth.put_in(itself, [itself])
        with pytest.raises(Bomb, match="holds itself"):
            growth.check_whole(itself, 0)


class TestKeys:
    def test_honest_tables_pass(self) -> None:
        assert flaws_of({(n, n * 7): n for n in range(5000)}) == []
        assert flaws_of({n / 8: n for n in range(-5000, 5000)}) == []
        assert flaws_of({(-1, n): 0 for n in range(500)} | {(-2, n): 0 for n in range(500)}) == []
        assert flaws_of([{(0, 1): n} for n in range(5000)]) == []

    def test_so_many_of_one_hash_pass_and_no_more(self) -> None:
        watch = KeyWatch()
        keys = [box(*(-1 if one >> bit & 1 else -2 for bit in range(8))) for one in range(MAX_CLASH + 2)]
        for key in keys[:-1]:
            watch.check(key)
            watch.check(key)
        with pytest.raises(Bomb, match="share one hash"):
            watch.check(keys[-1])

    @pytest.mark.parametrize("key", [2**61 - 1, -(2**70), Blob("number", 0, 400), box(2**61 - 1), box(box(2**90))])
    def test_a_huge_number_is_refused_wherever_it_stands(self, key: object) -> None:
        with pytest.raises(Bomb, match="huge number"):
            KeyWatch().check(key)

    def test_texts_are_never_counted(self) -> None:
        watch = KeyWatch()
        for _ in range(100_000):
            watch.check("same")
        assert flaws_of({f"layer.{n}": n for n in range(20_000)}) == []


class TestValues:
    def test_a_mask_is_one_in_the_whole_storage_and_not_in_one_block(self) -> None:
        import numpy as np

        mask = np.array([0.0, -np.inf, 0.0, -np.inf], np.float32).tobytes()
        assert look_at([mask, bytes(16)], "float32").is_mask
        assert not look_at([mask, np.ones(4, np.float32).tobytes()], "float32").is_mask
        assert not look_at([np.ones(4, np.float16).tobytes() * 2, mask[:0] + b"\0\xfc" * 8], "float16").is_mask

    def test_a_name_or_a_share_makes_a_mask_with_other_values_and_never_for_weights(self) -> None:
        import numpy as np

        few = look_at([np.array([1.0] * 31 + [-np.inf], np.float32).tobytes()], "float32")
        half = look_at([np.array([1.0, -np.inf] * 2, np.float32).tobytes()], "float32")
        assert few.may_be_mask(("attn_mask",))
        assert not few.may_be_mask(("scale",))
        assert half.may_be_mask(("scale",))
        assert not half.may_be_mask(("decoder.weight",))
        assert not look_at([np.array([np.nan, -np.inf] * 2, np.float32).tobytes()], "float32").may_be_mask(("mask",))

    @pytest.mark.parametrize("label", ["train_loss", "best_loss", "metrics", "val score", "eval_f0"])
    def test_measurements_go_by_their_names(self, label: str) -> None:
        assert is_metric(label)

    @pytest.mark.parametrize("label", ["loss.weight", "encoder.score.bias", "weight", "", "loss_weight", "model"])
    def test_weights_are_no_measurements(self, label: str) -> None:
        assert not is_metric(label)
