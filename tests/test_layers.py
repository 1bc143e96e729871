"""Promise: the diagram in docs/explanation/how-it-works.md shows how the modules stand on each other, all of it."""

import ast
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "mwaa_async"

Arrows = Mapping[str, set[str]]


def imports() -> Arrows:
    """Return what each module, or folder, of the package imports of the others, under TYPE_CHECKING too."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        within = path.relative_to(ROOT / PACKAGE)
        if within != Path("__init__.py"):
            unit = within.parts[0].removesuffix(".py")
            found.setdefault(unit, set()).update(_imported(ast.parse(path.read_text(encoding="utf-8"))))
    return {unit: {name for name in names if name != unit} for unit, names in found.items()}


def _imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, "imports are written in full"
            names = [node.module]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for package, *within in (name.split(".") for name in names):
            if package == PACKAGE:
                yield within[0] if within else "_client"  # whoever imports the package itself wants the client


def drawn() -> Arrows:
    """Return the arrows of the diagram: `a --> b & c`."""
    _, _, rest = (ROOT / "docs/explanation/how-it-works.md").read_text(encoding="utf-8").partition("```mermaid\n")
    lines = [line.strip() for line in rest.partition("```")[0].splitlines()]
    arrows = [line.split(" --> ") for line in lines if " --> " in line]
    return {start: set(ends.split(" & ")) for start, ends in arrows}


def layers() -> list[set[str]]:
    """Return the layers that `tox -e lint` checks, from above."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [contract] = [one for one in settings["tool"]["importlinter"]["contracts"] if one["type"] == "layers"]
    return [{name.strip() for name in layer.split("|")} for layer in contract["layers"]]


def below(start: str, arrows: Arrows) -> set[str]:
    """Return everything to which arrows lead from there."""
    direct = arrows.get(start, set())
    return direct.union(*(below(end, arrows) for end in direct))


def test_the_diagram_has_an_arrow_for_each_import_that_no_other_arrows_imply() -> None:
    real = imports()
    least = {
        start: {end for end in ends if not any(end in below(other, real) for other in ends)}
        for start, ends in real.items()
    }
    assert drawn() == {start: ends for start, ends in least.items() if ends}


def test_the_diagram_has_the_modules_of_the_layers_and_each_arrow_leads_down() -> None:
    rank = {name: number for number, layer in enumerate(layers()) for name in layer}
    arrows = drawn()
    assert set(rank) == {*imports()} == set(arrows).union(*arrows.values())
    assert [f"{start} --> {end}" for start, ends in arrows.items() for end in ends if rank[start] >= rank[end]] == []
