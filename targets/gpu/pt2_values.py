"""What the strings inside a ``.pt2`` file may say.

Torch turns several of them into code when it loads or runs the program: names become Python source, symbolic sizes are
evaluated, operators are looked up by attribute, tree specifications import modules. Each kind is therefore held to the
small language that an exported dense part needs.
"""

from __future__ import annotations

import ast
import json
import keyword
import re
from typing import Annotated, Any

import torch
from pydantic import AfterValidator

_ATEN = re.compile(r"torch\.ops\.aten\.([a-z_][a-z0-9_]*)\.([A-Za-z][A-Za-z0-9_]*)")
_PATH = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")
_SYMBOL = re.compile(r"s[0-9]+")
_EQUATION = re.compile(r"[A-Za-z ]{1,60}(,[A-Za-z ]{1,60}){0,8}->[A-Za-z ]{0,60}")
EINSUM = "torch.ops.aten.einsum.default"
_SIZE_OPERATORS = frozenset(
    {f"_operator.{name}" for name in ("add", "sub", "mul", "floordiv", "mod", "neg")}
    | {"torch.sym_max", "torch.sym_min"}
)
_ASSERTIONS = frozenset({"_assert_tensor_metadata"})
_PLAIN_TYPES = (torch.TensorType, torch.IntType, torch.FloatType, torch.BoolType, torch.NumberType)
_EXPRESSION_CALLS = frozenset(
    {"Symbol", "Integer", "Add", "Mul", "FloorDiv", "CeilDiv", "CleanDiv", "Mod", "PythonMod", "Max", "Min"}
)
_ASSUMPTIONS = frozenset({"positive", "nonnegative", "integer", "evaluate"})
_MAX_EXPRESSION = 2000
_CONTAINERS = {"builtins.tuple": (None, "null"), "builtins.list": (None, "null"), "builtins.dict": ("[]",)}
_MAX_TREE_DEPTH = 4


def _identifier(name: str) -> str:
    """Python names: torch writes them into the source of the program."""
    if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
        raise ValueError(f"{name[:60]!r} is not a plain name")
    return name


def _path(name: str) -> str:
    """Dotted module paths such as ``steps.0.weight``."""
    if not _PATH.fullmatch(name):
        raise ValueError(f"{name[:60]!r} is not a module path")
    return name


def _symbol(name: str) -> str:
    """Names of symbolic sizes."""
    if not _SYMBOL.fullmatch(name):
        raise ValueError(f"{name[:60]!r} is not the name of a size")
    return name


def _equation(text: str) -> str:
    """Equations of ``einsum`` with their result written out, such as ``bi,ijk->bjk``."""
    if not _EQUATION.fullmatch(text):
        raise ValueError(f"{text[:60]!r} is neither a mode nor an equation of einsum")
    return text


def _operator(target: str) -> str:
    """Functional ATen operators, and arithmetic on sizes."""
    if target in _SIZE_OPERATORS:
        return target
    match = _ATEN.fullmatch(target)
    overload = _find_overload(*match.groups()) if match else None
    if overload is None:
        raise ValueError(f"{target[:60]!r} is not an ATen operator")
    schema = overload._schema
    if schema.is_mutable or not (_returns_values(schema) or schema.name.removeprefix("aten::") in _ASSERTIONS):
        raise ValueError(f"{target!r} does more than compute tensors")
    return target


def _find_overload(name: str, overload: str) -> torch._ops.OpOverload | None:
    packet = None if name.startswith("__") else getattr(torch.ops.aten, name, None)
    found = getattr(packet, overload, None) if isinstance(packet, torch._ops.OpOverloadPacket) else None
    return found if isinstance(found, torch._ops.OpOverload) else None


def _returns_values(schema: Any) -> bool:
    def plain(kind: Any) -> bool:
        inner = kind.getElementType() if isinstance(kind, torch.ListType) else kind
        return isinstance(inner, _PLAIN_TYPES)

    return bool(schema.returns) and all(plain(r.type) for r in schema.returns)


def _expression(text: str) -> str:
    """Sums and products of sizes; torch hands the text to ``sympify``, which evaluates it as Python."""
    if len(text) > _MAX_EXPRESSION:
        raise ValueError("a symbolic size is too long")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = ast.Constant(value=None)
    if not _is_size(tree):
        raise ValueError(f"{text[:60]!r} is not arithmetic on sizes")
    return text


def _is_size(tree: ast.expr) -> bool:
    if not isinstance(tree, ast.Call):
        return _is_integer(tree)
    if not isinstance(tree.func, ast.Name) or tree.func.id not in _EXPRESSION_CALLS:
        return False
    if not all(k.arg in _ASSUMPTIONS and _is_constant(k.value, bool) for k in tree.keywords):
        return False
    if tree.func.id == "Symbol":
        return len(tree.args) == 1 and _is_constant(tree.args[0], str) and bool(_SYMBOL.fullmatch(_value(tree.args[0])))
    return all(_is_size(argument) for argument in tree.args)


def _is_integer(tree: ast.expr) -> bool:
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        tree = tree.operand
    return _is_constant(tree, int)


def _is_constant(tree: ast.expr, kind: type) -> bool:
    return isinstance(tree, ast.Constant) and type(tree.value) is kind


def _value(tree: ast.expr) -> Any:
    return tree.value if isinstance(tree, ast.Constant) else None


def _tree(text: str) -> str:
    """Nesting of inputs and outputs in tuples; torch would import modules named by other kinds of nodes."""
    try:
        specification = json.loads(text)
    except (ValueError, RecursionError):
        specification = None
    if not (isinstance(specification, list) and len(specification) == 2 and specification[0] == 1):
        raise ValueError("a tree specification cannot be read")
    if not _is_plain_tree(specification[1], _MAX_TREE_DEPTH):
        raise ValueError("a tree specification holds more than tuples and lists")
    return text


def _is_plain_tree(node: Any, depth: int) -> bool:
    if not isinstance(node, dict) or set(node) != {"type", "context", "children_spec"} or depth == 0:
        return False
    children = node["children_spec"]
    if not isinstance(children, list):
        return False
    if node["type"] is None:
        return node["context"] is None and not children
    return (
        isinstance(node["type"], str)
        and node["context"] in _CONTAINERS.get(node["type"], ())
        and all(_is_plain_tree(child, depth - 1) for child in children)
    )


Identifier = Annotated[str, AfterValidator(_identifier)]
ModulePath = Annotated[str, AfterValidator(_path)]
SymbolName = Annotated[str, AfterValidator(_symbol)]
Operator = Annotated[str, AfterValidator(_operator)]
Equation = Annotated[str, AfterValidator(_equation)]
Expression = Annotated[str, AfterValidator(_expression)]
TreeSpecification = Annotated[str, AfterValidator(_tree)]
