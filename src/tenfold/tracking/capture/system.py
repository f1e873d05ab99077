"""How much of the machine is in use, as numbers for the series `system/…`."""

from __future__ import annotations

import time

from tenfold.tracking.capture.machine import gpu_names

MIB = 1024 * 1024


class SystemMeter:
    """Reads CPU, memory, disk, network and NVIDIA GPUs; rates are since the reading before."""

    def __init__(self) -> None:
        import psutil

        self._psutil = psutil
        self._process = psutil.Process()
        self._process.cpu_percent()
        psutil.cpu_percent()
        self._gpus = len(gpu_names())
        self._before = self._counters()
        self._at = time.monotonic()

    def read(self) -> dict[str, float]:
        """The numbers now, by key."""
        psutil = self._psutil
        memory = psutil.virtual_memory()
        found = {
            "system/cpu_percent": psutil.cpu_percent(),
            "system/memory_percent": memory.percent,
            "system/process_cpu_percent": self._process.cpu_percent(),
            "system/process_memory_mib": self._process.memory_info().rss / MIB,
        }
        now, counters = time.monotonic(), self._counters()
        seconds = max(now - self._at, 0.001)
        for key, value in counters.items():
            found[key] = max(value - self._before.get(key, value), 0) / MIB / seconds
        self._at, self._before = now, counters
        return found | self._gpu()

    def _counters(self) -> dict[str, float]:
        found: dict[str, float] = {}
        disk, net = self._psutil.disk_io_counters(), self._psutil.net_io_counters()
        if disk is not None:
            found["system/disk_read_mib_s"] = disk.read_bytes
            found["system/disk_write_mib_s"] = disk.write_bytes
        if net is not None:
            found["system/net_received_mib_s"] = net.bytes_recv
            found["system/net_sent_mib_s"] = net.bytes_sent
        return found

    def _gpu(self) -> dict[str, float]:
        found: dict[str, float] = {}
        if not self._gpus:
            return found
        import pynvml

        for index in range(self._gpus):
            try:
                handle = pynvml.nvmlDeviceGetHandleByIndex(index)
                use, memory = pynvml.nvmlDeviceGetUtilizationRates(handle), pynvml.nvmlDeviceGetMemoryInfo(handle)
                found[f"system/gpu_{index}_percent"] = float(use.gpu)
                found[f"system/gpu_{index}_memory_percent"] = 100 * memory.used / memory.total
                found[f"system/gpu_{index}_watts"] = pynvml.nvmlDeviceGetPowerUsage(handle) / 1000
            except pynvml.NVMLError:
                continue  # this device does not tell this
        return found
