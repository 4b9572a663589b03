"""XML: a file's root, and the errors of files that are not well-formed."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from tasks.errors import UserError


def root_of(text: str, where: str) -> Element:
    """The root of an XML document; one that is not well-formed is a `UserError` with its line."""
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise UserError(f"not XML: {error}", where=f"{where}:{error.position[0]}") from error


def local_name(element: Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]
