"""The toy world: a miniature benchmark in the official file formats, generated from a seed."""

from tasks.toy.concepts import DOMAINS
from tasks.toy.files import SIZES
from tasks.toy.languages import LANGUAGES, LOWEST
from tasks.toy.writing import VERSION, Manifest, write

__all__ = ["DOMAINS", "LANGUAGES", "LOWEST", "SIZES", "VERSION", "Manifest", "write"]
