"""Three hosts keep the promise in every state that the model of the protocol can reach; see lease.pml."""

import subprocess
from pathlib import Path

import pytest

MODEL = Path(__file__).with_name("lease.pml")


def checked(directory: Path, *options: str, model: Path = MODEL) -> str:
    """Check the model, all of it, and return what the checker reports."""
    subprocess.run(["spin", *options, "-a", model], cwd=directory, check=True, capture_output=True)
    subprocess.run(["gcc", "-O2", "-w", "-DSAFETY", "-o", "pan", "pan.c"], cwd=directory, check=True)
    report = subprocess.run(["./pan", "-m1000000"], cwd=directory, check=True, capture_output=True, text=True)
    print(report.stdout)
    return report.stdout


@pytest.mark.timeout(300)  # on a machine that does other things, too
@pytest.mark.parametrize("options", [["-DLEASES=4"], ["-DLEASES=2", "-DFAILOVER"]], ids=" ".join)
def test_the_model_keeps_the_promise_in_every_state(tmp_path: Path, options: list[str]) -> None:
    report = checked(tmp_path, *options)
    assert "errors: 0" in report
    assert "max search depth too small" not in report


WRONG = {
    "the lease is taken before it is over": ("left == 0 &&", "left <= 1 &&"),
    "the number does not grow": ("MAX(fence + 1, greatest + 1)", "MAX(fence, 1)"),
    "a late renewal makes the term shorter": ("term = MAX(term, its_term)", "term = its_term"),
    "an answer that comes too late is believed": ("d_step { valid[h] > 0 ->", "d_step { true ->"),
    "the last comes first": ("line[0] == name)", "line[waiting - 1] == name)"),
    "a request goes out with too short a term": ("say(RENEW_FOR_A_REQUEST, SETTLE)", "say(RENEW, TERM)"),
    "what was lost is renewed": (":: owner == name && fence == its_number -> term", ":: true -> owner = name; term"),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_the_model_finds_each_mistake(tmp_path: Path, change: tuple[str, str]) -> None:
    text = MODEL.read_text(encoding="utf-8")
    assert change[0] in text
    wrong = tmp_path / "wrong.pml"
    wrong.write_text(text.replace(*change), encoding="utf-8")
    assert "errors: 1" in checked(tmp_path, "-DLEASES=3", model=wrong)
