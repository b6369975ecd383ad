"""Reductions of dimension."""

from __future__ import annotations

from etcprops.reductions.gram_pca import GramPCA

__all__ = ["GramPCA"]
