"""The page in a real browser: it plays, filters and sorts, fits every window, and has nothing to complain about."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.report.page import html
from tests.chromium import Browser, browsing, find_chromium
from tests.report_samples import SampleAudio, hostile_run, watched_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHROMIUM = find_chromium()
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium was found; install one, or name it in SOUNDCHECK_CHROMIUM"
)

WINDOWS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
OVERFLOWING = """
    Array.from(document.querySelectorAll("body *"))
        .filter((one) => !one.closest(".scroll, .unseen, svg") && one.getClientRects().length)
        .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
        .map((one) => one.outerHTML.slice(0, 120))
"""
OPEN_ALL = 'for (const one of document.querySelectorAll("details")) one.open = true'


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    assert CHROMIUM is not None
    with browsing(CHROMIUM, tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    audio = SampleAudio(folder)
    runs = {"watched": watched_run(), "hostile": hostile_run()}
    for name, run in runs.items():
        html.write(run, audio, folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in runs}


@pytest.mark.parametrize("name", ["watched", "hostile"])
@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
class TestEveryWindow:
    def test_holds_the_page_without_overflow_or_complaint(
        self, browser: Browser, pages: dict[str, Path], name: str, width: int, scheme: str
    ) -> None:
        browser.open(pages[name], width=width, scheme=scheme)
        browser.run(OPEN_ALL)
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.run(OVERFLOWING) == []
        assert browser.complaints == []

    def test_has_contrast_for_its_text(
        self, browser: Browser, pages: dict[str, Path], name: str, width: int, scheme: str
    ) -> None:
        browser.open(pages[name], width=width, scheme=scheme)
        paper, ink = (
            browser.run(f"getComputedStyle(document.body).{what}.match(/\\d+/g).map(Number)")
            for what in ("backgroundColor", "color")
        )
        quiet = browser.run('getComputedStyle(document.querySelector(".facts dt")).color.match(/\\d+/g).map(Number)')
        assert contrast(paper, ink) > 12
        assert contrast(paper, quiet) > 4.5  # WCAG 2.2, success criterion 1.4.3


def contrast(one: list[int], other: list[int]) -> float:
    """Contrast ratio of two colours (WCAG 2.2, definitions)."""

    def luminance(colour: list[int]) -> float:
        linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


class TestHostileText:
    def test_runs_nothing_and_changes_nothing(self, browser: Browser, pages: dict[str, Path]) -> None:
        browser.open(pages["hostile"])
        assert browser.run('document.querySelectorAll("script").length') == 1
        assert browser.run('document.querySelectorAll("style").length') == 1
        assert browser.run("document.title.startsWith('FAIL: candidate')")
        assert browser.run('document.querySelector("blockquote").textContent.includes("<script>alert(1)</script>")')
        assert not browser.run(
            r"/[\u202a-\u202e\u2066-\u2069\u200b-\u200f\x1b]/.test(document.documentElement.outerHTML)"
        )
        assert browser.complaints == []

    def test_is_refused_what_the_policy_forbids(self, browser: Browser, pages: dict[str, Path], tmp_path: Path) -> None:
        # The same page after somebody got a script, a handler and a style into it: the policy must hold by itself.
        text = pages["hostile"].read_text("utf-8")
        script = '<script>document.title = "owned"</script>'
        handler = '<img src="x.png" onerror="document.title = 1">'
        bad = f'<main>{script}{handler}<p id="p" style="color:red">'
        (tmp_path / "bad.html").write_text(text.replace("<main>", bad, 1), "utf-8")
        browser.open(tmp_path / "bad.html")
        assert browser.run("document.title.startsWith('FAIL: candidate')")
        assert browser.run('getComputedStyle(document.getElementById("p")).color') != "rgb(255, 0, 0)"
        assert len([one for one in browser.complaints if "Content Security Policy" in one]) >= 3


class TestThePlayer:
    @pytest.fixture
    def card(self, browser: Browser, pages: dict[str, Path]) -> Browser:
        browser.open(pages["watched"])
        browser.run(
            'window.card = document.querySelectorAll("#findings .card")[1]; card.open = true; card.scrollIntoView()'
        )
        return browser

    def test_decodes_every_voice_and_draws_every_picture(self, card: Browser) -> None:
        lengths = card.run("""
            Promise.all(Array.from(card.querySelectorAll("audio")).map((audio) => new Promise((done) => {
                audio.addEventListener("loadedmetadata", () => done(audio.duration));
                audio.addEventListener("error", () => done(-1));
                audio.preload = "metadata";
            })))
        """)
        assert len(lengths) == 3
        assert all(length == pytest.approx(1.6, abs=0.05) for length in lengths)
        widths = card.run("""
            Promise.all(Array.from(card.querySelectorAll("img")).map(async (img) => {
                img.loading = "eager"; await img.decode(); return img.naturalWidth;
            }))
        """)
        assert len(widths) == 3
        assert min(widths) > 50

    def test_loads_no_sound_before_it_is_asked_for(self, card: Browser) -> None:
        assert card.run('Array.from(document.querySelectorAll("audio")).every((one) => one.readyState === 0)')

    def test_keeps_its_place_from_voice_to_voice(self, card: Browser) -> None:
        found = card.run("""(async () => {
            const [candidate, golden] = card.querySelectorAll("audio");
            const playing = (audio) => new Promise((done) => audio.addEventListener("timeupdate", function f() {
                if (audio.currentTime > 0.2) { audio.removeEventListener("timeupdate", f); done(); }
            }));
            card.querySelector(".play").click();
            await playing(candidate);
            const before = candidate.currentTime;
            card.querySelectorAll(".voices input")[1].click();
            await playing(golden);
            const after = golden.currentTime;
            const state = [candidate.paused, golden.paused, card.querySelector(".play").getAttribute("aria-label")];
            card.querySelector(".play").click();
            return { before, after, state, head: card.querySelector(".head").getAttribute("x1") };
        })()""")
        assert found["state"] == [True, False, "Pause"]
        assert found["before"] <= found["after"] + 0.1
        assert found["after"] - found["before"] < 0.8
        assert float(found["head"].rstrip("%")) > 5

    def test_is_worked_by_keyboard(self, card: Browser) -> None:
        card.run('card.querySelector(".voices input").focus()')
        card.press("ArrowRight", 39)
        assert card.run('card.querySelectorAll(".voices input")[1].checked')
        card.run('card.querySelector(".place").focus()')
        for _ in range(3):
            card.press("ArrowRight", 39)
        assert card.run('parseFloat(card.querySelector(".clock").textContent)') >= 0
        assert card.run('Number(card.querySelector(".place").value)') == pytest.approx(0.003)
        card.run('card.querySelector(".play").focus()')
        assert card.run('document.activeElement.matches(".play:focus-visible")')

    def test_follows_a_click_into_the_picture(self, card: Browser) -> None:
        card.run("""
            const box = card.querySelector(".stack").getBoundingClientRect();
            card.querySelector(".stack").dispatchEvent(
                new PointerEvent("pointerdown", { clientX: box.left + box.width / 2, bubbles: true }));
        """)
        assert card.run('card.querySelector(".head").getAttribute("x1")') == "50%"


class TestTheTable:
    SHOWN = 'Array.from(document.querySelectorAll("#items tbody tr:not([hidden])"))'

    def test_is_filtered_by_verdict_family_and_text(self, browser: Browser, pages: dict[str, Path]) -> None:
        browser.open(pages["watched"])
        choose = 'const one = document.getElementById("{}"); one.value = "{}"; one.dispatchEvent(new Event("input"));'
        assert browser.run(f"{self.SHOWN}.length") == 133
        browser.run("{" + choose.format("verdict", "fail") + "}")
        assert browser.run(f"{self.SHOWN}.every((row) => row.dataset.verdict === 'fail')")
        assert browser.run("document.getElementById('shown').textContent") == "9 of 133 items"
        browser.run("{" + choose.format("family", "negation") + "}")
        assert browser.run(f"{self.SHOWN}.length") == 8
        browser.run("{" + choose.format("search", "BRIDGE osprey") + "}")
        assert browser.run(f"{self.SHOWN}.map((row) => row.dataset.subject)") == ["not-cross-bridge-osprey"]

    def test_is_sorted_both_ways(self, browser: Browser, pages: dict[str, Path]) -> None:
        browser.open(pages["watched"])
        button = "document.querySelectorAll('#items th button')"
        browser.run(f"{button}[0].click()")
        ranks = browser.run(f"{self.SHOWN}.map((row) => Number(row.dataset.rank))")
        assert ranks == sorted(ranks)
        browser.run(f"{button}[3].click()")
        sizes = browser.run(f"{self.SHOWN}.map((row) => Number(row.dataset.size))")
        assert sizes == sorted(sizes, reverse=True)
        browser.run(f"{button}[3].click()")
        assert browser.run("document.querySelectorAll('#items th[aria-sort]').length") == 1
        assert browser.run(f"{self.SHOWN}.map((row) => Number(row.dataset.size))") == sorted(sizes)


class TestWithoutAScript:
    def test_everything_is_there_with_a_player_for_each_voice(self, browser: Browser, pages: dict[str, Path]) -> None:
        browser.open(pages["watched"], script=False)
        tree = browser.call("DOM.getDocument", depth=-1)["root"]
        card = browser.call("DOM.querySelector", nodeId=tree["nodeId"], selector="#findings .card:nth-of-type(2)")
        node = browser.call("DOM.querySelectorAll", nodeId=card["nodeId"], selector=".players audio[controls]")
        assert len(node["nodeIds"]) == 3
        rows = browser.call("DOM.querySelectorAll", nodeId=tree["nodeId"], selector="#items tbody tr")
        assert len(rows["nodeIds"]) == 133
        controls = browser.call("DOM.querySelector", nodeId=tree["nodeId"], selector=".controls[hidden]")
        assert controls["nodeId"] != 0
        assert browser.complaints == []


def test_printing_shows_what_is_folded_and_no_controls(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["watched"])
    browser.look(width=900, media="print")
    shown = "Array.from(document.querySelectorAll('{}')).filter((one) => one.checkVisibility()).length"
    assert browser.run(shown.format(".deck, nav, .controls, button, audio")) == 0
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.run(shown.format(".card .phrase")) == 11


def test_a_page_with_the_files_beside_it_links_to_them(
    browser: Browser, pages: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copytree(pages["watched"].parent, tmp_path / "x")
    run = replace(watched_run(), outcomes=watched_run().outcomes[:6], planned=6)
    html.write(run, SampleAudio(tmp_path / "x"), tmp_path / "x" / "report.html")
    browser.open(tmp_path / "x" / "report.html")
    links = browser.run(
        "Array.from(document.querySelectorAll('.more .pairs a')).map((one) => one.getAttribute('href'))"
    )
    assert links
    assert all((tmp_path / "x" / link).is_file() for link in links)
