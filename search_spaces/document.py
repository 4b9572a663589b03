"""A YAML file whose every key knows its line, read strictly.

Scalars follow the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2, section 10.3), not PyYAML's 1.1: `1e-5` is a
number, `no` is the language and not `false`, and there are no octal, sexagesimal or infinite numbers. A key that stands
twice is an error, and so is every tag that makes anything but plain data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tasks.errors import UserError

Keys = tuple[str | int, ...]
"""Where something stands in a document: keys of mappings and indices of lists, from the top."""


class _CoreLoader(yaml.SafeLoader):
    """PyYAML's safe loader with YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # the base's own form


_CoreLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_CoreLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_CoreLoader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789")
)
_CoreLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)
_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str")}


@dataclass(frozen=True)
class Document:
    """The plain content of a YAML file (`dict`, `list`, `str`, `int`, `float`, `bool`, `None`), and its lines."""

    source: str  # the file as errors name it
    content: dict[str, Any]
    lines: Mapping[Keys, int] = field(default_factory=dict)  # of keys and list items, counted from 1

    def where(self, keys: Keys) -> str:
        """`file:line` of a place; of the nearest thing above it where the place itself is not written down."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return f"{self.source}:{self.lines.get(keys, 1)}"

    def depth(self, keys: Keys) -> int:
        """How many of the keys lead to something that is written in the document."""
        return next((n for n in range(len(keys), 0, -1) if keys[:n] in self.lines), 0)

    def error(self, what: str, keys: Keys) -> UserError:
        """A mistake at a place of this document."""
        return UserError(what, where=self.where(keys))


def dotted(keys: Keys) -> str:
    """`recipe.target.optimisation.lr`."""
    return ".".join(str(key) for key in keys)


def read(path: Path) -> Document:
    """Read a YAML file.

    Raises:
        UserError: the file is missing, is not UTF-8 or YAML, has a key twice, or is no mapping.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"not UTF-8 (byte {error.start}); save the file as UTF-8", where=str(path)) from error
    except OSError as error:
        raise UserError(f"cannot read it: {error.strerror}", where=str(path)) from error
    return parse(text, str(path))


def parse(text: str, source: str) -> Document:
    """Parse YAML text; `source` names it in errors."""
    try:
        node = _CoreLoader(text).get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise UserError("the file must be a mapping, `key: value` line by line", where=source)
        reader = _Reader(source)
        content = reader.value(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{source}:{mark.line + 1}" if mark else source
        raise UserError(f"not valid YAML: {error.problem or error.context}", where=where) from error
    except yaml.reader.ReaderError as error:
        raise UserError(f"not valid YAML: {error.reason}", where=source) from error
    return Document(source, content, reader.lines)


class _Reader:
    """Turns nodes into plain values and notes the line of each."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines: dict[Keys, int] = {}
        self.open: list[yaml.Node] = []  # nodes that are being read: an alias to one of them has no end
        self.scalars = yaml.constructor.SafeConstructor()

    def value(self, node: yaml.Node, keys: Keys) -> Any:
        if any(node is other for other in self.open):
            raise self.error("an alias inside of what it stands for", node)
        self.open.append(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return self.mapping(node, keys)
            if isinstance(node, yaml.SequenceNode):
                return [self.item(item, (*keys, index)) for index, item in enumerate(node.value)]
            return self.scalar(node)
        finally:
            self.open.pop()

    def item(self, node: yaml.Node, keys: Keys) -> Any:
        self.lines[keys] = node.start_mark.line + 1
        return self.value(node, keys)

    def mapping(self, node: yaml.MappingNode, keys: Keys) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.value(key_node, keys)
            if not isinstance(key, str):
                raise self.error(f"keys are words, not {key!r}; quote it if it is meant", key_node)
            if key in found:
                first = self.lines[*keys, key]
                raise self.error(f"{dotted((*keys, key))} stands twice, first in line {first}", key_node)
            self.lines[*keys, key] = key_node.start_mark.line + 1
            found[key] = self.value(value_node, (*keys, key))
        return found

    def scalar(self, node: yaml.Node) -> Any:
        if node.tag not in _PLAIN:
            raise self.error(f"the tag {node.tag} is not allowed; plain values only", node)
        try:
            value = self.scalars.construct_object(node)
            str(value).encode()
            return value
        except UnicodeEncodeError as error:
            raise self.error(f"{node.value!a} has half a surrogate pair; write the character itself", node) from error
        except (ValueError, KeyError) as error:
            raise self.error(f"{node.value!r} is not of the type that its tag says", node) from error

    def error(self, what: str, node: yaml.Node) -> UserError:
        return UserError(what, where=f"{self.source}:{node.start_mark.line + 1}")
