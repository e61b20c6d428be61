"""Judge every claim of the report."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from step import run
from study import theory
from study.claims import judge
from study.contracts import LIKELIHOOD, PROFILE, RECONSTRUCTION, THEORY, TIMINGS, TWO_SAMPLES
from study.results import read_table
from study.seals import read_json
from study.step_sizes import best_trainings
from study.tables import write_table
from study.wording import MEASURES, readable

OTHERS = {
    "reconstruction": RECONSTRUCTION,
    "likelihoods": LIKELIHOOD,
    "backends": TIMINGS,
    "published_epoch": PROFILE,
    "theory": THEORY,
    "two_samples": TWO_SAMPLES,
}
"""Tables beside those of the experiments that claims may name."""


def judge_claims(
    claims: Path,
    evaluations: list[Path],
    others: list[Path],
    gpu: list[Path],
    cards: list[Path],
    optional: list[str],
    shown: dict[str, list[str]],
    trainings: dict[str, dict[str, Any]],
    verdicts: Path,
    table: Path,
    markdown: Path,
) -> None:
    """Write the verdict on every claim, as JSON and as a table.

    Parameters
    ----------
    claims
        config/claims.yaml.
    evaluations
        Tidy tables of the experiments, each named after its experiment.
    others
        Other tables that claims refer to by their file's name.
    gpu
        What check_gpu wrote on a machine with a GPU, or nothing.
    cards
        Data cards; those with an entropy floor give the evidence `entropy_floors`.
    optional
        Tables that the study may lack, and what is claimed of them with them.
    shown
        By file, the figures and tables that show what is in it.
    trainings
        Settings of the trainings by their names, which give those of AEVB their algorithms.
    verdicts
        JSON: claim -> section, statement, settings, verdict, finding, asked (what it is held to,
        and why), seeds (trainings of a setting, or null), and evidence: figures, tables and
        the file within the results that was measured.
    table, markdown
        The same as a table.
    """
    tables: dict[str, Any] = {path.stem: read_table(path) for path in evaluations}
    tables |= {path.stem: read_table(path, OTHERS[path.stem]) for path in others}
    if "aevb" in tables:
        tables["aevb"] = best_trainings(tables["aevb"], trainings)
    tables["entropy_floors"] = _entropy_floors(cards)
    tables["test_items"] = {card["name"]: card["n_test"] for card in map(read_json, cards)}
    for timings in (path for path in gpu if path.name == "timings.csv"):
        tables["gpu"] = read_table(timings, TIMINGS)
    judged = {}
    for name, claim in yaml.safe_load(claims.read_text(encoding="utf-8"))["claims"].items():
        verdict = judge(name, claim, tables, optional, {**MEASURES, **theory.MEASURES})
        judged[name] = {
            "section": claim["section"],
            "statement": claim["statement"],
            "settings": claim["settings"],
            "verdict": verdict.outcome,
            "finding": verdict.finding,
            "asked": _asked(verdict.asked, claim["because"]),
            "seeds": verdict.seeds,
            "evidence": _evidence(claim, [*evaluations, *others], verdicts.parent, shown),
        }
    verdicts.write_text(json.dumps(judged, indent=2) + "\n", encoding="utf-8")
    rows = [_row(name, of_claim) for name, of_claim in judged.items()]
    write_table(rows, table, markdown, text_columns=list(rows[0]))


def _row(name: str, of_claim: dict[str, Any]) -> dict[str, str]:
    """Row of the table: with the statement its settings, with the finding the number of seeds."""
    seeds = of_claim["seeds"]
    trained = "" if seeds is None else f" {seeds} {'seed' if seeds == 1 else 'seeds'}."
    return {
        "Claim": readable(name),
        "Section": of_claim["section"],
        "Statement": f"{of_claim['statement'].rstrip('.')} ({of_claim['settings']}).",
        "Verdict": of_claim["verdict"],
        "Finding": of_claim["finding"] + trained,
        "Held to": of_claim["asked"],
        "Evidence": " · ".join(of_claim["evidence"]),
    }


def _asked(asked: str, because: str) -> str:
    """What a statement is held to, and why."""
    return f"{asked[:1].upper()}{asked[1:]}: {because}." if asked else ""


def _evidence(
    claim: dict[str, Any], measured: list[Path], results: Path, shown: dict[str, list[str]]
) -> list[str]:
    """Figures and tables that show a claim's numbers, and the file that has them."""
    return [
        place
        for file in measured
        if file.stem == claim.get("table")
        for place in (*shown.get(file.as_posix(), []), file.relative_to(results).as_posix())
    ]


def _entropy_floors(cards: list[Path]) -> pd.DataFrame:
    rows = [
        {"dataset": card["name"], "class": name, "floor": floor}
        for card in map(read_json, cards)
        for name, floor in card.get("entropy_floor", {}).items()
    ]
    return pd.DataFrame(rows, columns=["dataset", "class", "floor"])


if __name__ == "__main__":
    run(judge_claims, globals())
