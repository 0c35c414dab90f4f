"""The pytest plugin: hooks only, each delegating in a few lines. Nothing imports this module.

Everything but the options is imported when a suite is collected: ``pytest --help`` pays for none of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.core.errors import BadInput, SoundcheckError
from harness.core.text import inert
from harness.run.options import BY_STEM, add_options
from harness.run.settings import Settings, chosen_of, placed_model, project_of, read_settings

if TYPE_CHECKING:
    from harness.models.judged import Judged
    from harness.pytest_plugin.collect import SuiteFile
    from harness.pytest_plugin.gate import Gate

SUITE_SUFFIX = ".probes.yaml"

PYTEST_STYLES = {"dim": "light"}
"""Style words of the writers that pytest calls otherwise."""

ONLY_INCONCLUSIVE = 10
"""Exit code of ``--tts-gate=release`` where every failure is an inconclusive verdict."""

ENDLESS = ("worker.endless", "worker.hung")
"""Rules of a rendering that was stopped because it cost too much."""

ALLOW_UNSANDBOXED = "--tts-allow-unsandboxed"
GATE = pytest.StashKey["Gate"]()
RUN_ID = pytest.StashKey[str]()
SETTINGS = pytest.StashKey[Settings]()
JUDGED = pytest.StashKey["Judged"]()
IS_REPORTED = pytest.StashKey[bool]()


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Register the hooks that a conftest.py may implement."""
    from harness.pytest_plugin import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register ``--tts-*``."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Refuse a run that the candidate or the reference configures, before any conftest.py is loaded."""
    from harness.pytest_plugin.guard import refuse_configuration, refuse_spaces

    refuse_spaces(args)
    if judged := _checked(lambda: _judged(early_config)):
        early_config.stash[JUDGED] = judged
        named = early_config.known_args_namespace.file_or_dir or early_config.getini("testpaths")
        refuse_configuration(early_config, named, judged)


@pytest.hookimpl(tryfirst=True)
def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Collect nothing of what is judged: its suites and tests are not the project's."""
    return True if JUDGED in config.stash and config.stash[JUDGED].holding(collection_path) else None


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse a model or golden that is not there before anything is collected, in every process alike."""
    config = session.config
    _refuse_loaded(config)
    named = [argument for argument in config.args if argument.partition("::")[0].endswith(SUITE_SUFFIX)]
    if not named and not config.getoption("tts_model", None):
        return
    settings = _checked(lambda: _settings(config))
    # addopts and PYTEST_ADDOPTS are written once and forgotten; this must be somebody's word each time.
    is_typed = hasattr(config, "workerinput") or ALLOW_UNSANDBOXED in map(str, config.invocation_params.args)
    if settings.allow_unsandboxed and not is_typed:
        raise pytest.UsageError(f"{ALLOW_UNSANDBOXED}: expected on the command line itself, got it from addopts")
    if settings.model:
        _checked(lambda: _look(settings))
    elif not config.option.collectonly:
        raise pytest.UsageError(f"{named[0]}: which model? Add --tts-model=DIR, or tts_model to the ini file")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SuiteFile | None:
    """Collect ``*.probes.yaml`` where a candidate is named, or where only a list is wanted."""
    if not file_path.name.endswith(SUITE_SUFFIX):
        return None
    gate = _gate(parent.config)
    if not gate.settings.model and not parent.config.option.collectonly:
        return None
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
    if GATE not in config.stash or config.option.collectonly:
        return
    from harness.pytest_plugin.collect import ProbeItem, probes_of

    if any(isinstance(item, ProbeItem) for item in session.items):
        _checked(lambda: config.stash[GATE].begin(probes_of(session.items)))
        config.stash[RUN_ID] = config.stash[GATE].run_id


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """End the worker; say by exit code 10 that nothing failed but what could not be decided; tell xdist the run."""
    config = session.config
    if exitstatus == pytest.ExitCode.TESTS_FAILED and _only_inconclusive(config):
        session.exitstatus = ONLY_INCONCLUSIVE
    if GATE in config.stash:
        config.stash[GATE].close()
    if hasattr(config, "workeroutput") and RUN_ID in config.stash:
        config.workeroutput["soundcheck_run_id"] = config.stash[RUN_ID]
    elif RUN_ID in config.stash:
        _judge_late(session)


def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> tuple[str, str, str] | None:
    """``D`` in place of ``F`` for what failed by nothing but what it costs the machine."""
    if not report.failed or not isinstance(report, pytest.TestReport):
        return None
    rules = [str(value).rpartition(" ")[2] for name, value in report.user_properties if name == "tts_finding"]
    is_cost = bool(rules) and all(rule.startswith("cost.") or rule in ENDLESS for rule in rules)
    return ("failed", "D", "DEARER") if is_cost else None


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Learn from an xdist worker which run it was."""
    run_id = getattr(node, "workeroutput", {}).get("soundcheck_run_id", "")
    if run_id:
        node.config.stash[RUN_ID] = str(run_id)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write the reports and print the verdict."""
    if RUN_ID in config.stash and not hasattr(config, "workeroutput"):
        _report(terminalreporter, config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Do so as well where pytest has no summary: after an early end, or with ``--no-summary``."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if RUN_ID in config.stash and IS_REPORTED not in config.stash and not hasattr(config, "workeroutput") and reporter:
        _report(reporter, config)


def _report(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    config.stash[IS_REPORTED] = True
    from harness.core.paths import shown
    from harness.pytest_plugin.gate import write_reports, write_requested
    from harness.report.terminal import summary_lines

    try:
        settings = _settings(config)
        result, path = write_reports(settings, config.stash[RUN_ID])
    except SoundcheckError as error:
        terminalreporter.write_line(f"soundcheck: {inert(str(error))}", red=True)
        return
    terminalreporter.write_sep("=", "soundcheck")
    for line, style in summary_lines(result, run_dir=shown(path), width=terminalreporter._tw.fullwidth):
        markup = {PYTEST_STYLES.get(name, name): True for name in style.split()}
        terminalreporter.write_line(line, **markup)
    for delivery in write_requested(settings, result, path):
        terminalreporter.write(delivery.printed)
        if delivery.told:
            terminalreporter.write_line(f"written  {delivery.told}", light=True)
        if delivery.problem:
            terminalreporter.write_line(f"soundcheck: {delivery.problem}", red=True)


def _judge_late(session: pytest.Session) -> None:
    """What was seen after the checks were made, or without them, fails the session too."""
    from harness.core.types import Verdict
    from harness.pytest_plugin.gate import judge_late

    settings = _settings(session.config)
    late = _checked(lambda: judge_late(settings, session.config.stash[RUN_ID]))
    decided = (pytest.ExitCode.OK, ONLY_INCONCLUSIVE)
    if session.exitstatus in decided and any(outcome.verdict is Verdict.FAIL for outcome in late):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    elif session.exitstatus == pytest.ExitCode.OK and late and settings.gate == "release":
        session.exitstatus = ONLY_INCONCLUSIVE


def _settings(config: pytest.Config) -> Settings:
    """Read once: a policy that is changed while the run lasts must not be taken for the one that it began with."""
    if SETTINGS not in config.stash:
        config.stash[SETTINGS] = read_settings(config)
    return config.stash[SETTINGS]


def _judged(config: pytest.Config) -> Judged | None:
    """Candidate and reference as they were typed or written; None where neither was."""
    typed = vars(config.known_args_namespace)
    words = {"candidate": "model", "reference": "reference"}
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
    if GATE not in config.stash:
        from harness.pytest_plugin.gate import Gate

        settings = _checked(lambda: _settings(config))
        writer = getattr(config, "workerinput", {}).get("workerid", "main")
        config.stash[GATE] = Gate(settings, writer=writer, tell=_teller(config))
    return config.stash[GATE]


def _only_inconclusive(config: pytest.Config) -> bool:
    reporter = config.pluginmanager.getplugin("terminalreporter")
    stats = reporter.stats if reporter is not None else {}
    verdicts = {dict(report.user_properties).get("tts_verdict") for report in stats.get("failed", [])}
    return verdicts == {"inconclusive"} and not stats.get("error")


def _look(settings: Settings) -> None:
    from harness.goldens.folder import find_golden
    from harness.models.fetching.local import local_model
    from harness.models.files import find_model, find_voice
    from harness.pytest_plugin.gate import check_requested

    find_voice(*find_model(local_model(settings.model)), settings.voice)
    check_requested(settings)
    if settings.golden:
        find_golden(settings.golden, settings.golden_folders)


def _checked(work: Any) -> Any:
    """Turn the harness's own errors into pytest's: usage where the user can mend it, else an early end."""
    try:
        return work()
    except BadInput as error:
        raise pytest.UsageError(inert(str(error))) from None
    except SoundcheckError as error:
        pytest.exit(f"soundcheck: {inert(str(error))}", returncode=int(pytest.ExitCode.INTERNAL_ERROR))


def _teller(config: pytest.Config) -> Any:
    """Lines for a person who waits: only on a terminal, only where pytest is not quiet, never under xdist."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    capture = config.pluginmanager.getplugin("capturemanager")
    if reporter is None or not reporter.isatty or reporter.verbosity < 0 or hasattr(config, "workerinput"):
        return lambda _: None

    def tell(line: str) -> None:
        with capture.global_and_fixture_disabled():
            reporter.write(f"\n  soundcheck: {line}", flush=True)

    return tell
