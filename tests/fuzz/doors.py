"""What a door is: every public function, class and method that somebody may call.

Found in the package itself: what is in `__all__` of `etcprops`, of a room or of a module, their
classes' public methods, and `READERS`. A constructor is a door if it looks at what it is given;
records (dataclasses and tuples that the package makes, enumerations, errors) have none.
"""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import etcprops

READERS = (
    "etcprops.attacks.alignment:align",
    "etcprops.attacks.layout:recover_layout",
    "etcprops.attacks.layout:recover_within_blocks",
    "etcprops.datasets.archives:load_arrays",
    "etcprops.datasets.pictures:count_pixels",
    "etcprops.datasets.pictures:picture_of",
    "etcprops.datasets.pictures:read_comment",
    "etcprops.datasets.pictures:read_picture",
    "etcprops.formats.codecs:Codec",
    "etcprops.formats.exact_jpeg:code_exactly",
    "etcprops.formats.files:FileSettings",
    "etcprops.formats.quantization:exact_table",
    "etcprops.formats.quantization:standard_table",
    "etcprops.formats.quantization:symmetrised",
    "etcprops.formats.rates:points_from_csv",
    "etcprops.formats.schemes:ImageScheme",
    "etcprops.probing.checker:check",
    "etcprops.probing.checker:read",
    "etcprops.probing.drift:drift",
    "etcprops.scheme.matrices:step_matrices",
    "etcprops.theory.recovery:count_gluings",
    "etcprops.theory.recovery:images_needed",
    "etcprops.vectors:load_vectors",
)
"""Doors of rooms without `__all__`: what reads files and texts, and what guides call."""

NOT_FUZZED = {
    "JpegCoefficients.trusted": "takes arrays without a look at them, and says so",
    "claims.Implementation.proved": "runs Coq",
    "claims.Implementation.take_fingerprints": "starts processes, and is given nothing",
    "reproducibility.Machine.fingerprint": "starts a process, and is given nothing",
    "reproducibility.fingerprints_of": "starts processes",
    "theory.coq.build": "runs Coq",
    "theory.coq.check_proofs": "runs Coq",
    "theory.coq.compiled": "runs Coq",
    "theory.coq.evaluate": "runs Coq",
    "theory.coq.find_coq": "runs Coq",
    "theory.coq.read_record": "reads the package's own file",
}
"""Doors that are left out, with the reason."""

SPECIAL = ("__call__", "__matmul__")
"""Methods with such names that are doors."""


class Door(NamedTuple):
    """Something public that can be called.

    Attributes
    ----------
    name : str
        As one writes it after ``etcprops.``: ``EtCKey.from_json``, ``attacks.compare``.
    call : callable
        The function or class; the method of the class, so that its first argument is the object.
    owner : type or None
        The class of a method that is called on an object.
    """

    name: str
    call: Callable[..., Any]
    owner: type | None = None

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """What it takes, without ``self`` and without what collects the rest."""
        try:
            found = dict(inspect.signature(self.call).parameters)
        except ValueError:
            return {}
        if self.owner is not None:
            found.pop(next(iter(found)))
        return {n: p for n, p in found.items() if p.kind is not p.VAR_KEYWORD}

    @property
    def documented(self) -> frozenset[str]:
        """Names of the errors of which its docstring, or that of its class, speaks."""
        texts = [inspect.getdoc(self.call) or ""]
        if self.owner is not None:
            texts.append(inspect.getdoc(self.owner) or "")
        return frozenset(name for text in texts for name in errors_in(text))


def errors_in(text: str) -> Iterator[str]:
    """Yield what the section Raises of a docstring names, or its one line where it has no more."""
    if text.count("\n") == 0:
        yield from re.findall(r"\b\w+Error\b", text)
    for section in re.findall(r"(?ms)^Raises\n-+\n(.*?)(?=^\S[^\n]*\n---|\Z)", text):
        for line in re.findall(r"^\w.*$", section, re.MULTILINE):
            yield from re.findall(r"\w+", line)


@cache
def doors() -> dict[str, Door]:
    """Return every door by its name, in the order of the alphabet."""
    found: dict[str, Door] = {}
    for module, name in public_names():
        for door in doors_of(name, getattr(import_module(module), name), module):
            found[door.name] = door
    for reader in READERS:
        module, _, name = reader.partition(":")
        whole = ".".join([*module.split(".")[1:], name])
        found[whole] = Door(whole, getattr(import_module(module), name))
    return dict(sorted(found.items()))


def public_names() -> Iterator[tuple[str, str]]:
    """Yield modules and names, those of `etcprops` itself first."""
    listed = [m.name for m in pkgutil.walk_packages(etcprops.__path__, "etcprops.")]
    seen: set[int] = set()
    for module in ["etcprops", *(m for m in listed if not m.endswith("__main__"))]:
        loaded = import_module(module)
        for name in getattr(loaded, "__all__", ()):
            value = getattr(loaded, name)
            if id(value) not in seen:
                seen.add(id(value))
                yield module, name


def doors_of(name: str, value: Any, module: str) -> Iterator[Door]:
    """Yield the doors of a public name: itself, and if it is a class the methods it defines."""
    name = ".".join([*module.split(".")[1:], name])
    if not inspect.isclass(value):
        if callable(value):
            yield Door(name, value)
        return
    if not is_record(value):
        yield Door(name, value)
    if issubclass(value, (Enum, BaseException)):
        return
    fields = getattr(value, "__dataclass_fields__", ())
    for method, plain in vars(value).items():
        if (method.startswith("_") and method not in SPECIAL) or method in fields:
            continue
        if isinstance(plain, (classmethod, staticmethod)):
            yield Door(f"{name}.{method}", getattr(value, method))
        elif inspect.isfunction(plain):
            yield Door(f"{name}.{method}", plain, value)


def is_record(value: type) -> bool:
    """Whether a constructor takes what it is given as it is, or there is none to call."""
    if issubclass(value, (Enum, BaseException)) or inspect.isabstract(value):
        return True
    code = getattr(value.__init__, "__code__", None)
    is_made = code is not None and code.co_filename == "<string>"  # by the module dataclasses
    return (is_made and not hasattr(value, "__post_init__")) or (
        issubclass(value, tuple) and hasattr(value, "_fields")
    )
