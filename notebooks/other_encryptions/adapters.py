"""Adapters: each makes somebody's encryption a function ``encrypt(image, key)``.

They are imported everywhere, their packages nowhere but where a function is called: in the process
of `worker`, whose working directory is made to be thrown away, since many of the packages read and
write files. Images go in and come out as RGB; what OpenCV returns is turned round.
"""

from __future__ import annotations

import importlib
import io
import os
import random
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Images = NDArray[np.uint8]
Encrypt = Callable[[Images, Any], Any]


def _module(name: str) -> Any:
    return importlib.import_module(name)


def _file_of(name: str, file: str) -> Any:
    """Run a file of a package without its ``__init__``, which imports what is not installed."""
    for folder in map(Path, sys.path):
        if (folder / name / file).is_file():
            return SimpleNamespace(**runpy.run_path(str(folder / name / file)))
    raise ModuleNotFoundError(name)


def _png(image: Images, name: str = "in.png") -> str:
    Image.fromarray(image).save(name)
    return name


def _raw(image: Images, name: str = "in.raw") -> str:
    Path(name).write_bytes(image.tobytes())
    return name


def _bytes_as(image: Images, data: bytes) -> Images:
    return np.frombuffer(data, dtype=np.uint8).reshape(image.shape)


def _opened(name: str) -> Images:
    with Image.open(name) as picture:
        return np.asarray(picture)


# --- pyscramble, image-scramble, scramblekit


def pyscramble(function: str) -> Encrypt:
    """Return one of pyscramble's modes."""

    def encrypt(image: Images, key: Any) -> Any:
        return getattr(_module("pyscramble"), f"{function}_encrypt")(image, key)

    return encrypt


def block_md5(image: Images, key: str) -> Any:
    """Scramble blocks of 4 x 4 pixels with pyscramble."""
    height, width = image.shape[:2]
    return _module("pyscramble").block_md5_encrypt(image, width, height, key, 4, 4)[0]


def image_scramble(image: Images, key: str) -> Any:
    """Scramble blocks of 4 x 4 pixels with image-scramble."""
    source = io.BytesIO()
    Image.fromarray(image).save(source, "png")
    source.seek(0)
    canvas = _module("pycasso").Canvas(source, slice_size=(4, 4), seed=key)
    result = canvas.export(mode="scramble", format="png")
    return np.asarray(Image.open(result).convert("RGB"))


def scramblekit(scheme: str, **options: Any) -> Encrypt:
    """Return one of scramblekit's schemes."""

    def encrypt(image: Images, key: int) -> Any:
        return getattr(_module("scramblekit.scramble"), scheme)(key=key, **options)(image)

    return encrypt


def one_random_pe() -> Encrypt:
    """Return scramblekit's RandomPE, one object a key: it draws anew at each call."""
    objects: dict[int, Any] = {}

    def encrypt(image: Images, key: int) -> Any:
        if key not in objects:
            objects[key] = _module("scramblekit.scramble").RandomPE(key=key)
        return objects[key](image)

    return encrypt


# --- Pixels and pieces that move


def aiposematic(image: Images, key: str) -> Any:
    """Shuffle pixels with aiposematic."""
    return _module("aiposematic").shuffle_image_pixels(_png(image), key)


def enpix(image: Images, key: str) -> Any:
    """Shuffle rows and columns with enpix, in a slot of time that does not end."""
    return _module("enpix").encrypt(image, key, 10**15)


def getscrambled(image: Images, key: int) -> Any:
    """Shuffle blocks of 4 x 4 pixels with getscrambled; numpy's global generator is its key."""
    np.random.seed(key)  # noqa: NPY002 - it is what the package draws from
    return _module("getscrambled.encode").encode_blocks(Image.fromarray(image), 4)[1]


def getscrambled_as_shipped(image: Images) -> Any:
    """Shuffle blocks of 4 x 4 pixels with getscrambled as its example does."""
    np.random.seed()  # noqa: NPY002 - a process of its own each time, as for its users
    return _module("getscrambled.encode").encode_blocks(Image.fromarray(image), 4)[1]


def image_shuffler(image: Images, key: int) -> Any:
    """Shuffle 4 x 4 pieces with image-shuffler; Python's global generator is its key."""
    random.seed(key)
    shuffler = _module("image_shuffler").Shuffler(_png(image))
    shuffler.shuffle(matrix=(4, 4))
    return shuffler.shuffled[..., ::-1]


def img_encrypt(image: Images, key: str) -> Any:
    """Let img-encrypt swap pieces of a file of nothing but pixels."""
    _module("img_encrypt").converter(_raw(image), key, "out.raw")
    return _bytes_as(image, Path("out.raw").read_bytes())


def img_paradox_scram(image: Images, key: int) -> Any:
    """Turn quadrants and apply a cat map with img-paradox; the key is the number of times."""
    return _module("img_paradox.trans").scram(image, key)


def pixelpuzzle(image: Images, key: int) -> Any:
    """Shuffle pixels with pixelpuzzle."""
    _module("pixelpuzzle.core").shuffle_pixels(_png(image), "out.webp", seed=key)
    return _opened("out.webp")


def safelicensing_shuffle(image: Images, key: float) -> Any:
    """Shuffle pixels with safelicensing, which returns the order as well."""
    return _file_of("safelicensing", "encryption.py").shuffle_pixels(image, key)


def scramblery(scramble: str) -> Encrypt:
    """Return a mode of scramblery on 4 x 4 blocks, on PNG files and with its seed."""

    def encrypt(image: Images, key: int) -> Any:
        module = _module("scramblery.scramblery")
        result = module.scrambleimage(
            _png(image), x_block=4, y_block=4, scramble_type=scramble, seed=key, write=False
        )
        return result[..., ::-1] if result.ndim == 3 else result

    return encrypt


def shufflecrypt(image: Images, key: str) -> Any:
    """Run the script shufflecrypt with a key file."""
    Path("key.txt").write_text(key, encoding="utf-8")
    options = ["-f", _png(image), "-o", "out.png", "-kf", "key.txt"]
    scripts = [Path(f) / "bin" / "shufflecrypt" for f in sys.path]
    script = next(s for s in scripts if s.is_file())
    before, sys.argv = sys.argv, ["shufflecrypt", *options]
    try:
        runpy.run_path(str(script), run_name="__main__")
    finally:
        sys.argv = before
    return _opened("out.png")


def stegencry(*steps: str) -> Encrypt:
    """Return steps of Stegencry: ``shuffle_pixels``, ``encrypt_rgb``."""

    def encrypt(image: Images, key: str) -> Any:
        job = _module("Stegencry").encrypt(master=_png(image), key=key)
        for step in steps:
            getattr(job, step)()
        return np.array(job._pixels, dtype=np.uint8).reshape(image.shape)  # noqa: SLF001

    return encrypt


# --- Values that change


def dynamic_image_encryption(image: Images, key: int) -> Any:
    """Encrypt pixels with dynamic-image-encryption, which wants one byte of key for each."""
    long = np.random.default_rng(key).bytes(image.size)
    return _bytes_as(image, _module("image_encryption").encrypt_bytes(image.tobytes(), long))


def file_manipulation(image: Images) -> Any:
    """Let Encrypt-decrypt-tfi write the numbers of a file of nothing but pixels."""
    _module("Encrypt_decrypt_tfi").encrypt_imagefile(_raw(image), "out.txt")
    numbers = Path("out.txt").read_text(encoding="utf-8").splitlines()[2].split()
    return np.array(numbers, dtype=np.int64).reshape(image.shape)


def hyperchaos(image: Images, key: bytes) -> Any:
    """Encrypt pixels with hyperchaos, which draws a nonce and returns it and a tag as well."""
    cipher = _module("hyperchaos.cipher").HyperChaosCipher(key)
    return _bytes_as(image, cipher.encrypt(image.tobytes())[0][: image.size])


def imagecrypto(algorithm: str) -> Encrypt:
    """Return an algorithm of imagecrypto, which draws a key and keeps it."""

    def encrypt(image: Images) -> Any:
        return _module(f"imagecrypto.{algorithm}").get_encrypted_image(_png(image))[..., ::-1]

    return encrypt  # type: ignore[return-value]


def img_paradox_chacha(image: Images, key: tuple[float, float]) -> Any:
    """Encrypt pixels with img-paradox: ChaCha20 under a chaotic key."""
    return _module("img_paradox.trans").encrypt_image(_png(image), *key)


def ll_descr(image: Images, key: int) -> Any:
    """Move blocks of a JPEG file with ll-descr, drawn by us: it takes the moves and no key."""
    rows, columns = (side // 8 for side in image.shape[:2])
    order = np.random.default_rng(key).permutation(rows * columns)
    moves = [
        {
            "srcX": 8 * (to % columns),
            "srcY": 8 * (to // columns),
            "destX": 8 * int(start % columns),
            "destY": 8 * int(start // columns),
            "width": 8,
            "height": 8,
        }
        for to, start in enumerate(order)
    ]
    source = io.BytesIO()
    Image.fromarray(image).save(source, "jpeg", quality=95, subsampling=0)
    return np.asarray(
        Image.open(io.BytesIO(_module("ll_descr").descramble(source.getvalue(), moves)))
    )


def nsa_encrypt(image: Images, key: str) -> Any:
    """Encrypt a file of nothing but pixels with NSAencrypt: XOR with the key, over and over."""
    return _bytes_as(
        image, Path(_module("NSAencrypt.image").encrypt_image(_raw(image), key)).read_bytes()
    )


def rubik(iterations: int) -> Encrypt:
    """Return rubikencryptor; Python's global generator is its key."""

    def encrypt(image: Images, key: int) -> Any:
        random.seed(key)
        cube = _module("rubikencryptor.rubikencryptor").RubikCubeCrypto(Image.fromarray(image))
        return cube.encrypt(alpha=8, iter_max=iterations, key_filename=os.devnull)

    return encrypt


def safelicensing(image: Images, key: float) -> Any:
    """Encrypt pixels with safelicensing: XOR, shuffle, XOR."""
    return _file_of("safelicensing", "encryption.py").encrypt_image(image, key)


def sbencryptor(image: Images, key: str) -> Any:
    """Hide a text in an image with sbencryptor."""
    _module("sbencryptor").encrypt_data_into_image(_png(image), "out.png", key)
    return _opened("out.png")


def vortexcrypt(image: Images, key: str) -> Any:
    """Encrypt pixels with two of vortexcrypt's 30 steps of reaction and diffusion, as floats."""
    engine = _module("vortexcrypt.engine").VortexCryptEngine(key, image.shape, {"T": 20})
    height, width = engine.padded_shape
    return engine.encrypt(image / 255.0)[0].reshape(height, width)


# --- Repositories


def arnold_cat_map(image: Images, key: int) -> Any:
    """Apply the cat map of jetrogs/Arnold-cat-map; the key is the number of times."""
    return _module("arnold_map").arnold_cat_map(image, key)


def block_location_shuffle(image: Images, key: int) -> Any:
    """Shuffle blocks of 4 x 4 pixels with MADONOKOUKI's code, in an order of ours."""
    order = np.random.default_rng(key).permutation(64)
    batch = image.transpose(2, 0, 1)[None].copy()
    shuffled = _module("Block_location_shuffle").block_location_shuffle(order, batch)
    return shuffled[0].transpose(1, 2, 0)


def block_scramble(image: Images, key: int) -> Any:
    """Scramble blocks with mastnk/ICCE-TW2018; numpy's global generator is its key."""
    np.random.seed(key)  # noqa: NPY002 - it is what the class draws from
    scramble = _module("BlockScramble").BlockScramble([4, 4, 3])
    return scramble.doScramble(image[None], scramble.key, scramble.rev)[0]


def cube(image: Images, key: int) -> Any:
    """Encrypt pixels with jabolina/image-encryption; Python's global generator is its key."""
    random.seed(key)
    model = _module("image_methods").ImageModel(_png(image), "out.png", os.devnull)
    _module("encryption").Encryption(model).encrypt()
    return _opened("out.png")


def etc_encryption(image: Images) -> Any:
    """Encrypt with MADONOKOUKI's EtC, whose key is drawn once, with seed 30, for everybody."""
    batch = image.transpose(2, 0, 1)[None] / 255.0
    result = _module("etc_encryption").EtC_encryption(batch)
    return np.rint(255 * result[0].transpose(1, 2, 0)).astype(np.uint8)


def etc_steps(*steps: str) -> Encrypt:
    """Return steps of junrainlim's EtC on blocks of 4 x 4 grey pixels, without YCbCr and JPEG."""

    def encrypt(image: Images, key: bytes) -> Any:
        core = _module("core")
        blocks = core.image_to_blocks(image, 4)
        for step in steps:
            blocks = getattr(core, step)(blocks, key)
        return core.blocks_to_image(blocks, image.shape[1] // 4)

    return encrypt


def henon_arnold(image: Images, key: int) -> SimpleNamespace:
    """Return an image as frenzelts/Henon-Arnold-Image-Encryption wants it."""
    keys = _module("Key").Key(key, 10**29 + 7)
    return SimpleNamespace(matrix=image.copy(), dimension=image.shape, key=keys)


def henon_arnold_confusion(image: Images, key: int) -> Any:
    """Apply the cat maps of frenzelts/Henon-Arnold-Image-Encryption."""
    return _module("confusion").generateArnoldMap(henon_arnold(image, key))


def henon_arnold_diffusion(image: Images, key: int) -> Any:
    """XOR pixels with the Henon map of frenzelts/Henon-Arnold-Image-Encryption."""
    return _module("diffusion").pixelManipulation(henon_arnold(image, key))


def imageshuffle(module: str, name: str, *options: Any) -> Encrypt:
    """Return a class of mastnk/imageshuffle."""

    def encrypt(image: Images, key: int) -> Any:
        return getattr(_module(f"imageshuffle.{module}"), name)(key, *options).enc(image)

    return encrypt


def knowankit(image: Images, key: str) -> Any:
    """Encrypt pixels with knowankit/Image-encryption-using-chaos-theory."""
    return _module("Chaos.Encryption").encrypt(_png(image), key)
