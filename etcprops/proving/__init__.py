"""How evidence is produced: symbolic proofs with sympy."""
