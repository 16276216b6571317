"""A conversion that ends with a certificate."""

from __future__ import annotations

from pathlib import Path

from neurotool.errors import UsageError
from neurotool.pipeline.conversion.convert import convert
from neurotool.pipeline.conversion.options import ConvertOptions
from neurotool.pipeline.results import ConvertResult, StageProgress, VerifyResult
from neurotool.pipeline.verification.verify import LAVA, STAGES, all_forms, verify

SAMPLES = 100
"""Samples of each form that are compared."""


def convert_and_verify(
    spec: object,
    out: Path,
    options: ConvertOptions,
    data: Path | None = None,
    progress: StageProgress | None = None,
) -> tuple[ConvertResult, VerifyResult]:
    """Convert a model, and compare all forms of the bundle but Lava's.

    The certificate is kept in the bundle, which stays whatever the certificate says.

    Args:
        spec: As for :func:`neurotool.pipeline.convert`.
        out: Directory of the bundle.
        options: As for :func:`neurotool.pipeline.convert`.
        data: Data file to compare on; None for the calibration data.
        progress: Told of the progress of each stage.

    Raises:
        UsageError: There is no data; otherwise as :func:`neurotool.pipeline.convert` and
            :func:`neurotool.pipeline.verify`.
    """
    file = data or options.calib
    if file is None:
        raise UsageError("--verify has no data to run", hint="add --calib data.npz, or name a file: --verify data.npz")
    if not file.is_file():
        raise UsageError(f"{file}: no such file")  # better known before the conversion than after
    result = convert(spec, out, options, progress)
    forms = tuple(form for form in all_forms(result.bundle.manifest.source) if form != LAVA)
    limits = dict.fromkeys((*forms, STAGES), SAMPLES)
    return result, verify(out, file, against=forms, limits=limits, progress=progress)
