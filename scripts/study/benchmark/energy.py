"""The energy that processors have used, where Linux lets a user read it."""

from pathlib import Path

POWERCAP = Path("/sys/class/powercap")


class EnergyMeter:
    """Joules since `start`, of all processor packages with all that runs on them.

    Read from the counters of RAPL, which few machines let a user read.
    """

    def __init__(self, powercap: Path = POWERCAP) -> None:
        # intel-rapl:0 is a package, and intel-rapl:0:1 a part of it
        self._packages = [
            path for path in powercap.glob("intel-rapl:*") if path.name.count(":") == 1
        ]
        self._start = self._read()

    def start(self) -> None:
        """Count from now on."""
        self._start = self._read()

    def joules(self) -> float | None:
        """Energy since `start`, or None where the machine does not tell.

        A counter that began again meanwhile is counted right once.
        """
        now = self._read()
        if not now or len(now) != len(self._start):
            return None
        ranges = [int((path / "max_energy_range_uj").read_text()) for path in self._packages]
        spent = [
            (after - before) % (longest + 1)
            for before, after, longest in zip(self._start, now, ranges, strict=True)
        ]
        return sum(spent) / 1e6

    def _read(self) -> list[int]:
        """Every package's counter in microjoules; none if one of them cannot be read."""
        try:
            return [int((path / "energy_uj").read_text()) for path in self._packages]
        except OSError:
            return []
