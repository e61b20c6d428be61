"""The page in a browser: that of the smallest study, and that of the kept results."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import numpy as np
import pytest
from chromium import PROGRAM, Page, chromium
from conftest import ROOT, Project, copy_project
from scipy.interpolate import RegularGridInterpolator

from planning.reference import REFERENCE
from study.latent_plane import REACH, SIDE
from vae.model import load_model

WIDTHS = (320, 390, 768, 1024, 1280, 1440, 1920, 2560)
PAPER = {"A4": (8.27, 11.69), "Letter": (8.5, 11)}

REASON = None if os.environ.get("TEST_BROWSER") else "a minute; with TEST_BROWSER=1"
if not PROGRAM:
    REASON = "Chromium is not installed"

pytestmark = [
    pytest.mark.xdist_group("study"),
    pytest.mark.skipif(REASON is not None, reason=f"browser: {REASON}"),
]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the kept results."""
    project = copy_project(tmp_path_factory.mktemp("kept") / "project")
    project.run("snakemake", "--config", "results=reference")
    return project.root / REFERENCE / "report/report.html"


@pytest.fixture(scope="module", params=["smallest", "kept"])
def html(request: pytest.FixtureRequest, finished: Project) -> Path:
    if request.param == "smallest":
        return finished.root / "results/report/report.html"
    return request.getfixturevalue("reference")


@pytest.fixture
def page(html: Path, tmp_path: Path) -> Iterator[Page]:
    with chromium(tmp_path / "profile") as opened:
        opened.resize(1440)
        opened.open(html)
        yield opened


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, of the pinned version."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("axe")
    shutil.copytree(ROOT / "tests/browser", folder, dirs_exist_ok=True)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"npm cannot bring axe-core: {done.stderr.strip().splitlines()[-1]}")
    return (folder / "node_modules/axe-core/axe.min.js").read_text()


def test_it_asks_for_nothing_and_says_nothing(page: Page):
    assert {urlparse(url).scheme for url in page.requests} == {"file", "data"}
    assert sum(url.startswith("file:") for url in page.requests) == 1
    assert page.messages == []


def test_it_weighs_at_most_five_megabytes(html: Path):
    assert html.stat().st_size < 5e6


def test_every_image_is_shown_and_told_in_words_of_its_own(page: Page):
    images = page.run(
        "[...document.querySelectorAll('figure img')].map(image => [image.naturalWidth, image.alt,"
        " image.closest('figure').querySelector('figcaption').textContent])"
    )
    assert images
    for width, alternative, caption in images:
        assert width > 0 and len(alternative) > 40
        assert alternative not in caption


def test_every_link_leads_somewhere(page: Page, html: Path):
    links = page.run("[...document.links].map(link => link.getAttribute('href'))")
    names = set(page.run("[...document.querySelectorAll('[id]')].map(element => element.id)"))
    for link in links:
        if link.startswith("#"):
            assert unquote(link[1:]) in names, link
        elif not urlparse(link).scheme:
            assert (html.parent / link).exists() or "../reference/" in link, link


@pytest.mark.parametrize("width", WIDTHS)
def test_no_column_is_hidden_without_a_sign(page: Page, width: int):
    """What is cut scrolls, with a shade at the edge, and its first column stays."""
    page.resize(width)
    assert page.run("document.documentElement.scrollWidth <= innerWidth")
    tables = page.run(
        "[...document.querySelectorAll('figure.table .scroll')].map(frame => ["
        " frame.scrollWidth > frame.clientWidth,"
        " getComputedStyle(frame).backgroundImage.split('gradient').length - 1,"
        " getComputedStyle(frame.querySelector('tbody th')).position, frame.tabIndex])"
    )
    assert tables
    for cut, shades, first, focus in tables:
        assert not cut or (shades, first, focus) == (4, "sticky", 0)
        assert not cut or width < 1280


@pytest.mark.parametrize("width", WIDTHS)
def test_letters_of_figures_are_as_large_as_can_be_read(page: Page, width: int):
    """The smallest have 6 points on a page of 6.8 inches."""
    page.resize(width)
    widths = page.run(
        "[...document.querySelectorAll('figure img')]"
        ".map(image => image.width / image.naturalWidth)"
    )
    assert min(widths) * 6 * 4 / 3 > 7.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing(page: Page, html: Path, axe: str, width: int, scheme: str):
    page.resize(width)
    page.emulate(scheme=scheme)
    page.open(html)
    page.run(f"{axe};0")
    found = page.run(
        "axe.run().then(found => found.violations.map(fault =>"
        " [fault.impact, fault.id, fault.nodes[0].html]))"
    )
    assert [fault for fault in found if fault[0] != "minor"] == []


@pytest.mark.parametrize("paper", PAPER)
def test_on_paper_every_cell_is_there(page: Page, tmp_path: Path, paper: str):
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not installed")
    cells = page.run(
        "[...document.querySelectorAll('th, td')].flatMap(cell => cell.textContent.split(/\\s+/))"
    )
    page.print(tmp_path / "page.pdf", *PAPER[paper])
    width, height = (72 * side for side in PAPER[paper])
    box = ["-x", "0", "-y", "0", "-W", f"{width:.0f}", "-H", f"{height:.0f}"]
    done = subprocess.run(
        ["pdftotext", *box, tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True
    )
    printed = "".join(done.stdout.split()).replace("-", "")
    assert [word for word in cells if word.strip("↕").replace("-", "") not in printed] == []


def test_the_first_key_leads_past_the_contents(page: Page):
    page.press("Tab")
    assert page.run("document.activeElement.textContent") == "Skip to the text"
    assert page.run("document.activeElement.getBoundingClientRect().top >= 0")
    page.press("Enter")
    assert page.run("location.hash") == "#main"


def test_the_section_that_is_read_is_marked(page: Page):
    page.run("document.querySelector('#models, #sec\\\\:models').scrollIntoView()")
    marked = "[...document.querySelectorAll('[aria-current]')].map(link => link.textContent)"
    page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert [name.split() for name in page.run(marked)] == [["4", "Models"]]


def test_a_figure_is_enlarged_by_mouse_and_by_keyboard(page: Page):
    opened = "document.querySelector('dialog').open"
    assert not page.run(opened)
    page.click("figure img")
    assert page.run(opened)
    assert page.run("document.querySelector('dialog img').width > 900")
    page.press("Escape")
    assert not page.run(opened)
    page.run("document.querySelector('.files button').focus()")
    page.press("Enter")
    assert page.run(opened)
    page.press("Escape")
    assert page.run("document.activeElement.getAttribute('aria-label')").startswith("Enlarge Fig")


def ledger(page: Page) -> list[Any]:
    return page.run(
        "[...document.querySelectorAll('#tbl\\\\:claims tbody tr')].filter(row => !row.hidden)"
        ".map(row => [...row.cells].map(cell => cell.textContent.replace(/\\s+/g, ' ').trim()))"
    )


def test_verdicts_are_sorted_and_filtered(page: Page):
    rows = ledger(page)
    page.click("#tbl\\:claims th button")
    ascending = [row[0] for row in ledger(page)]
    assert ascending == sorted(ascending, key=str.lower) and len(ascending) == len(rows)
    page.click("#tbl\\:claims th button")
    assert [row[0] for row in ledger(page)] == ascending[::-1]
    assert page.run("document.querySelector('#tbl\\\\:claims th').ariaSort") == "descending"
    page.run(
        "(() => { const chosen = document.querySelector('.controls select');"
        "chosen.selectedIndex = 1;"
        "chosen.dispatchEvent(new Event('input', { bubbles: true })); })()"
    )
    verdict = page.run("document.querySelector('.controls select').value")
    assert 0 < len(ledger(page)) < len(rows)
    assert all(verdict in row for row in ledger(page))
    other = next(row[0] for row in rows if verdict not in row)
    page.run(f"location.hash = '#claim:{'-'.join(other.lower().split())}'")
    page.run("new Promise(done => setTimeout(done, 50))")
    assert other in [row[0] for row in ledger(page)], "who is led to a row is shown it"


def expected(run: Path, z: tuple[float, float]) -> Any:
    """Pixels that the page should show at a point: decoded, or mixed of the kept grid."""
    if (run / "model.npz").exists():
        return 255 * load_model(run / "model.npz").decode(np.array([z], np.float32))[0]
    grid = np.load(run / "images.npz")["manifold"].reshape(SIDE, SIDE, -1)
    axis = np.linspace(-REACH, REACH, SIDE)
    return RegularGridInterpolator((axis, axis), grid[::-1])([z[1], z[0]])[0]


def test_the_latent_plane_follows_keys_and_pointer(page: Page, html: Path):
    link = page.run(
        "[...document.getElementById('fig:6_4_latent_manifold').nextElementSibling"
        ".querySelectorAll('a')].map(link => link.getAttribute('href'))"
        ".find(link => link.endsWith('images.npz'))"
    )
    pixels = (
        "(() => { const image = document.querySelectorAll('.explorer canvas')[1];"
        "const data = image.getContext('2d').getImageData(0, 0, image.width, image.height).data;"
        "return [...data].filter((_, place) => place % 4 === 0); })()"
    )
    page.run("document.querySelector('.explorer canvas').focus()")
    for key in ("ArrowRight",) * 7 + ("ArrowUp",) * 4:
        page.press(key)
    told = "document.querySelector('.explorer output').value"
    assert page.run(told).startswith("z = (0.70, 0.40);")
    wanted = expected((html.parent / link).parent, (0.7, 0.4))
    assert np.abs(np.array(page.run(pixels)) - wanted).max() <= 1
    page.press("Enter")
    page.run("document.querySelector('.explorer canvas').scrollIntoView({block: 'center'})")
    x, y, width, height = page.run(
        "(() => { const box = document.querySelector('.explorer canvas').getBoundingClientRect();"
        "return [box.x, box.y, box.width, box.height]; })()"
    )
    page.point(x + width / 4, y + height / 2)
    assert page.run(told).startswith("z = (-1.5")
    page.press("Enter")
    page.run(
        "(() => { const walk = document.querySelector('.explorer input'); walk.value = 0;"
        "walk.dispatchEvent(new Event('input')); })()"
    )
    assert page.run(told).startswith("z = (0.70, 0.40);"), "the first end of the path"


def test_without_scripts_all_of_it_is_there(page: Page, html: Path):
    with_scripts = len(page.run("document.querySelector('main').textContent"))
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.open(html)
    page.call("Emulation.setScriptExecutionDisabled", value=False)
    assert page.run("document.querySelectorAll('button').length") == 0
    assert page.run("document.querySelector('nav details').open")
    assert page.run("document.querySelector('main').textContent.length") > 0.98 * with_scripts
