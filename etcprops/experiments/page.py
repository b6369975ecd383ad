"""The reproduction as files: one HTML page, figures as PNG and SVG, numbers as CSV and JSON."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etcprops._about import versions
from etcprops._files import write_all
from etcprops._pages import render_page
from etcprops._pictures import data_uri
from etcprops.experiments import figures
from etcprops.experiments.tables import (
    NEAR,
    accepted,
    case_scores,
    cells,
    n_identical,
    scores_csv,
    to_csv,
    to_json,
)
from etcprops.experiments.uploads import summarise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure

    from etcprops.experiments.choices import Choices
    from etcprops.experiments.reproduction import Part
    from etcprops.experiments.uploads import Upload


@dataclass(frozen=True)
class Reproduction:
    """What was run, and what came out.

    Attributes
    ----------
    about : dict
        Data, number of splits, versions, seconds: shown as it is.
    choices : Choices
        What the paper leaves open.
    parts : sequence of Part
        All conditions with the reduction of `choices`.
    exact : sequence of Part
        Key condition 1 with reductions that are equivariant.
    uploads : sequence of Upload
        What the encrypted training images gave away.
    """

    about: dict[str, Any]
    choices: Choices
    parts: Sequence[Part]
    exact: Sequence[Part]
    uploads: Sequence[Upload] = ()

    @property
    def ok(self) -> bool:
        """Whether exact reductions gave the same scores to the last bit, wherever they were run."""
        same, of = n_identical(self.exact, "scores")
        return same == of

    def figures(self) -> dict[str, Figure]:
        """Return the figures by file name."""
        conditions = ("plain", "own")
        drawn = {
            "figure4": figures.eer_figure(self.exact, ("plain", "common"), paper=False),
            "figure4-reduced": figures.eer_figure(self.parts, ("plain", "common"), paper=False),
            "tables": figures.eer_figure(self.parts, conditions, paper=True),
            "cases": figures.cases_figure(self.parts),
            "impostors": figures.eer_figure(self.parts, ("own", "stolen", "wrong"), paper=False),
            "det": figures.det_figure(self.parts, ("plain", "common", "own", "stolen")),
        }
        if self.about.get("synthetic"):
            for figure in drawn.values():
                figure.suptitle("synthetic faces", fontsize=10, style="italic")
        return {"figure3": figures.examples_figure(), **drawn}

    def to_html(self, figures_as_png: Mapping[str, bytes] | None = None) -> str:
        """Return one page with tables and pictures inside.

        Parameters
        ----------
        figures_as_png : mapping of str to bytes, optional
            The figures, if they are drawn already.

        Returns
        -------
        str
        """
        files = figures_as_png or {
            name: figures.rendered(figure, "png") for name, figure in self.figures().items()
        }
        pictures = {name: data_uri(content) for name, content in files.items()}
        table = {(c.kernel, c.condition, c.ratio): c for c in cells(self.parts)}
        with_value = [c for c in table.values() if c.paper is not None]
        plain = [c for c in with_value if c.condition == "plain"]
        own = [c for c in with_value if c.condition == "own"]
        return render_page(
            "etcprops.experiments",
            "reproduction.html",
            about=self.about | versions(),
            choices=self.choices,
            table=table,
            exact={(c.kernel, c.condition, c.ratio): c for c in cells(self.exact)},
            dimensions={p.ratio: p.dimension for p in self.exact},
            ratios=sorted({part.ratio for part in self.parts}),
            accepted=accepted(self.parts),
            exposures=summarise(self.uploads),
            scores={(c.kernel, c.case, c.ratio): c for c in case_scores(self.parts)},
            case_names=list(figures.CASES),
            identical={
                name: (n_identical(self.exact, name), n_identical(self.parts, name))
                for name in ("scores", "decisions")
            },
            within=(sum(c.within for c in plain), len(plain)),
            near=(sum(c.near for c in own), len(own)),
            factor=NEAR,
            log_factor=math.log(NEAR),
            resolution=1 / min(part.genuine for part in self.parts),
            pictures=pictures,
        )

    def write(self, folder: Path) -> list[Path]:
        """Write everything, each file as a whole.

        Parameters
        ----------
        folder : Path
            Made if it is not there.

        Returns
        -------
        list of Path
            The page first.
        """
        runs = {"reproduction": self.parts, "exact reductions": self.exact}
        data = self.about["data"]
        drawn = self.figures()
        pictures = {name: figures.rendered(figure, "png") for name, figure in drawn.items()}
        files: dict[str, bytes] = {
            "report.html": self.to_html(pictures).encode(),
            "eer.csv": to_csv(cells(self.parts), data).encode(),
            "eer-exact-reductions.csv": to_csv(cells(self.exact), data).encode(),
            "scores.csv": scores_csv(case_scores(self.parts), data).encode(),
            "results.json": to_json(self.about, self.choices, runs, self.uploads).encode(),
        }
        for name, figure in drawn.items():
            files[f"{name}.png"] = pictures[name]
            files[f"{name}.svg"] = figures.rendered(figure, "svg")
        return write_all(folder, files)
