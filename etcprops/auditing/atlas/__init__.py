"""All of scikit-learn's estimators on a grid of preprocessings, steps, keys and seeds.

`grid` runs it and puts the rows together, `cells` does the work of one, `backends` and `isolation`
say where, `worker` is the process there, `store` keeps rows on disk.
"""
