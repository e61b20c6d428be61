"""A page in a Chromium without a window, told what to do through the pipe that it has for that."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import F_DUPFD, fcntl
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")

OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--remote-debugging-pipe",
)


class Page:
    """A page, with the addresses that it asked for and what it told the console."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._answers = write, _messages(read)
        self._session: str | None = None
        self._number = 0
        self._events: list[str] = []
        self.requests: list[str] = []
        self.messages: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of Chromium's protocol and return its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        for answer in self._answers:
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self._note(answer)
        raise EOFError("Chromium ended")

    def _note(self, event: dict[str, Any]) -> None:
        name, params = event.get("method", ""), event.get("params", {})
        self._events.append(name)
        if name == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif name in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.messages.append(json.dumps(params))

    def open(self, file: Path) -> None:
        """Open a file and wait until all of it is there."""
        self._events.clear()
        self.call("Page.navigate", url=file.resolve().as_uri())
        while "Page.loadEventFired" not in self._events:
            self._note(next(self._answers))

    def run(self, script: str) -> Any:
        """Value of an expression of JavaScript, awaited if it is a promise."""
        result = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def resize(self, width: int, height: int = 900) -> None:
        """Make the window so large, in pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def emulate(self, media: str = "", scheme: str = "light") -> None:
        """Show it on paper (`print`) or the screen, dark or light."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        code = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowRight": 39}[key]
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            event = {"type": kind, "key": key, "windowsVirtualKeyCode": code, **text}
            self.call("Input.dispatchKeyEvent", **event)

    def click(self, selector: str) -> None:
        """Click in the middle of an element, which comes into view."""
        x, y = self.run(
            f"(() => {{ const element = document.querySelector({json.dumps(selector)});"
            "element.scrollIntoView({block: 'center'});"
            "const box = element.getBoundingClientRect();"
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            event = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", **event)

    def point(self, x: float, y: float) -> None:
        """Move the pointer to a place of the window."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def print(self, file: Path, width: float, height: float) -> None:
        """Print it as a PDF on paper of so many inches."""
        paper = {"paperWidth": width, "paperHeight": height, "preferCSSPageSize": False}
        file.write_bytes(base64.b64decode(self.call("Page.printToPDF", **paper)["data"]))


@contextmanager
def chromium(profile: Path) -> Iterator[Page]:
    """Page of a Chromium of its own, which ends with the block; `profile` is an empty folder."""
    assert PROGRAM
    its_in, our_out = os.pipe()
    our_in, its_out = os.pipe()
    # It reads from 3 and writes to 4, which the pipes' own numbers must not be.
    ends = [fcntl(end, F_DUPFD, 10) for end in (its_in, its_out)]

    def place() -> None:
        os.dup2(ends[0], 3)
        os.dup2(ends[1], 4)

    process = subprocess.Popen(
        [PROGRAM, *OPTIONS, f"--user-data-dir={profile}"],
        pass_fds=(3, 4),
        preexec_fn=place,
        stderr=subprocess.DEVNULL,
    )
    for end in (its_in, its_out, *ends):
        os.close(end)
    try:
        yield Page(our_out, our_in)
    finally:
        process.terminate()
        process.wait()
        os.close(our_out)
        os.close(our_in)


def _messages(read: int) -> Iterator[dict[str, Any]]:
    left = b""
    while part := os.read(read, 1 << 16):
        *whole, left = (left + part).split(b"\0")
        yield from map(json.loads, whole)
