"""Downloads: what is wrong with a server or a disk is survived, or said in one sentence."""

import errno
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from conftest import ROOT, Project, copy_project

import study.download
from download import download
from planning.catalogue import load_catalogue
from study.download import Wanted, fetch

RAW = ROOT.parent / "shared" / "data" / "raw"

DATA = bytes(range(256)) * 80
"""What a sound server gives: 20,480 bytes."""

PAGE = b"\n<!DOCTYPE html><html>Please log in</html>"


class Server(ThreadingHTTPServer):
    """Answers each path by the answers set for it, the last of them again and again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, list[Callable[[BaseHTTPRequestHandler], None]]] = {}
        self.asked: list[str] = []

    def url(self, path: str, *answers: Callable[[BaseHTTPRequestHandler], None]) -> str:
        self.answers[f"/{path}"] = list(answers)
        return f"http://127.0.0.1:{self.server_port}/{path}"

    def handle_error(self, *_: Any) -> None:
        """Clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        answers = self.server.answers.get(self.path, [status(404)])
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def log_message(self, *_: Any) -> None:
        pass


def body(data: bytes, length: int | None = None) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answer with data, said to be of some length, or of none if it is negative."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        if length is None or length >= 0:
            handler.send_header("Content-Length", str(len(data) if length is None else length))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def status(code: int) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: handler.send_error(code)


def stalled(handler: BaseHTTPRequestHandler) -> None:
    """Answer half of the data, then nothing for longer than a client of the tests waits."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(DATA)))
    handler.end_headers()
    handler.wfile.write(DATA[: len(DATA) // 2])
    handler.wfile.flush()
    time.sleep(2)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture(autouse=True)
def no_mirror_and_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "VAE_DATA_MIRROR",
        "http_proxy",
        "HTTP_PROXY",
        "all_proxy",
        "ALL_PROXY",
        "no_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def wanted(*urls: str) -> Wanted:
    return Wanted("raw.bin", urls, sha256(DATA).hexdigest(), len(DATA))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "raw.bin"


def get(target: Path, *urls: str, **options: Any) -> str:
    """Fetch with short waits, and with a folder for files placed by hand beside the target's."""
    by_hand = target.parents[1] / "data"
    settings = {"by_hand": by_hand, "waits": (0.01, 0.01), "timeouts": (1.0, 0.3), **options}
    return fetch(wanted(*urls), target, **settings)


def refused(target: Path, *urls: str, **options: Any) -> str:
    """Sentence with which a fetch fails, after which nothing must be left."""
    with pytest.raises(OSError) as raised:
        get(target, *urls, **options)
    assert not target.parent.exists() or not list(target.parent.iterdir())
    sentence = str(raised.value)
    assert "\n" not in sentence
    assert "raw.bin" in sentence
    return sentence


def assert_complete(target: Path) -> None:
    assert target.read_bytes() == DATA
    assert [path.name for path in target.parent.iterdir()] == ["raw.bin"]


# Faults that pass


@pytest.mark.parametrize(
    "fault",
    [
        status(503),
        status(429),
        body(DATA[:5000], len(DATA)),
        body(DATA[:5000], -1),
        body(b"", 0),
        stalled,
    ],
    ids=["503", "429", "broken off", "short", "empty", "stalled"],
)
def test_a_fault_that_passes_is_tried_again(server: Server, target: Path, fault: Any) -> None:
    url = server.url("raw.bin", fault, body(DATA))
    assert get(target, url) == url
    assert_complete(target)
    assert len(server.asked) == 2


def test_waits_before_each_further_attempt(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("study.download.time.sleep", waited.append)
    get(target, server.url("raw.bin", status(503), status(503), body(DATA)), waits=(3, 7))
    assert waited == [3, 7]


# Faults that stay: another address is tried, and without one a sentence says what came

FAULTS = {
    "403": (status(403), "HTTP 403 Forbidden", 1),
    "404": (status(404), "HTTP 404 Not Found", 1),
    "503": (status(503), "HTTP 503 Service Unavailable", 3),
    "page": (body(PAGE), "an HTML page of 42 bytes came instead of the file", 1),
    "checksum": (body(DATA[::-1]), "20,480 bytes came as expected, but with the SHA-256 ", 1),
    "long": (body(DATA + b"!"), "20,481 bytes came instead of 20,480", 1),
    "endless": (body(DATA * 100), "more than 1,069,056 bytes came", 1),
    "short": (body(DATA[:5000], -1), "5,000 bytes came instead of 20,480", 3),
    "broken": (
        body(DATA[:9000], len(DATA)),
        "the connection broke off after 8,192 of 20,480 byt",
        3,
    ),
    "stalled": (stalled, "nothing more came for 0.3 s after 8,192 of 20,480 bytes", 3),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_another_address_is_tried(server: Server, target: Path, fault: str) -> None:
    answer, _, attempts = FAULTS[fault]
    first, second = server.url("a", answer), server.url("b", body(DATA))
    assert get(target, first, second) == second
    assert_complete(target)
    assert server.asked == ["/a"] * attempts + ["/b"]


@pytest.mark.parametrize("fault", FAULTS)
def test_without_another_address_one_sentence_says_it_all(
    server: Server, target: Path, fault: str
) -> None:
    answer, reason, _ = FAULTS[fault]
    first, second = server.url("a", answer), server.url("b", status(410))
    sentence = refused(target, first, second)
    assert f"({first}: {reason}" in sentence
    assert f"; {second}: HTTP 410 Gone); to place it by hand, save the file of 20,480 " in sentence
    assert sentence.endswith(
        f"SHA-256 {sha256(DATA).hexdigest()} as {target.parents[1] / 'data/raw.bin'} and run again"
    )


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_no_connection(target: Path) -> None:
    url = f"http://127.0.0.1:{closed_port()}/raw.bin"
    assert f"({url}: no connection)" in refused(target, url)


def test_no_network(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unresolved(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    url = "http://data.example/raw.bin"
    sentence = refused(target, url)
    assert f"({url}: its host cannot be found (is there a network?)); to place" in sentence


def test_a_proxy_of_the_environment_is_used(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
    url = "http://data.example/raw.bin"
    server.answers[url] = [body(DATA)]
    get(target, url)
    assert_complete(target)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    target.unlink()
    assert f"({url}: no connection through the proxy)" in refused(target, url)


def test_a_full_disk_stops_at_once(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("study.download._Limited.write", full)
    url = server.url("a", body(DATA))
    assert refused(target, url, server.url("b", body(DATA))) == (
        f"raw.bin (20,480 bytes, from {url}) cannot be written into {target.parent}: "
        "No space left on device; make that possible and run again"
    )
    assert server.asked == ["/a"]


def test_a_folder_that_cannot_be_written_to(server: Server, target: Path) -> None:
    target.parent.write_text("a file where the folder should be")
    with pytest.raises(OSError, match=r"raw.bin \(20,480 bytes, from .*\) cannot be written into"):
        get(target, server.url("a", body(DATA)))


def test_an_address_that_is_none(target: Path) -> None:
    assert "(http://: " in refused(target, "http://")


def test_what_a_killed_download_left_is_cleared(server: Server, target: Path) -> None:
    left = target.with_name(".raw.bin.incomplete")
    left.mkdir(parents=True)
    (left / "raw.bin").write_bytes(DATA[:100])
    get(target, server.url("raw.bin", body(DATA)))
    assert_complete(target)


def test_a_compressed_transfer_is_not_asked_for(server: Server, target: Path) -> None:
    asked = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.headers["Accept-Encoding"])
        body(DATA)(handler)

    get(target, server.url("raw.bin", answer))
    assert asked == ["identity"]


# Mirrors


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "raw.bin").write_bytes(DATA)
    return folder


def test_a_folder_as_mirror_comes_first(server: Server, target: Path, folder: Path) -> None:
    url = server.url("raw.bin", body(DATA))
    assert get(target, url, mirror=str(folder)) == str(folder / "raw.bin")
    assert_complete(target)
    assert not server.asked


def test_an_address_as_mirror_comes_first(server: Server, target: Path) -> None:
    here = server.url("mirror/raw.bin", body(DATA))
    mirror = here.removesuffix("raw.bin")
    for given in (mirror, mirror.rstrip("/")):
        assert get(target, server.url("a", body(DATA)), mirror=given) == here
    assert server.asked == ["/mirror/raw.bin"] * 2


def test_a_file_placed_by_hand_comes_before_the_internet(
    server: Server, target: Path, folder: Path
) -> None:
    url = server.url("raw.bin", body(DATA))
    assert get(target, url, by_hand=folder) == str(folder / "raw.bin")
    assert not server.asked


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such file"),
        (DATA[:7], "7 bytes came instead of 20,480"),
        (DATA[::-1], "20,480 bytes came as expected, but with the SHA-256"),
    ],
)
def test_a_mirror_without_the_file_is_left_aside(
    server: Server, target: Path, folder: Path, content: bytes | None, reason: str
) -> None:
    (folder / "raw.bin").unlink()
    if content is not None:
        (folder / "raw.bin").write_bytes(content)
    assert f"({folder}/raw.bin: {reason}" in refused(target, mirror=str(folder))
    get(target, server.url("raw.bin", body(DATA)), mirror=str(folder))
    assert_complete(target)


def test_the_step_takes_the_mirror_of_the_environment(
    target: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("VAE_DATA_MIRROR", str(folder))
    download(target, [], sha256(DATA).hexdigest(), len(DATA))
    assert_complete(target)
    assert f"raw.bin: from {folder}/raw.bin" in capsys.readouterr().err


def test_progress_goes_to_the_log(
    server: Server, target: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = study.download.tqdm
    monkeypatch.setattr(study.download, "tqdm", lambda **given: real(**given | {"delay": 0}))
    get(target, server.url("raw.bin", body(DATA)))
    assert "raw.bin: 100%" in capsys.readouterr().err


# The catalogue


def test_the_catalogue_has_https_addresses() -> None:
    for source in load_catalogue({}).values():
        for file in source["files"].values():
            assert file["urls"]
            assert all(url.startswith("https://") for url in file["urls"])


@pytest.mark.skipif(not RAW.is_dir(), reason=f"no raw files in {RAW}")
def test_the_catalogue_knows_the_raw_files() -> None:
    catalogue = load_catalogue({})
    for source in ("mnist", "frey_face"):
        for name, file in catalogue[source]["files"].items():
            data = (RAW / name).read_bytes()
            assert (len(data), sha256(data).hexdigest()) == (file["bytes"], file["sha256"])


def test_sources_are_laid_over_the_catalogue() -> None:
    plain = load_catalogue({})
    file = {"urls": [], "sha256": "a", "bytes": 1}
    laid = load_catalogue(
        {
            "mine": {"licence": "mine"},
            "cifar10": {"files": {"cifar-10-binary.tar.gz": file}},
            "frey_face": {"files": {"frey_rawface.mat": {"bytes": 2}}},
        }
    )
    assert laid["mine"] == {"licence": "mine"}
    assert laid["cifar10"] == plain["cifar10"] | {"files": {"cifar-10-binary.tar.gz": file}}
    assert laid["frey_face"]["files"]["frey_rawface.mat"]["bytes"] == 2
    assert laid["mnist"] == plain["mnist"]


# In the workflow


@pytest.fixture
def project(tmp_path: Path, server: Server) -> Project:
    """A project whose one dataset is a small film that the server has."""
    project = copy_project(tmp_path / "project")
    (project.root / "film.yaml").write_text(
        yaml.safe_dump(
            {
                "datasets": {"frey_face": {"kind": "frey_face", "test": 200}},
                "sources": {
                    "frey_face": {
                        "files": {
                            "frey_rawface.mat": {
                                "urls": [server.url("frey_rawface.mat", body(DATA))],
                                "sha256": sha256(DATA).hexdigest(),
                                "bytes": len(DATA),
                            }
                        }
                    }
                },
            }
        )
    )
    return project


FILE = "results/downloads/frey_face/frey_rawface.mat"


def test_another_mirror_or_newer_code_downloads_nothing_again(
    project: Project, server: Server, tmp_path: Path
) -> None:
    project.snakemake(FILE, config="film.yaml")
    assert (project.root / FILE).read_bytes() == DATA
    (project.root / "scripts/study/download.py").touch()
    with open(project.root / "scripts/study/download.py", "a") as module:
        module.write("\nEDITED = True\n")
    mirror = f"mirror={tmp_path}"
    again = project.snakemake(FILE, "--config", mirror, config="film.yaml")
    assert "Nothing to be done" in again
    assert server.asked == ["/frey_rawface.mat"]


def test_the_mirror_of_the_configuration_reaches_the_job(
    project: Project, server: Server, folder: Path
) -> None:
    (folder / "raw.bin").rename(folder / "frey_rawface.mat")
    project.snakemake(FILE, "--config", f"mirror={folder}", config="film.yaml")
    assert (project.root / FILE).read_bytes() == DATA
    assert not server.asked


def test_a_failed_download_is_a_sentence_in_its_log_and_leaves_nothing(
    project: Project, server: Server
) -> None:
    server.url("frey_rawface.mat", body(PAGE))
    target = "results/datasets/frey_face.npz"
    project.snakemake(target, config="film.yaml", status=1)
    log = project.root / "results/logs/downloads/frey_face/frey_rawface.mat.log"
    last = log.read_text().splitlines()[-1]
    assert last.startswith("download: frey_rawface.mat could not be had (http://127.0.0.1")
    assert "an HTML page" in last
    assert last.endswith("as data/frey_rawface.mat and run again")
    assert not [path for path in project.root.glob("results/downloads/**/*") if path.is_file()]
    assert not (project.root / target).exists()


def test_a_killed_download_leaves_nothing_under_the_name(server: Server, target: Path) -> None:
    url = server.url("raw.bin", stalled)
    code = (
        "import sys; from pathlib import Path; from study.download import Wanted, fetch\n"
        f"fetch(Wanted('raw.bin', [{url!r}], 'x', {len(DATA)}), Path({str(target)!r}))"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    )
    incomplete = target.with_name(".raw.bin.incomplete")
    while not (incomplete.is_dir() and any(p.stat().st_size for p in incomplete.iterdir())):
        assert running.poll() is None
        time.sleep(0.02)
    running.kill()
    running.wait()
    assert not target.exists()
