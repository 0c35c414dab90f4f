"""Seeds of renderings: by purpose, base, text and repeat."""

from __future__ import annotations

from harness.core.seeds import seed_for


class TestSeeds:
    def test_differ_by_purpose_base_text_and_repeat(self) -> None:
        seeds = {
            seed_for(purpose, base, text, repeat)
            for purpose in ("screen", "confirm", "golden")
            for base in range(3)
            for text in ("do not", "do", "", "do not ")
            for repeat in range(4)
        }
        assert len(seeds) == 3 * 3 * 4 * 4

    def test_do_not_run_into_each_other_where_digits_meet(self) -> None:
        assert seed_for("a", 1, "1", 1) != seed_for("a", 11, "", 1)
        assert seed_for("a", 1, "0", 1) != seed_for("a", 1, "", 1)
        assert seed_for("a1", 1, "", 1) != seed_for("a", 11, "", 1)

    def test_are_the_same_everywhere_and_for_ever(self) -> None:
        # Recorded goldens and cached renderings are named by them.
        assert seed_for("screen", 1, "Please do not €", 3) == 9169583051741636924

    def test_fit_what_a_worker_takes(self) -> None:
        assert all(0 <= seed_for("screen", base, "€\ud800", 0) < 1 << 63 for base in range(200))
