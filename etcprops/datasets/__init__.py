"""Image sets: digits, Extended Yale B, synthetic faces, and users' own files."""

from etcprops._files import user_cache
from etcprops.datasets.digits import load_digits_images
from etcprops.datasets.extended_yale_b import load_extended_yale_b
from etcprops.datasets.files import load_images
from etcprops.datasets.image_set import ImageSet
from etcprops.datasets.synthetic_faces import make_synthetic_faces

__all__ = [
    "ImageSet",
    "load_digits_images",
    "load_extended_yale_b",
    "load_images",
    "make_synthetic_faces",
    "user_cache",
]
