"""Encrypted images as files: what compression keeps of the encryption, and what it does not.

On the side of JPEG: quantization tables (`quantization`), a rounding of the cosine transform that
is never wrong (`rounded_dct`), coefficients under encryption (`coefficients`, `commutation`), files
that hold them as they are (`exact_jpeg`), and libjpeg's arithmetic in integers (`libjpeg`).
"""
