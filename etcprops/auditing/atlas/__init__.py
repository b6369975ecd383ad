"""All of scikit-learn's estimators on a grid of preprocessings, steps, keys and seeds.

`grid` runs it, `cells` are what it is made of, `rows` are what they gave against what theory says,
`lines` are the rows of all keys together; `backends` and `isolation` say where cells run, `worker`
is the process there, `store` keeps rows on disk.
"""
