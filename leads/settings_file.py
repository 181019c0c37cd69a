"""Settings files of both ends: YAML into a frozen pydantic model, with errors that name file, line, key and remedy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Model = TypeVar("Model", bound=BaseModel)


class SettingsError(Exception):
    """A settings file that cannot be used. `problems`: one line each, with file, line, key and remedy."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load_settings(path: Path, model: type[Model]) -> Model:
    """Read a YAML file into a model; relative paths in it are seen from its folder. Raises `SettingsError`."""
    try:
        text = path.read_text(encoding="utf8")
    except FileNotFoundError:
        raise SettingsError([f"{path}: no such file; check the name, or copy a sample from configs/"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: cannot be read: {error}"]) from error
    try:
        loader = yaml.SafeLoader(text)
        tree = loader.get_single_node()
        data = loader.construct_document(tree) if tree else None
    except yaml.MarkedYAMLError as error:
        raise SettingsError([_describe_syntax(path, error)]) from None
    except yaml.YAMLError as error:
        raise SettingsError([f"{path}: is not YAML: {error}"]) from None
    except ValueError as error:
        line = _line_of_bad_value(tree)
        raise SettingsError([f"{path}:{line}: no such date, time or number: {error}"]) from None
    twice = list(_keys_twice(path, tree))
    if twice:
        raise SettingsError(twice)
    if not isinstance(data, dict):
        raise SettingsError([f"{path}: expected keys and values, found {type(data).__name__}"])
    try:
        settings = model.model_validate(data)
    except ValidationError as error:
        raise SettingsError([_describe(path, tree, problem) for problem in _causes(error.errors())]) from None
    return _resolved(settings, path.parent.resolve())


def _line_of_bad_value(node: yaml.Node | None) -> int:
    """Line (from 1) of the first value that cannot be made, such as the 31st of June."""
    if isinstance(node, yaml.ScalarNode):
        try:
            yaml.SafeLoader("").construct_object(node)
        except ValueError:
            return node.start_mark.line + 1
    below = [n for pair in node.value for n in pair] if isinstance(node, yaml.MappingNode) else []
    below = node.value if isinstance(node, yaml.SequenceNode) else below
    return next((line for n in below if (line := _line_of_bad_value(n))), 0)


def _resolved(model: Model, folder: Path) -> Model:
    """The same settings with every relative path made absolute."""
    update: dict[str, Any] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, Path):
            update[name] = folder / value
        elif isinstance(value, BaseModel):
            update[name] = _resolved(value, folder)
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            update[name] = tuple(_resolved(v, folder) for v in value)
    return model.model_copy(update=update)


def _describe_syntax(path: Path, error: yaml.MarkedYAMLError) -> str:
    """Without the line itself, which may hold a secret."""
    mark = error.problem_mark or error.context_mark
    where = f"{path}:{mark.line + 1}" if mark else f"{path}"
    column = f" near column {mark.column + 1}" if mark else ""
    return f"{where}: is not YAML: {error.problem}; check indents, colons and quotes{column}"


def _causes(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without those that only follow from others: a wrong item makes its list too short as well."""
    return [
        error
        for error in errors
        if error["type"] != "too_short"
        or not any(other["loc"][: len(error["loc"])] == error["loc"] for other in errors if other is not error)
    ]


def _describe(path: Path, tree: yaml.Node | None, problem: ErrorDetails) -> str:
    line, steps = _locate(tree, problem["loc"])
    key = ".".join(steps) or "the file"
    remedy = {
        "missing": "is missing: add it",
        "extra_forbidden": "is not a known key: remove it or check its spelling",
    }.get(problem["type"])
    if remedy is None:
        message = problem["msg"].removeprefix("Value error, ")
        given = problem["input"]
        tells = isinstance(given, str | int | float | bool) and "://" not in str(given)
        shown = f" (found {given!r})" if tells else ""
        remedy = f"{message}{shown}"
    return f"{path}:{line}: {key}: {remedy}"


def _keys_twice(path: Path, node: yaml.Node | None) -> Iterator[str]:
    """YAML takes the last of two equal keys and forgets the first unseen."""
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            name = str(key.value)
            if name in seen:
                yield f"{path}:{line}: {name}: stands twice, first in line {seen[name]}: remove one"
            seen[name] = line
            yield from _keys_twice(path, value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _keys_twice(path, value)


def _locate(node: yaml.Node | None, path: tuple[int | str, ...]) -> tuple[int, list[str]]:
    """Line (from 1) and key of the deepest part of a path that stands in the file.

    Pydantic puts the name of a union's chosen member into the path; a step that is not in the file is left
    out, but for the last, which may be a key that is missing.
    """
    line = node.start_mark.line + 1 if node is not None else 1
    found = []
    for i, step in enumerate(path):
        below: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(step):
                    below, line = value, key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            below = node.value[step]
            line = below.start_mark.line + 1
        if below is not None:
            node = below
        if below is not None or i == len(path) - 1:
            found.append(str(step))
    return line, found
