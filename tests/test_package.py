"""The package as a whole: light to import, public names, and imports that go one way."""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

import etcprops
from etcprops import _HOMES

ROOT = Path(etcprops.__file__).parent
HEAVY = {
    "onnxruntime",
    "sympy",
    "sklearn",
    "hypothesis",
    "matplotlib",
    "PIL",
    "pytest",
    "z3",
    "rich",
    "typer",
    "jinja2",
    "pandas",
    "_pytest",
}
# With scikit-learn's base classes.
LEARNING = {"auditing", "claims", "exact.decisions", "exact.kernels", "exact.scaler"}
LEARNING |= {"reductions", "reproducibility"}
CORE_NAMES = [name for home, names in _HOMES.items() if home not in LEARNING for name in names]

# The whole of what each room may import from the package, itself aside (ARCHITECTURE.md).
GROUND = {"_about", "_documents", "_files", "_pages", "_pictures", "_validation", "_workers"}
IMAGES = GROUND | {"scheme", "exact", "formats", "datasets", "reductions", "theory", "strategies"}
MODELS = IMAGES | {"attacks", "auditing", "experiments", "reproducibility"}
ROOMS: dict[str, set[str]] = {
    **{name: {"_files", "_validation"} - {name} for name in ("_about", "_documents", "_pages")},
    "_files": set(),
    "_pictures": set(),
    "_validation": set(),
    "_workers": set(),
    "scheme": GROUND,
    "exact": GROUND,
    **{
        name: GROUND | {"scheme", "exact"}
        for name in ("datasets", "reductions", "theory", "strategies")
    },
    "formats": GROUND | {"scheme", "datasets"},
    "vectors": GROUND | {"scheme", "formats"},
    **dict.fromkeys(("attacks", "reproducibility"), IMAGES),
    **dict.fromkeys(("auditing", "experiments"), IMAGES | {"attacks"}),
    "claims": MODELS,
    "probing": MODELS | {"claims"},
    "testing": MODELS | {"claims", "probing", "vectors"},
    "_pytest_plugin": {"_files", "auditing", "testing"},
    "cli": MODELS | {"claims", "probing", "testing"},
    "__main__": {"cli"},
}
# The two rooms on which all stands, module by module.
FOUNDATIONS: dict[str, set[str]] = {
    "scheme": set(),
    "scheme._immutable": set(),
    "scheme._drawing": set(),
    "scheme._chosen_images": set(),
    "scheme._certificate": {"scheme._chosen_images"},
    "scheme._pixels_given": set(),
    "scheme.geometry": {"scheme._pixels_given"},
    "scheme.fitting": {"scheme._pixels_given", "scheme.geometry"},
    "scheme._key_files": set(),
    "scheme.keys": {"scheme._key_files", "scheme._immutable", "scheme._drawing", "scheme.geometry"},
    "scheme.pixels": {"scheme._pixels_given", "scheme.geometry", "scheme.keys"},
    "scheme.matrices": {"scheme.geometry", "scheme.keys"},
    "scheme.signed_permutation": {
        "scheme._immutable",
        "scheme._certificate",
        "scheme.keys",
        "scheme.matrices",
    },
    "exact": set(),
    "exact._digits": set(),
    "exact._elementary": set(),
    "exact._kernel_function": set(),
    "exact._splitting": set(),
    "exact._accuracy": {"exact._splitting"},
    "exact._memory": {"exact._splitting"},
    "exact._tiles": {"exact._memory", "exact._splitting"},
    "exact._refinement": {"exact._digits"},
    "exact._eigenpairs": {"exact._digits", "exact._refinement"},
    "exact._kernel_error": {"exact._kernel_function"},
    "exact.statistics": set(),
    "exact.scaler": {"exact.statistics"},
    "exact._bytewise": {"exact._threads"},
    "exact._pixel_products": {
        "exact._bytewise",
        "exact._splitting",
        "exact._threads",
        "exact._tiles",
    },
    "exact.gram": {
        "exact._splitting",
        "exact._accuracy",
        "exact._bytewise",
        "exact._pixel_products",
        "exact._tiles",
    },
    "exact._rows": set(),
    "exact._threads": set(),
    "exact._rounding": set(),
    "exact._weights": {"exact._rounding", "exact.statistics"},
    "exact._weighted": {
        "exact._rounding",
        "exact._threads",
        "exact._tiles",
        "exact._weights",
    },
    "exact.standardized": {
        "exact._rows",
        "exact._weighted",
        "exact._weights",
        "exact.statistics",
    },
    "exact.distances": {"exact._rows", "exact.gram"},
    "exact.kernels": {
        "exact._elementary",
        "exact._rows",
        "exact.distances",
        "exact.gram",
        "exact.standardized",
        "exact.statistics",
    },
    "exact._two_models": {"exact._kernel_error", "exact._kernel_function"},
    "exact.margins": {"exact._kernel_error", "exact._two_models", "exact.statistics"},
    "exact.decisions": {
        "exact._kernel_error",
        "exact._two_models",
        "exact.gram",
        "exact.kernels",
        "exact.margins",
    },
}
WITH_SCIKIT_LEARN = {
    "exact.kernels",
    "exact.scaler",
    "exact.margins",
    "exact.decisions",
    "exact._kernel_function",
    "exact._two_models",
}


# --- Light


def _run(code: str, *, warnings: str = "error") -> str:
    """Run `code` in a new interpreter and return what it prints."""
    command = [sys.executable, "-W", warnings, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return done.stdout


def _loaded_by(code: str) -> set[str]:
    """Return the top-level modules that `code` loads in a new interpreter."""
    script = (
        "import sys; before = set(sys.modules)\n"
        f"{code}\n"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    return set(_run(script).split())


def test_import_is_light() -> None:
    loaded = _loaded_by("import etcprops")
    assert "etcprops" in loaded
    assert not loaded & HEAVY


def test_the_core_needs_numpy_and_scipy_only() -> None:
    loaded = _loaded_by(f"from etcprops import {', '.join(CORE_NAMES)}")
    assert {"numpy", "scipy"} <= loaded
    assert not loaded & HEAVY
    distributions = importlib.metadata.packages_distributions()
    taken = {"etcprops", "charset_normalizer"}  # the second by NumPy itself, where it is there
    assert {n for n in loaded if n in distributions and n not in taken} == {"numpy", "scipy"}


def test_the_probe_needs_no_learning_and_no_algebra() -> None:
    code = (
        "from etcprops import probe\n"
        "from etcprops.probing.classification import MapKind\n"
        "found = probe(lambda image, key: 255 - image, (8, 8), isolation='none')\n"
        "assert found.kind == 'signed permutation', found.kind\n"
        "assert found.consequences"
    )
    assert not _loaded_by(code) & {"sympy", "sklearn", "hypothesis", "matplotlib", "pandas", "z3"}


def test_keys_and_pixels_need_numpy_only() -> None:
    assert not _loaded_by("from etcprops import EtCKey, encrypt") & {*HEAVY, "scipy"}


# --- Public names


@pytest.mark.parametrize("name", etcprops.__all__)
def test_every_public_name_is_that_of_its_home(name: str) -> None:
    (home,) = [module for module, names in _HOMES.items() if name in names]
    assert getattr(etcprops, name) is getattr(import_module(f"etcprops.{home}"), name)


def test_the_three_lists_of_public_names_agree() -> None:
    from_homes = [name for names in _HOMES.values() for name in names]
    assert len(from_homes) == len(set(from_homes))
    assert set(from_homes) == set(etcprops.__all__)
    assert len(etcprops.__all__) == len(set(etcprops.__all__))
    # What the type checker sees is what is there at run time.
    tree = ast.parse((ROOT / "__init__.py").read_text())
    for_types = {
        node.module.removeprefix("etcprops."): {alias.name for alias in node.names}
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("etcprops.")
    }
    assert for_types == {home: set(names) for home, names in _HOMES.items()}


def test_the_names_of_0_1_0_are_still_there() -> None:
    names = [
        "ALL",
        "COMPONENT_ORDERS",
        "BlockGeometry",
        "EtCKey",
        "ExactKernel",
        "ExactStandardScaler",
        "GramPCA",
        "InvalidParameterError",
        "Ledger",
        "PixelStatistics",
        "ProbeReport",
        "SignedPermutation",
        "Step",
        "Verdict",
        "audit",
        "block_permutation_matrix",
        "block_transform_matrix",
        "centre_mid_grey",
        "certified",
        "component_permutation_matrix",
        "decision_error_bound",
        "decrypt",
        "encrypt",
        "encryption_matrix",
        "encryption_offset",
        "exact_gram",
        "exact_squared_distances",
        "gram_error_bound",
        "integer_gram",
        "integer_squared_distances",
        "negative_positive_matrix",
        "probe",
        "recover_from_pairs",
        "scale_gamma",
        "standard_scaler_error_bound",
        "standardized_gram",
        "standardized_squared_distances",
        "verify",
    ]
    assert [name for name in names if not hasattr(etcprops, name)] == []


def test_dir_lists_public_names_before_they_are_used() -> None:
    printed = _run("import etcprops; print(*dir(etcprops))").split()
    assert set(etcprops.__all__) <= set(printed)
    assert printed == sorted(set(printed))
    assert set(etcprops.__all__) <= set(dir(etcprops))


@pytest.mark.thorough
def test_star_import_gives_the_public_names() -> None:
    code = "from etcprops import *; print(*(name for name in dir() if name[0] != '_'))"
    # This loads other people's libraries, whose warnings are not ours.
    printed = _run(code, warnings="ignore").split()
    assert set(printed) == set(etcprops.__all__)


def test_a_name_is_looked_up_once() -> None:
    assert _run("import etcprops; etcprops.EtCKey; print('EtCKey' in vars(etcprops))") == "True\n"


@pytest.mark.parametrize("name", ["encypt", "numpy", "_no_such_name", "__wrapped__"])
def test_unknown_names(name: str) -> None:
    assert not hasattr(etcprops, name)
    with pytest.raises(AttributeError, match=f"^module 'etcprops' has no attribute '{name}'$"):
        getattr(etcprops, name)


def test_errors_are_value_errors() -> None:
    assert issubclass(etcprops.InvalidParameterError, ValueError)


def test_version_is_that_of_the_distribution() -> None:
    assert etcprops.__version__ == importlib.metadata.version("etcprops")


def test_types_are_shipped() -> None:
    assert (ROOT / "py.typed").is_file()


# --- Imports go one way


@cache
def _modules() -> dict[str, Path]:
    """Return every module of the package by its name without ``etcprops.``."""
    paths = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        paths[".".join(parts)] = path
    return paths


@cache
def _homes() -> dict[str, str]:
    """Return the home of every public name."""
    return {name: home for home, names in _HOMES.items() for name in names}


@cache
def _tree(module: str) -> ast.Module:
    """Return what the text of `module` means."""
    return ast.parse(_modules()[module].read_text())


def _targets(node: ast.AST, parent: ast.Module) -> Iterator[str]:
    """Yield the modules of the package that an import statement names."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
        yield from (n.removeprefix("etcprops.") for n in names if n.startswith("etcprops."))
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"relative import in {ast.unparse(parent)[:80]}"
        package = node.module or ""
        if package != "etcprops" and not package.startswith("etcprops."):
            return
        package = package.removeprefix("etcprops").removeprefix(".")
        for alias in node.names:
            inner = f"{package}.{alias.name}".removeprefix(".")
            if inner in _modules():
                yield inner
            elif package:
                yield package
            elif alias.name in _homes():
                yield _homes()[alias.name]


@cache
def _imports(module: str) -> frozenset[str]:
    """Return the modules of the package that `module` imports, wherever in its text."""
    tree = _tree(module)
    return frozenset(target for node in ast.walk(tree) for target in _targets(node, tree))


def _imports_when_loaded(module: str) -> set[str]:
    """Return the modules that `module` imports while it is itself being imported."""
    tree = _tree(module)
    return {target for node in tree.body for target in _targets(node, tree)}


def _reaches(module: str) -> set[str]:
    """Return every module that `module` imports, directly or by way of others."""
    reached: set[str] = set()
    waiting = [module]
    while waiting:
        new = _imports(waiting.pop()) - reached
        reached |= new
        waiting.extend(new)
    return reached


def _room(module: str) -> str:
    return module.partition(".")[0]


def test_the_reader_of_imports_sees_them() -> None:
    # The control of the tests below: they would all pass if nothing were found.
    assert _imports("scheme.matrices") == {"_validation", "scheme.geometry", "scheme.keys"}
    assert "scheme.geometry" not in _imports_when_loaded("scheme.pixels")
    assert "scheme.geometry" in _imports("scheme.pixels")
    assert _reaches("scheme.geometry") == {"_validation", "scheme._pixels_given"}
    assert "exact.gram" in _reaches("claims")


def test_every_room_is_known() -> None:
    assert {_room(module) for module in _modules() if module} == set(ROOMS)


def test_arrows_go_one_way() -> None:
    assert list(TopologicalSorter(ROOMS).static_order())  # a cycle raises CycleError


@pytest.mark.parametrize("module", [m for m in _modules() if m])
def test_rooms_import_what_the_architecture_says(module: str) -> None:
    room = _room(module)
    assert {_room(other) for other in _imports(module)} <= {*ROOMS[room], room}


@pytest.mark.parametrize("module", [m for m in _modules() if _room(m) in {"scheme", "exact"}])
def test_foundations_import_what_the_architecture_says(module: str) -> None:
    assert _imports(module) - GROUND <= FOUNDATIONS[module]


def test_pixels_and_matrices_do_not_know_each_other() -> None:
    assert not {"scheme.matrices", "scheme.signed_permutation"} & _reaches("scheme.pixels")
    assert "scheme.pixels" not in _reaches("scheme.matrices")
    assert "scheme.pixels" not in _reaches("scheme.signed_permutation")


def test_modules_can_be_loaded_in_some_order() -> None:
    # A cycle would raise CycleError with its modules.
    graph = {module: _imports_when_loaded(module) - {module} for module in _modules() if module}
    order = list(TopologicalSorter(graph).static_order())
    assert order.index("scheme.geometry") < order.index("scheme.keys") < order.index("claims")


@pytest.mark.parametrize("module", [m for m in FOUNDATIONS if m not in WITH_SCIKIT_LEARN])
def test_the_core_imports_no_heavy_library(module: str) -> None:
    tree = _tree(module)
    names = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    ]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    foreign = {name.split(".")[0] for name in names} - {*sys.stdlib_module_names}
    also = {"exact._threads": {"threadpoolctl"}, "exact._bytewise": {"onnxruntime"}}
    assert foreign <= {"etcprops", "numpy", "scipy"} | also.get(module, set())
