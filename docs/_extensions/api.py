"""The reference of the API: every public name of the package and its rooms, or the build fails.

Public is what is in `__all__` of `etcprops` or of a room, each under its shortest name; in rooms
without `__all__`, and in the modules of `OPEN`, every function and class without an underscore.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective

import etcprops

OPEN = (  # modules of rooms with `__all__` that guides and notebooks use as well
    "attacks.alignment",
    "attacks.exposure",
    "attacks.gram",
    "attacks.known_plaintext",
    "attacks.layout",
    "claims.searches",
    "datasets.pictures",
    "probing.checker",
    "probing.drift",
)
ELSEWHERE = {"cli"}  # the reference of the commands has it


def rooms() -> list[str]:
    """Return the names of the rooms, in the order of the alphabet."""
    found = pkgutil.iter_modules(etcprops.__path__)
    return [m.name for m in found if not m.name.startswith("_") and m.name not in ELSEWHERE]


def names_of(room: str) -> dict[str, list[str]]:
    """Return the public names of a room under their full names, by the module that lists them."""
    found = {"etcprops": exported_at_the_top(room)}
    module = import_module(f"etcprops.{room}")
    listed = getattr(module, "__all__", None)
    if listed is not None:
        found[module.__name__] = [n for n in listed if n not in etcprops.__all__]
    opened = [f"etcprops.{name}" for name in OPEN if name.startswith(f"{room}.")]
    for name in opened if listed is not None else modules_of(module):
        defined = defined_in(import_module(name))
        known = {*etcprops.__all__, *(listed or ())}
        found.setdefault(name, []).extend(n for n in defined if n not in known)
    return {
        name: [f"{name}.{short}" for short in shorts] for name, shorts in found.items() if shorts
    }


def exported_at_the_top(room: str) -> list[str]:
    """Return the names of a room that ``etcprops`` itself exports."""
    homes = {n: home for home, names in etcprops._HOMES.items() for n in names}  # noqa: SLF001
    return [n for n in etcprops.__all__ if homes[n].split(".")[0] == room]


def modules_of(room: ModuleType) -> list[str]:
    """Return the public modules of a room without ``__all__``, itself included."""
    inner = pkgutil.iter_modules(getattr(room, "__path__", ()), f"{room.__name__}.")
    names = [module.name for module in inner]
    return [room.__name__, *(n for n in names if not n.rpartition(".")[2].startswith("_"))]


def defined_in(module: ModuleType) -> list[str]:
    """Return the public functions and classes that a module defines, as they come."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and name != "main"
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
    ]


class Room(SphinxDirective):
    """The names of a room: what the room is, a table of all names, and each in full."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the room's part of the page."""
        text = "\n".join(self._lines(self.arguments[0]))
        return self.parse_text_to_nodes(text, allow_section_headings=True)

    def _lines(self, room: str) -> Iterator[str]:
        found = names_of(room)
        yield from (inspect.getdoc(import_module(f"etcprops.{room}")) or "").splitlines()
        yield ""
        for module, names in found.items():
            if len(found) > 1:
                yield from ("", f"``{module}``", "-" * 99, "")
                if module not in {"etcprops", f"etcprops.{room}"}:
                    yield from (inspect.getdoc(import_module(module)) or "").splitlines()
            data = [name for name in names if _directive(name) == "data"]
            objects = [name for name in names if name not in data]
            yield from ("", ".. autosummary::", "   :nosignatures:", "")
            yield from (f"   ~{name}" for name in objects)
            for name in objects:
                yield from ("", f".. {_directive(name)}:: {name}", "")
            for name in data:
                yield from ("", f".. py:data:: {name}", "")
                yield from (f"   {line}" for line in said_of_data(name, room))


class Names(SphinxDirective):
    """All names of ``etcprops`` itself, by the page of the reference that has them."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return a list, a line for each of the rooms that are given."""
        rows = []
        for room in self.content:
            links = ", ".join(f":py:obj:`~etcprops.{n}`" for n in exported_at_the_top(room))
            rows += [f":doc:`{room}`", f"   {links}", ""] if links else []
        return self.parse_text_to_nodes("\n".join(rows))


def _directive(name: str) -> str:
    module, _, short = name.rpartition(".")
    value = getattr(import_module(module), short)
    if inspect.isclass(value):
        return "autoexception" if issubclass(value, BaseException) else "autoclass"
    return "autofunction" if callable(value) else "data"


def said_of_data(name: str, room: str) -> list[str]:
    """Return what stands below the definition of a constant, in whichever module that is."""
    short = name.rpartition(".")[2]
    package = import_module(f"etcprops.{room}")
    inner = pkgutil.walk_packages(getattr(package, "__path__", ()), f"{package.__name__}.")
    for module in [package.__name__, *(m.name for m in inner)]:
        analyzer = ModuleAnalyzer.for_module(module)
        analyzer.analyze()
        if said := analyzer.attr_docs.get(("", short)):
            return said
    raise ExtensionError(f"nothing is said of {name} below its definition")


def check_complete(app: Sphinx, error: Exception | None) -> None:
    """Fail if a public name is in none of the pages."""
    if error is not None or app.builder.format != "html":
        return
    known = {name for name, *_ in app.env.get_domain("py").get_objects()}
    wanted = {name for room in rooms() for names in names_of(room).values() for name in names}
    top = {f"etcprops.{name}" for name in etcprops.__all__}
    if missing := sorted((wanted | top) - known):
        raise ExtensionError(f"no page of the reference has {', '.join(missing)}")


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive and the check."""
    app.add_directive("room", Room)
    app.add_directive("names", Names)
    app.connect("build-finished", check_complete)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
