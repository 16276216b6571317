"""The network: discrete latents, no coupling of samples, one-way alignment, and the readings as options."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from neurotool.examples.ashnets.corpus import build_corpus
from neurotool.examples.ashnets.corpus.sentences import ANSWERS, vocabulary
from neurotool.examples.ashnets.model import FULL, SMALL, AshNet, Config
from neurotool.examples.ashnets.model.vocabulary import CLS, PAD, UNKNOWN, Vocabulary
from neurotool.examples.ashnets.training.contrast import Contrast, view
from neurotool.examples.ashnets.training.examples import Examples, examples
from neurotool.examples.ashnets.training.language import IGNORED, mask, wrong_captions
from neurotool.examples.ashnets.training.stua import stua_loss, text_target

WORDS = Vocabulary(vocabulary())
SPLIT = build_corpus(train=24, validation=2, test=2)["train"]


def network(seed: int = 0, **changes) -> AshNet:
    torch.manual_seed(seed)
    return AshNet(replace(SMALL, **changes), len(WORDS), len(ANSWERS))


def data(config: Config = SMALL) -> Examples:
    return examples(SPLIT, WORDS, config, torch.device("cpu"))


def test_discrete_latents_are_zeros_and_ones_and_a_sample_alone_is_the_sample_in_a_batch():
    net, pictures = network().eval(), data().pictures
    with torch.no_grad():
        together = net.see(pictures)
        alone = [net.see(pictures[i : i + 1]) for i in range(3)]
    for layer, raster in enumerate(together.abstract.rasters):
        assert raster.shape == (SMALL.steps, 24, SMALL.tokens**2, SMALL.width)
        assert set(raster.unique().tolist()) <= {0.0, 1.0}
        for i, one in enumerate(alone):
            torch.testing.assert_close(one.abstract.rasters[layer][:, 0], raster[:, i])
    torch.testing.assert_close(alone[1].visual[0], together.visual[1])


def test_a_second_call_begins_from_rest():
    net, pictures = network().eval(), data().pictures[:4]
    with torch.no_grad():
        first, second = net.see(pictures), net.see(pictures)
    torch.testing.assert_close(first.abstract.rasters[-1], second.abstract.rasters[-1], rtol=0, atol=0)


def reached(net: AshNet, prefix: str) -> dict[str, bool]:
    return {
        name: p.grad is not None and bool(p.grad.abs().sum() > 0)
        for name, p in net.named_parameters()
        if name.startswith(prefix)
    }


@pytest.mark.parametrize("form", ["cosine", "infonce"])
def test_alignment_moves_every_spiking_weight_and_nothing_of_the_text(form):
    net, batch = network(stua_form=form), data()
    stua_loss(net, net.see(batch.pictures), net.text(batch.captions)).backward()
    assert all(reached(net, "abstract").values())
    assert all(reached(net, "backbone").values())
    assert all(reached(net, "spikes_to_text").values())
    assert not any(reached(net, "text").values())
    assert not any(reached(net, "cross").values())


def test_the_tasks_move_every_spiking_weight_through_the_fusion():
    net, batch = network(), data()
    scores = net.answer("answer", batch.texts["answer"], net.see(batch.pictures).visual)
    torch.nn.functional.cross_entropy(scores, batch.labels["answer"]).backward()
    assert all(reached(net, "abstract").values())
    assert bool(net.ratio.grad)


def test_a_ratio_of_zero_is_the_network_without_spikes_bit_for_bit():
    silent, batch = network(ratio=0.0, learn_ratio=False).eval(), data()
    plain = network(abstract="none", learn_ratio=False, ratio=0.0).eval()
    plain.load_state_dict({k: v for k, v in silent.state_dict().items() if not k.startswith("abstract")})
    with torch.no_grad():
        for net in (silent, plain):
            net.seen = net.see(batch.pictures).visual
    assert torch.equal(silent.seen, plain.seen)
    assert torch.equal(
        silent.answer("match", batch.captions, silent.seen), plain.answer("match", batch.captions, plain.seen)
    )


def test_the_compared_encoders_have_as_many_parameters():
    def count(**changes):
        return sum(p.numel() for p in network(**changes).abstract.parameters())

    spiking = count()
    assert count(abstract="ann") == spiking
    assert abs(count(abstract="quantised") - spiking) <= 2 * SMALL.width, "a code book has no norm behind it"


@pytest.mark.parametrize(
    "changes",
    [
        {"hierarchy": "parallel"},
        {"concrete": "graph"},
        {"concrete": "none"},
        {"mixer": "spiking"},
        {"decode": "weighted"},
        {"decode": "membrane"},
        {"fusion": "concat"},
        {"abstract": "quantised"},
        {"abstract": "ann"},
        {"abstract": "none"},
        {"stua_text": "spiked", "contrast_at": "latent"},
    ],
    ids=str,
)
def test_every_reading_runs_and_learns(changes):
    net, batch = network(**changes), data()
    latents = net.see(batch.pictures)
    assert latents.visual.shape == (24, SMALL.tokens**2, SMALL.width)
    loss = net.answer("entailment", batch.texts["entailment"], latents.visual).logsumexp(1).mean()
    if latents.abstract is not None:
        loss = loss + stua_loss(net, latents, net.text(batch.captions))
    loss = loss + Contrast(net, 64, hard=True).loss(net, latents, batch.pictures, batch.things)
    loss.backward()
    assert torch.isfinite(loss)
    assert any(reached(net, "backbone").values())


def test_the_parallel_reading_hears_the_backbone():
    pictures = data().pictures[:2]
    with torch.no_grad():
        serial, parallel = network().eval().see(pictures), network(hierarchy="parallel").eval().see(pictures)
    assert torch.equal(serial.entering, serial.concrete)
    assert not torch.equal(parallel.entering, parallel.concrete)


def test_the_full_size_has_the_shapes_of_the_paper_scale():
    with torch.device("meta"):
        net = AshNet(FULL, 30522, 3129)
        latents = net.see(torch.empty(2, 3, 224, 224))
        scores = net.answer("answer", torch.ones(2, 40, dtype=torch.long), latents.visual)
    assert latents.visual.shape == (2, 196, 768)
    assert latents.abstract.rasters[0].shape == (4, 2, 196, 768)
    assert scores.shape == (2, 3129)


def test_texts_become_numbers_with_a_mark_and_padding():
    small = Vocabulary(["a", "red"])
    assert small.encode(["a red dog", "red"], 3).tolist() == [[CLS, 4, 5], [CLS, 5, PAD]]
    assert small.encode(["dog"], 2).tolist() == [[CLS, UNKNOWN]]


def test_masks_hide_words_only_and_say_what_to_guess():
    torch.manual_seed(0)
    texts = data().captions.repeat(40, 1)
    shown, wanted = mask(texts, len(WORDS))
    changed = shown != texts
    assert (wanted[changed] == texts[changed]).all()
    assert (wanted[texts < 4] == IGNORED).all()
    share = (wanted != IGNORED).float().sum() / (texts >= 4).float().sum()
    assert abs(float(share) - 0.15) < 0.01
    guessed = wanted != IGNORED
    assert abs(float((shown[guessed] == texts[guessed]).float().mean()) - 0.1) < 0.03


def test_wrong_captions_are_of_other_things():
    net, batch = network(), data()
    latents = net.see(batch.pictures)
    for _ in range(5):
        other = wrong_captions(net, net.text(batch.captions), latents, batch.things)
        assert (batch.things[other] != batch.things).all()


def test_contrast_takes_no_picture_with_the_same_things_as_a_negative():
    """A queue full of one's own key: no negative at all if its things are the same, 512 of the hardest if not."""
    net, batch = network(), data()
    latents = net.see(batch.pictures[:1])
    key = torch.nn.functional.normalize(net.contrast(latents.entering.mean(1)), dim=-1).detach()
    losses = []
    for things in (batch.things[:1], batch.things[:1] + 1000):
        contrast = Contrast(net, 64, hard=False)
        full = {"queue": key.expand(512, -1), "things": things.expand(512)}
        contrast.restore(contrast.state() | full)
        losses.append(contrast.loss(net, latents, batch.pictures[:1], batch.things[:1]).item())
    assert losses[0] == 0.0
    assert losses[1] > 5.0


def test_another_view_is_another_picture_of_the_same_size():
    pictures = data().pictures
    moved = view(pictures)
    assert moved.shape == pictures.shape
    assert 0.0 <= moved.min() <= moved.max() <= 1.0
    assert 0.0 < (moved - pictures).abs().mean() < 0.2


def test_the_text_target_is_the_same_for_float_features_whatever_the_picture():
    net, batch = network().eval(), data()
    words = net.text(batch.captions)
    target = text_target(net, words)
    assert not target.requires_grad
    torch.testing.assert_close(target, net.text_target(words[:, 0]).detach())
