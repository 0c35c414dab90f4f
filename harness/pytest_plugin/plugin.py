"""The pytest plugin: hooks only, each delegating in a few lines. Nothing imports this module.

Everything but the options is imported when a suite is collected: ``pytest --help`` pays for none of it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.core.errors import BadInput, SoundcheckError
from harness.core.garbage import uncollected
from harness.core.paths import shown
from harness.core.text import inert
from harness.core.thirdparty import own_filters, unloadable
from harness.pytest_plugin import ending, progress
from harness.pytest_plugin.ending import LastWord
from harness.pytest_plugin.progress import ProgressLine
from harness.pytest_plugin.stash import (
    ENDING_LINE,
    GATE,
    IS_REPORTED,
    JUDGED,
    PROGRESS,
    RUN_ID,
    SETTINGS,
    SUITE_SUFFIX,
    SUITE_WITHOUT_MODEL,
    is_gates,
    is_worker,
)
from harness.run.choices import chosen_of, placed_model, project_of
from harness.run.options import BY_STEM, add_options
from harness.run.settings import Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Set

    from harness.core.verdict import RunResult
    from harness.models.judged import Judged
    from harness.pytest_plugin.gate import Gate

PYTEST_STYLES = {"dim": "light"}
"""Style words of the writers that pytest calls otherwise."""

ENDLESS = ("worker.endless", "worker.hung")
"""Rules of a rendering that was stopped because it cost too much."""

ALLOW_UNSANDBOXED = "--tts-allow-unsandboxed"


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Register the hooks that a conftest.py may implement."""
    from harness.pytest_plugin import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register ``--tts-*``."""
    add_options(parser)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> Generator[None]:
    """Refuse a run that the candidate or the reference configures, before any conftest.py is loaded.

    Afterwards everybody is there who may have a say in the exit code: ours is the last.
    """
    from harness.pytest_plugin.guard import refuse_configuration, refuse_spaces

    refuse_spaces(args)
    if judged := _checked(lambda: _judged(early_config)):
        early_config.stash[JUDGED] = judged
        named = early_config.known_args_namespace.file_or_dir or early_config.getini("testpaths")
        refuse_configuration(early_config, named, judged)
    yield
    early_config.stash[PROGRESS] = ProgressLine(early_config)
    early_config.pluginmanager.register(early_config.stash[PROGRESS], progress.NAME)
    early_config.pluginmanager.register(LastWord(_end), ending.NAME)


@pytest.hookimpl(tryfirst=True)
def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Collect nothing of what is judged: its suites and tests are not the project's."""
    return True if JUDGED in config.stash and config.stash[JUDGED].holding(collection_path) else None


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse a model or golden that is not there before anything is collected, in every process alike."""
    from harness.pytest_plugin.asked import asking_words, refuse_without_model, which_model

    config = session.config
    _refuse_loaded(config)
    named = [argument for argument in config.args if argument.partition("::")[0].endswith(SUITE_SUFFIX)]
    if not named and not asking_words(config) and not config.getoption("tts_model", None):
        return
    settings = _checked(lambda: _settings(config))
    # addopts and PYTEST_ADDOPTS are written once and forgotten; this must be somebody's word each time.
    is_typed = is_worker(config) or ALLOW_UNSANDBOXED in map(str, config.invocation_params.args)
    if settings.allow_unsandboxed and not is_typed:
        raise pytest.UsageError(f"{ALLOW_UNSANDBOXED}: expected on the command line itself, got it from addopts")
    if settings.model:
        _checked(lambda: _look(settings))
        if settings.on and not is_worker(config) and not config.option.collectonly:
            _checked(lambda: _do_parts(config, settings))
    else:
        _checked(lambda: refuse_without_model(config))
        if named and not config.option.collectonly:
            raise pytest.UsageError(which_model(named[0]))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """Collect ``*.probes.yaml`` where a candidate is named, or where only a list is wanted."""
    if not file_path.name.endswith(SUITE_SUFFIX):
        return None
    if not _checked(lambda: _settings(parent.config)).model and not parent.config.option.collectonly:
        from harness.pytest_plugin.asked import SuiteWithoutModel

        suite: SuiteWithoutModel = SuiteWithoutModel.from_parent(parent, path=file_path)
        return suite
    gate = _gate(parent.config)  # which also says what cannot be imported
    from harness.pytest_plugin.collect import SuiteFile

    return SuiteFile.create(parent, file_path, gate)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Judge behaviour when everything has been spoken, also where there are several suites."""
    if GATE not in config.stash:
        return
    from harness.pytest_plugin.collect import is_late

    items.sort(key=is_late)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin the run once it is known which items are wanted."""
    config = session.config
    _refuse_loaded(config)
    if SUITE_WITHOUT_MODEL in config.stash and not is_worker(config):
        raise pytest.UsageError(_suite_without_model(config))
    if GATE not in config.stash or config.option.collectonly:
        return
    from harness.pytest_plugin.collect import ProbeItem, checks_in, probes_of

    if any(isinstance(item, ProbeItem) for item in session.items):
        _checked(lambda: config.stash[GATE].begin(probes_of(session.items), checks_in(session.items)))
        config.stash[RUN_ID] = config.stash[GATE].run_id


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a probe's report be what its verdict says, whatever marks it has been given."""
    report = yield
    if GATE in item.config.stash:
        from harness.pytest_plugin.collect import ProbeItem

        if isinstance(item, ProbeItem):
            item.settle(report, call)
    return report


def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> tuple[str, str, str] | None:
    """``D`` in place of ``F`` for what failed by nothing but what it costs the machine."""
    if not report.failed or not isinstance(report, pytest.TestReport):
        return None
    rules = [str(value).rpartition(" ")[2] for name, value in report.user_properties if name == "tts_finding"]
    is_cost = bool(rules) and all(rule.startswith("cost.") or rule in ENDLESS for rule in rules)
    return ("failed", "D", "DEARER") if is_cost else None


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> Any:
    """Of pytest-timeout: its thread ends the process, with the exit code of a failed model. A signal ends the item."""
    timeout = item.config.pluginmanager.getplugin("timeout")
    if not is_gates(item.nodeid) or settings.method != "thread" or timeout is None:
        return None
    return timeout.pytest_timeout_set_timer(item, settings._replace(method="signal"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write the reports and print the verdict."""
    if RUN_ID in config.stash and not is_worker(config):
        _report(terminalreporter, config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Do so as well where pytest has no summary: after an early end, with ``--no-summary`` or ``-p no:terminal``."""
    if is_worker(config):
        return
    if SUITE_WITHOUT_MODEL in config.stash and config.pluginmanager.hasplugin("dsession"):
        sys.stderr.write(f"ERROR: {_suite_without_model(config)}\n")
    if RUN_ID in config.stash and IS_REPORTED not in config.stash:
        _report(config.pluginmanager.getplugin("terminalreporter"), config)


def _report(reporter: pytest.TerminalReporter | None, config: pytest.Config) -> None:
    config.stash[IS_REPORTED] = True
    from harness.pytest_plugin.gate import shard_line, write_reports, write_requested
    from harness.report.terminal import summary_lines

    write = _writer(reporter)
    try:
        settings = _settings(config)
        with own_filters():
            result, path = write_reports(settings, config.stash[RUN_ID])
    except SoundcheckError as error:
        write(f"soundcheck: {inert(str(error))}", "red")
        return
    if reporter:
        reporter.write_sep("=", "soundcheck")
    width = reporter._tw.fullwidth if reporter else 120
    why = shard_line(settings) or config.stash.get(ENDING_LINE, "")
    for line, style in summary_lines(result, run_dir=shown(path), width=width, ending=why):
        write(line, style)
    for delivery in write_requested(settings, result, path):
        (reporter.write if reporter else sys.stdout.write)(delivery.printed)
        if delivery.told:
            write(f"written  {delivery.told}", "dim")
        if delivery.problem:
            write(f"soundcheck: {delivery.problem}", "red")


def _writer(reporter: pytest.TerminalReporter | None) -> Callable[[str, str], None]:
    """Writes a line in a style of our writers; without pytest's terminal, plainly: a verdict is always said."""
    if reporter is None:
        return lambda line, _: print(line)

    def write(line: str, style: str) -> None:
        markup = {PYTEST_STYLES.get(name, name): True for name in style.split()}
        reporter.write_line(line, **markup)

    return write


def _end(config: pytest.Config, lost: Set[str]) -> tuple[RunResult | None, str]:
    """End the worker, make late checks where this is the process that was started, and give what is on record."""
    from harness.core.ending import CI

    if GATE in config.stash:
        config.stash[GATE].close()
    if RUN_ID not in config.stash or is_worker(config):
        return None, CI
    from harness.pytest_plugin.gate import judge_late

    settings = _settings(config)
    return judge_late(settings, config.stash[RUN_ID], lost), settings.gate


def _suite_without_model(config: pytest.Config) -> str:
    from harness.pytest_plugin.asked import which_model

    line = which_model(config.stash[SUITE_WITHOUT_MODEL])
    return f"{line}; or leave suites out with --ignore-glob='*{SUITE_SUFFIX}'"


def _settings(config: pytest.Config) -> Settings:
    """Read once: a policy that is changed while the run lasts must not be taken for the one that it began with."""
    if SETTINGS not in config.stash:
        config.stash[SETTINGS] = read_settings(config)
    return config.stash[SETTINGS]


def _judged(config: pytest.Config) -> Judged | None:
    """Candidate, reference and vocoder as they were typed or written; None where none was."""
    typed = vars(config.known_args_namespace)
    words = {"candidate": "model", "reference": "reference", "vocoder": "vocoder"}
    chosen = {name: chosen_of(config, BY_STEM[stem], typed.get(f"tts_{stem}")) for name, stem in words.items()}
    project = project_of(config)
    models = {name: placed_model(choice, project) for name, choice in chosen.items() if choice}
    if not models:
        return None
    from harness.models.judged import Judged

    return Judged.of(**models)


def _refuse_loaded(config: pytest.Config) -> None:
    if JUDGED in config.stash:
        from harness.pytest_plugin.guard import refuse_loaded

        refuse_loaded(config, config.stash[JUDGED])


def _gate(config: pytest.Config) -> Gate:
    def make() -> Gate:
        from harness.pytest_plugin.gate import Gate

        writer = getattr(config, "workerinput", {}).get("workerid", "main")
        return Gate(_settings(config), writer=writer, tell=config.stash[PROGRESS].tell)

    if GATE not in config.stash:
        config.stash[GATE] = _checked(make)
    return config.stash[GATE]


def _look(settings: Settings) -> None:
    with uncollected():  # nearly all that a gate needs is imported here
        from harness.goldens.folder import find_golden
        from harness.models.vocoder import check_vocoder
        from harness.models.voices import named_voice
        from harness.pytest_plugin.gate import check_requested
        from harness.run.tools import make_store

    named_voice(settings.model, settings.voice, may_lack=True)
    check_vocoder(settings.model, settings.vocoder)
    check_requested(settings)
    if settings.store:
        make_store(settings, tell=lambda _: None)
    if settings.golden:
        find_golden(settings.golden, settings.golden_folders)


def _do_parts(config: pytest.Config, settings: Settings) -> None:
    """Have other processes or machines speak and hear before this session judges."""
    from harness.core.ending import Ending
    from harness.run.part import PYTEST, Given
    from harness.run.parts import done_in_parts

    write = _writer(config.pluginmanager.getplugin("terminalreporter"))
    words = tuple(map(str, config.invocation_params.args))
    done_in_parts(
        Given(module=PYTEST, arguments=words, ending=Ending.UNDECIDED, is_shared=True),
        settings,
        tell=lambda line: write(f"soundcheck: {inert(line)}", "dim"),
        progress=config.stash[PROGRESS].tell,
    )


def _checked(work: Any) -> Any:
    """Turn the harness's own errors into pytest's: usage where the user can mend it, else an early end."""
    try:
        with own_filters():
            return work()
    except BadInput as error:
        raise pytest.UsageError(inert(str(error))) from None
    except SoundcheckError as error:
        pytest.exit(f"soundcheck: {inert(str(error))}", returncode=int(pytest.ExitCode.INTERNAL_ERROR))
    except ImportError as error:
        if (error.name or "harness").startswith("harness"):
            raise  # ours, and no package that is missing
        told = f"{unloadable(str(error.name), error)}; soundcheck doctor says what else is missing"
        pytest.exit(f"soundcheck: {inert(told)}", returncode=int(pytest.ExitCode.INTERNAL_ERROR))
