"""Readers of the published data sets: VQA v2, SNLI-VE, Flickr30k and COCO (Karpathy's splits), NLVR2.

They read annotations as they are distributed and name the picture files; they load no pictures. Each says in its
errors what the folder must hold and where the files come from.
"""

from .entailment import EntailmentPair, read_snli_ve
from .nlvr import PairStatement, read_nlvr2
from .retrieval import CaptionedPicture, read_karpathy
from .vqa import VqaQuestion, answer_list, read_vqa, soft_scores

__all__ = [
    "CaptionedPicture",
    "EntailmentPair",
    "PairStatement",
    "VqaQuestion",
    "answer_list",
    "read_karpathy",
    "read_nlvr2",
    "read_snli_ve",
    "read_vqa",
    "soft_scores",
]
