"""Files of encrypted images: codecs, and what compression does to images."""
