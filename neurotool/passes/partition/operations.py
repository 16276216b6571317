"""Why a torch operation stays off the chip, by what it is."""

from __future__ import annotations

import re

from neurotool.ir.graph import Graph, Node, TorchOp
from neurotool.ir.values import TimeScope

_PATTERNS: tuple[tuple[str, str, str], ...] = (
    (
        "NT-PART-020",
        r"(Layer|Group|Instance|RMS)Norm|(layer|group|instance|rms)_norm",
        "it divides by the spread of its input",
    ),
    ("NT-PART-021", r"(?i)softmax", "a softmax divides by a sum over its input"),
    ("NT-PART-021", r"(?i)attention|Transformer", "attention multiplies values with each other and takes a softmax"),
    ("NT-PART-022", r"(?i)tucker|bilinear", "a Tucker or bilinear contraction multiplies computed values"),
    ("NT-PART-022", r"\.(einsum|matmul|bmm|baddbmm|dot|outer|tensordot)$", "it multiplies computed values"),
    ("NT-PART-023", r"BatchNorm|batch_norm", "it stands in front of something else than neurons alone"),
    (
        "NT-PART-024",
        r"(?i)\.(relu|leakyrelu|elu|gelu|silu|sigmoid|tanh|softplus|hardtanh|prelu)\w*$",
        "its result is no spike",
    ),
    ("NT-PART-025", r"(?i)max_?pool|\.a?max(imum)?$", "it picks the largest value"),
    ("NT-PART-026", r"^hold$", "it hands a constant to every step"),
)
"""Rule, pattern of the type name, and what keeps an operation of that name off the chip."""

_LAYER = re.compile(r"^torch\.nn\.(Linear|Conv[123]d|AvgPool[123]d)$")
_MERGE = re.compile(r"\.(flatten|reshape|view)$")

_PRODUCTS = re.compile(r"\.(mul|div|truediv)$")


def dense_reason(graph: Graph, node: Node) -> tuple[str, str] | None:
    """Return (rule, sentence) for an operation whose name says why it is dense, or None."""
    if not isinstance(node.op, TorchOp):
        return None
    own = getattr(node.op.call, "dense_because", "")
    for rule, pattern, why in _PATTERNS:
        if re.search(pattern, node.type_name):
            return rule, own or f"{node.type_name}: {why}"
    if own:
        return "NT-PART-001", own
    if _merged(graph, node):
        lifted = f"norse.torch.Lift({node.type_name.rpartition('.')[2]}(...))"
        return (
            "NT-PART-002",
            f"{node.type_name}: time is merged into the batch before it; {lifted} keeps it apart",
        )
    if _PRODUCTS.search(node.type_name) and len(graph.incoming(node.name)) > 1:
        return "NT-PART-022", f"{node.type_name}: it multiplies or divides two computed values"
    if node.type_name == "torch.nn.Linear":
        places = " x ".join(map(str, node.shape[:-1]))
        return (
            "NT-PART-001",
            f"torch.nn.Linear: one layer is shared by {places or 'folded'} places, not a synapse of its own",
        )
    return None


def _merged(graph: Graph, node: Node) -> bool:
    """Whether a layer that looks at one step alone is given all steps as if they were samples."""
    if not _LAYER.match(node.type_name) or node.scope is not TimeScope.OVER_TIME:
        return False
    return any(_MERGE.search(graph.nodes[edge.source].type_name) for edge in graph.incoming(node.name))
