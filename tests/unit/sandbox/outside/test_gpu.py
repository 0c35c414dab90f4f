"""A worker's memory on GPUs, by a driver that is played here: no test machine is sure to have one."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from harness.sandbox.outside import gpu


class NVMLError(Exception):
    pass


def driver(*devices, fails: str = "") -> SimpleNamespace:
    """A pynvml with these processes on each device: (pid, bytes)."""

    def failing(name, result):
        def call(*given):
            if name == fails:
                raise NVMLError(name)
            return result(*given)

        return call

    def processes(index):
        return [SimpleNamespace(pid=pid, usedGpuMemory=held) for pid, held in devices[index]]

    return SimpleNamespace(
        NVMLError=NVMLError,
        nvmlInit=failing("nvmlInit", lambda: None),
        nvmlDeviceGetCount=failing("nvmlDeviceGetCount", lambda: len(devices)),
        nvmlDeviceGetHandleByIndex=failing("nvmlDeviceGetHandleByIndex", lambda index: index),
        nvmlDeviceGetComputeRunningProcesses=failing("nvmlDeviceGetComputeRunningProcesses", processes),
    )


@pytest.fixture(autouse=True)
def fresh():
    gpu._nvml.cache_clear()
    yield
    gpu._nvml.cache_clear()


class TestGpuBytes:
    def test_are_summed_over_devices_and_processes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pynvml", driver([(7, 100), (8, 1)], [(7, 20), (9, 300)]))
        assert gpu.gpu_bytes([7, 9]) == 420
        assert gpu.gpu_bytes([5]) == 0

    @pytest.mark.parametrize(
        "fails",
        ["nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex", "nvmlDeviceGetComputeRunningProcesses"],
    )
    def test_are_unknown_where_the_driver_fails(self, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
        monkeypatch.setitem(sys.modules, "pynvml", driver([(7, 100)], fails=fails))
        assert gpu.gpu_bytes([7]) is None

    def test_are_unknown_where_the_driver_does_not_say(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pynvml", driver([(7, None)]))
        assert gpu.gpu_bytes([7]) is None
        assert gpu.gpu_bytes([8]) == 0

    def test_of_others_are_told_apart(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pynvml", driver([(7, 100), (8, None)], [(7, 20)]))
        assert gpu.gpu_others([7]) == 1
        assert gpu.gpu_others([7, 8]) == 0

    def test_of_others_are_unknown_where_the_driver_fails(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pynvml", driver([(7, 1)], fails="nvmlDeviceGetComputeRunningProcesses"))
        assert gpu.gpu_others([]) is None

    def test_are_unknown_without_the_library(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pynvml", None)
        assert gpu.gpu_bytes([7]) is None
