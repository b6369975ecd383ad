"""The claims, one module a family, each with the checks that test it."""
