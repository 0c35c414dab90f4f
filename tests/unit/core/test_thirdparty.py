"""Other people's packages: a project's filters of warnings do not reach them, and what does not load is one line."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pytest

from harness.core.errors import MissingDependency
from harness.core.installation import install_advice
from harness.core.thirdparty import IMPORT_FAILS, own_filters, require


class TestOwnFilters:
    def test_let_no_warning_through_and_give_the_project_s_back(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with own_filters():
                warnings.warn("somebody else's", ResourceWarning, stacklevel=1)
            with pytest.raises(UserWarning):
                warnings.warn("the project's", UserWarning, stacklevel=1)

    def test_hold_for_a_file_that_a_library_forgets(self, tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
        (tmp_path / "a").touch()
        with own_filters():
            list((tmp_path / "a").open("rb"))
        assert len(recwarn) == 0


class TestRequire:
    @pytest.mark.parametrize("failure", IMPORT_FAILS, ids=lambda kind: kind.__name__)
    def test_says_what_does_not_load_and_what_installs_it(
        self, failure: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "odd_package.py").write_text(f"raise {failure.__name__}('no\\nlibrary')", "utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(MissingDependency) as caught:
            require("odd_package", extra="whisper")
        assert str(caught.value) == (
            f"odd_package cannot be imported ({failure.__name__}: no); {install_advice('whisper')}"
        )

    def test_of_what_is_here_imports_it_whatever_it_warns_of(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "loud_package.py").write_text("import warnings; warnings.warn('loud')", "utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            require("loud_package")
        assert "loud_package" in sys.modules
