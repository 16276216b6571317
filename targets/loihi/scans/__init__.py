"""Compiled neurons over many time steps, one model per file."""

from neurotool.targets.loihi.scans.atrlif import AtrLifScan
from neurotool.targets.loihi.scans.delta import DeltaScan
from neurotool.targets.loihi.scans.graded import GradedReluVecScan, GradedVecScan
from neurotool.targets.loihi.scans.inv_sqrt import InvSqrtScan
from neurotool.targets.loihi.scans.lif import LifScan
from neurotool.targets.loihi.scans.lif_refractory import LifRefractoryScan
from neurotool.targets.loihi.scans.lif_reset import LifResetScan
from neurotool.targets.loihi.scans.lif_schedule import LifScheduleScan
from neurotool.targets.loihi.scans.lif_subtract import LifSubtractScan
from neurotool.targets.loihi.scans.prod_neuron import ProdNeuronScan
from neurotool.targets.loihi.scans.rf import RfScan
from neurotool.targets.loihi.scans.rf_iz import RfIzScan
from neurotool.targets.loihi.scans.rf_zero import RfZeroScan
from neurotool.targets.loihi.scans.scan import Scan
from neurotool.targets.loihi.scans.sigma import SigmaScan
from neurotool.targets.loihi.scans.sigma_delta import SigmaDeltaScan
from neurotool.targets.loihi.scans.ternary_lif import TernaryLifScan

SCANS: dict[str, type[Scan]] = {
    "lif": LifScan,
    "lif_reset": LifResetScan,
    "ternary_lif": TernaryLifScan,
    "lif_subtract": LifSubtractScan,
    "lif_refractory": LifRefractoryScan,
    "lif_schedule": LifScheduleScan,
    "atrlif": AtrLifScan,
    "sigma": SigmaScan,
    "delta": DeltaScan,
    "sigma_delta": SigmaDeltaScan,
    "rf": RfScan,
    "rf_iz": RfIzScan,
    "rf_zero": RfZeroScan,
    "graded_vec": GradedVecScan,
    "graded_relu_vec": GradedReluVecScan,
    "prod_neuron": ProdNeuronScan,
    "inv_sqrt": InvSqrtScan,
}
"""Compiled neurons by model. Others are stepped with their reference."""

__all__ = ["SCANS", "Scan"]
