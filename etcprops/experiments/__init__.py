"""Experiments of the paper: data sets, and training on plain against encrypted images."""
