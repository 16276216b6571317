"""The part of torch's ``.pt2`` schema that a dense part needs: an allow-list.

The classes mirror ``torch._export.serde.schema`` field by field. A field, a kind of argument or a value that is not
here is refused, because torch may run code for it: nested graphs, custom objects, operators as values, guards, node
metadata, named-tuple definitions, pickled payloads.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from annotated_types import Ge, MaxLen
from pydantic import BaseModel, ConfigDict, model_validator

from neurotool.targets.gpu.pt2_values import (
    EINSUM,
    Equation,
    Expression,
    Identifier,
    ModulePath,
    Operator,
    SymbolName,
    TreeSpecification,
)

ITEM_SIZE = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 2, 7: 4, 8: 8, 10: 8, 12: 1, 13: 2}
"""Bytes per element of the number types that tensors may have, by torch's serialised number."""

ScalarType = Literal[1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 13]
Real = float | Literal["Infinity", "-Infinity", "NaN"]
NoEntries = Annotated[dict[str, str], MaxLen(0)]
NoItems = Annotated[list[str], MaxLen(0)]
Padding = Literal["constant", "reflect", "replicate", "circular", "same", "valid"]
Reducer = Literal["mean", "sum", "prod", "amax", "amin", "add", "multiply"]
Quantile = Literal["linear", "lower", "higher", "midpoint", "nearest"]
Norm = Literal["fro", "nuc", "forward", "backward", "ortho"]
Word = Literal[Padding, Reducer, Quantile, Norm, "none", "tanh", "floor", "trunc", "ij", "xy", "left", "right"]
"""String arguments of ATen operators that name a mode. Others, file names among them, are refused, but for the
equation of ``einsum``."""


class Strict(BaseModel):
    """Refuses fields it does not know and values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class OneOf(Strict):
    """A tagged union: exactly one field is present."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("exactly one value is expected")
        return self


class Hint(Strict):
    """The value that a symbolic size had in the example."""

    as_int: int


class SymbolicExpression(Strict):
    """A symbolic size."""

    expr_str: Expression
    hint: Hint | None = None


class Size(OneOf):
    """A size that is known or symbolic."""

    as_int: Annotated[int, Ge(0)] = 0
    as_expr: SymbolicExpression | None = None


class Device(Strict):
    """Where a tensor lives; files always say the CPU."""

    type: Literal["cpu"]
    index: None = None


class TensorMeta(Strict):
    """Number type and layout of a tensor."""

    dtype: ScalarType
    sizes: list[Size]
    requires_grad: bool
    device: Device
    strides: list[Size]
    storage_offset: Size
    layout: Literal[7]  # strided


class Named(Strict):
    """A reference to a value of the graph."""

    name: Identifier


class NameOrInt(OneOf):
    """A size: computed in the graph, or a number."""

    as_name: Identifier = ""
    as_int: int = 0


class MaybeTensor(OneOf):
    """A tensor or nothing."""

    as_tensor: Named | None = None
    as_none: bool = True


class Argument(OneOf):
    """A value given to, or made by, an operator."""

    as_none: bool = True
    as_tensor: Named | None = None
    as_tensors: list[Named] = []
    as_int: int = 0
    as_ints: list[int] = []
    as_float: Real = 0.0
    as_floats: list[Real] = []
    as_string: Word | Equation | None = None
    as_sym_int: NameOrInt | None = None
    as_sym_ints: list[NameOrInt] = []
    as_scalar_type: ScalarType | None = None
    as_memory_format: int = 0
    as_layout: Literal[7] = 7
    as_device: Device | None = None
    as_bool: bool = False
    as_bools: list[bool] = []
    as_optional_tensor: MaybeTensor | None = None
    as_optional_tensors: list[MaybeTensor] = []


class NamedArgument(Strict):
    """An argument with its name in the operator's schema."""

    name: Identifier | Literal[""]
    arg: Argument
    kind: Literal[1, 2] | None = None


class Operation(Strict):
    """One call of an operator."""

    target: Operator
    inputs: list[NamedArgument]
    outputs: list[Argument]
    metadata: NoEntries
    is_hop_single_tensor_return: None = None
    name: Identifier | None = None

    @model_validator(mode="after")
    def _equations_are_for_einsum(self) -> Self:
        for given in self.inputs:
            if "->" in (given.arg.as_string or "") and self.target != EINSUM:
                raise ValueError(f"{self.target} takes no equation")
        return self


class ProgramGraph(Strict):
    """The operations of a program in order."""

    inputs: list[Argument]
    outputs: list[Argument]
    nodes: list[Operation]
    tensor_values: dict[Identifier, TensorMeta]
    sym_int_values: dict[Identifier, Size]
    sym_bool_values: NoEntries = {}
    is_single_tensor_return: Literal[False] = False
    custom_obj_values: NoEntries = {}
    sym_float_values: NoEntries = {}


class UserInput(Strict):
    """An input given at the call."""

    arg: Argument


class ParameterInput(Strict):
    """A weight."""

    arg: Named
    parameter_name: ModulePath


class BufferInput(Strict):
    """A buffer."""

    arg: Named
    buffer_name: ModulePath
    persistent: bool


class ConstantInput(Strict):
    """A constant tensor."""

    arg: Named
    tensor_constant_name: ModulePath


class InputSpecification(OneOf):
    """What an input of the graph is."""

    user_input: UserInput | None = None
    parameter: ParameterInput | None = None
    buffer: BufferInput | None = None
    tensor_constant: ConstantInput | None = None


class OutputSpecification(OneOf):
    """What an output of the graph is; a dense part changes no state."""

    user_output: UserInput | None = None


class Signature(Strict):
    """Inputs and outputs of the graph."""

    input_specs: list[InputSpecification]
    output_specs: list[OutputSpecification]


class CallSignature(Strict):
    """How the program is called."""

    inputs: Annotated[list[Argument], MaxLen(0)]
    outputs: Annotated[list[Argument], MaxLen(0)]
    in_spec: TreeSpecification
    out_spec: TreeSpecification
    forward_arg_names: list[Identifier] | None = None


class ModuleCall(Strict):
    """A module of the source; only the outermost has a signature."""

    fqn: ModulePath | Literal[""]
    signature: CallSignature | None = None


class ProgramModule(Strict):
    """Graph, signature and calling convention."""

    graph: ProgramGraph
    signature: Signature
    module_call_graph: list[ModuleCall]
    metadata: NoEntries = {}
    treespec_namedtuple_fields: NoEntries = {}


class Range(Strict):
    """Bounds of a symbolic size."""

    min_val: int | None
    max_val: int | None


class Version(Strict):
    """Version of torch's schema."""

    major: int
    minor: int


class Program(Strict):
    """``models/model.json``."""

    graph_module: ProgramModule
    opset_version: dict[Identifier, int]
    range_constraints: dict[SymbolName, Range]
    schema_version: Version
    verifiers: list[Literal["ATEN"]]
    torch_version: str
    guards_code: NoItems = []


class Payload(Strict):
    """Where the bytes of a tensor are and what they mean."""

    path_name: ModulePath
    is_param: bool
    use_pickle: Literal[False]
    tensor_meta: TensorMeta


class PayloadConfig(Strict):
    """``model_weights_config.json`` and ``model_constants_config.json``."""

    config: dict[ModulePath, Payload]
