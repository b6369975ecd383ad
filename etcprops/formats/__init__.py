"""Encrypted images as files: what compression keeps of the encryption, and what it does not.

On the side of JPEG: quantization tables (`quantization`), a rounding of the cosine transform that
is never wrong (`rounded_dct`), coefficients under encryption (`coefficients`, `commutation`), files
that hold them as they are (`exact_jpeg`), and libjpeg's arithmetic in integers (`libjpeg`).

On the side of files: the three schemes (`schemes`) with JFIF's colours in integers (`ycbcr`),
encoders (`codecs`), what a file says of itself to whoever has the secret (`records`), one file
(`files`), and whole folders by all cores (`folders`).

What files cost and keep (`rates`, `similarity`), how far JPEG moves inner products (`deviation`),
and what it leaves in pixels (`traces`).
"""
