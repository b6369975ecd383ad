"""Arithmetic without rounding, or with a proved bound on it; nothing here knows of encryption.

`statistics` and `scaler` normalize, `gram` adds inner products without rounding, `kernels` are made
of these, `margins` bounds what ordinary arithmetic may do to a decision.
"""
