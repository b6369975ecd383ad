"""The encryption itself, on pixels and as matrices, and its keys.

`pixels` and `matrices` never meet: that they agree is a theorem that is tested, not a definition.
"""
