"""The reference of the commands, from the application itself: what ``--help`` says, as a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer.main
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from etcprops.cli import app as application


class Commands(SphinxDirective):
    """A section for each command: what it does, its usage, its arguments and options."""

    def run(self) -> list[nodes.Node]:
        """Return the sections."""
        group: Any = typer.main.get_command(application)
        text = "\n".join(line for name in group.commands for line in _lines(group, name))
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def _lines(group: Any, name: str) -> Iterator[str]:
    command = group.commands[name]
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    words = " ".join(_argument(argument) for argument in arguments)
    yield from ("", f"(etcprops-{name})=", f"## etcprops {name}", "")
    yield from (*_plain(command.help).splitlines(), "")
    yield from ("```text", f"etcprops {name} [OPTIONS] {words}".rstrip(), "```", "")
    for argument in arguments:
        yield from (f"`{argument.metavar or argument.name.upper()}`", f": {_said(argument)}", "")
    for option in options:
        yield from (", ".join(f"`{form}`" for form in _forms(option)), f": {_said(option)}", "")


def _argument(argument: Any) -> str:
    name: str = argument.metavar or argument.name.upper()
    if name.startswith("["):
        return name
    name += "..." if argument.nargs == -1 and not name.endswith("...") else ""
    return name if argument.required else f"[{name}]"


def _forms(option: Any) -> list[str]:
    """Return how an option is written, with what it takes: that of the last name alone."""
    forms = [*option.opts, *option.secondary_opts]
    if not option.is_flag and not option.count:
        forms[-1] += f" {option.metavar or _kind(option)}"
    return forms


def _kind(option: Any) -> str:
    annotation = str(getattr(option.type_descriptor.annotation, "__name__", "value"))
    return {"str": "TEXT", "int": "N", "float": "X", "Path": "FILE"}.get(annotation, "VALUE")


def _said(parameter: Any) -> str:
    """Return a parameter's help with its default, unless the help itself has one."""
    said = _plain(parameter.help or "")
    shown = parameter.default
    if parameter.required and parameter.param_type_name == "option":
        return f"{said} **Required.**"
    told = "[default:" in said or isinstance(parameter.show_default, str)
    if isinstance(parameter.show_default, str):
        said += f" [default: {parameter.show_default}]"
    if told or not parameter.show_default or callable(shown) or shown in (None, False, True, ()):
        return said
    return f"{said} [default: {getattr(shown, 'value', shown)}]"


def _plain(text: str) -> str:
    r"""Return help without Rich's markup, whose brackets are written ``\[``."""
    text = re.sub(r"(?<!\\)\[/?(?:bold|dim|italic|red|green|yellow|cyan|/)\]", "", text)
    return text.replace("\\[", "[").replace("*", "\\*").replace("<", "&lt;")


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
