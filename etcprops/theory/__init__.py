"""How evidence is produced: symbols with sympy, all 8-bit values with z3, all sizes with Coq."""
