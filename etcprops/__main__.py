"""``python -m etcprops``."""

from etcprops.cli import main

if __name__ == "__main__":
    main()
