"""The torch converter as the pipeline sees it; torch is imported when something is loaded."""

from __future__ import annotations

import re

from neurotool.ir.adapters import Source, SourceOptions

_SPEC = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


class TorchConverter:
    """Reads ``package.module:factory``, where the factory is a module, its class, or a function that returns one."""

    name = "torch"

    def accepts(self, spec: str) -> bool:
        """Whether ``spec`` has the form ``package.module:name``."""
        return _SPEC.fullmatch(spec) is not None

    def load(self, spec: str, options: SourceOptions) -> Source:
        """Import, trace and describe a torch module.

        Raises:
            UsageError: The module cannot be imported or run, or no example input is known.
            UnsupportedError: It holds something without a meaning here; lists all of it.
        """
        from neurotool.converters.torch.load import load

        return load(spec, options)

    def describe(self, module: object, options: SourceOptions) -> Source:
        """Trace and describe a torch module that is already there; it is named by its class.

        Raises:
            UsageError: It is no torch module, cannot be run, or no example input is known.
            UnsupportedError: It holds something without a meaning here; lists all of it.
        """
        from neurotool.converters.torch.load import load_object

        return load_object(module, options)


CONVERTER = TorchConverter()
