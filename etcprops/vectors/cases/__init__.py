"""The cases: which keys, images and secrets the vectors have, and what must come out of each."""
