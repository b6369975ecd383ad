"""What of this folder holds no tests."""

collect_ignore = ["coverage_guided.py"]  # a program, which needs atheris
