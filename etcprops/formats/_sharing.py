"""What threads that encrypt files share: keys of one size, and memory."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from etcprops.scheme.pixels import decrypt, encrypt

if TYPE_CHECKING:
    from etcprops.formats.schemes import ImageScheme
    from etcprops.scheme.keys import EtCKey

KEPT_PIXELS: Final = 1 << 26
"""Keys are kept, with the 9 bytes a pixel of their routes, up to so many pixels."""

PIXELS_AT_ONCE: Final = 1 << 26
"""So many pixels are in work at once at most, in all threads together; a larger image is alone."""


class KeyCache:
    """Keys of the last sizes, which carry their routes; as many as `KEPT_PIXELS` allows."""

    def __init__(self) -> None:
        self._keys: OrderedDict[Any, EtCKey] = OrderedDict()
        self._lock = threading.Lock()

    def key(
        self, scheme: ImageScheme, size: tuple[int, ...], secret: bytes, *, encrypting: bool
    ) -> EtCKey:
        """Return the key of a size, ready for one of both directions."""
        with self._lock:
            # Nothing that shows this module's values shows a secret.
            name = scheme, *size, hashlib.sha256(secret).digest()
            found = self._keys.pop(name, None)
            self._keys[name] = key = found or scheme.key(size[0], size[1], secret)
            # Here, where no other thread does the same: it takes far more memory than an image.
            (encrypt if encrypting else decrypt)(np.empty((0, *key.geometry.shape), np.uint8), key)
            while sum(k.geometry.n_pixels for k in self._keys.values()) > KEPT_PIXELS:
                if len(self._keys) == 1:
                    break
                self._keys.popitem(last=False)
            return key


class Room:
    """Lets threads wait until there is room for their pixels."""

    def __init__(self) -> None:
        self._pixels = 0
        self._changed = threading.Condition()

    @contextmanager
    def of(self, pixels: int) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(
                lambda: not self._pixels or self._pixels + pixels <= PIXELS_AT_ONCE
            )
            self._pixels += pixels
        try:
            yield
        finally:
            with self._changed:
                self._pixels -= pixels
                self._changed.notify_all()


keys = KeyCache()
room = Room()
