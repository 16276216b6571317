"""Chip and device files: complete, in range, in the right unit, and never without a source."""

from pathlib import Path

import pytest
import yaml

from neurotool.chips import available_chips, available_devices, load_chip, load_device
from neurotool.errors import UsageError

DATA = Path(load_chip.__code__.co_filename).parent / "data"


def test_built_in_entries_load_under_their_names():
    assert available_chips() == ("loihi1", "loihi2")
    assert {"cpu-generic", "h100-sxm", "h200-sxm", "jetson-orin-nano"} == set(available_devices())
    assert [load_chip(name).name for name in available_chips()] == list(available_chips())
    assert [load_device(name).name for name in available_devices()] == list(available_devices())


def test_published_figures():
    loihi1 = load_chip("loihi1")
    assert loihi1.limits.synapse_bits_per_core.value == 128 * 1024 * 8
    assert loihi1.costs.synop_dense.low == 23.6
    assert loihi1.costs.synop_dense.si == pytest.approx(35.5e-12)
    assert load_chip("loihi2").limits.neurons_per_core.value == 8192


def _edited(tmp_path, edit):
    content = yaml.safe_load((DATA / "loihi1.yaml").read_text())
    edit(content)
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def test_a_users_file_is_read_by_path(tmp_path):
    path = _edited(tmp_path, lambda c: c["costs"]["message"].update(value=7))
    assert load_chip(path).costs.message.value == 7


def _set(*where):
    *keys, last, value = where

    def edit(content):
        for key in keys:
            content = content[key]
        if value is None:
            del content[last]
        else:
            content[last] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "field", "reason"),
    [
        (_set("costs", "message", "citation", "  "), "costs.message.citation", "without a source"),
        (_set("costs", "message", "citation", None), "costs.message.citation", "required"),
        (_set("costs", "message", "basis", None), "costs.message.basis", "required"),
        (_set("costs", "message", "basis", "hearsay"), "costs.message.basis", "'silicon'"),
        (_set("costs", "message", "low", 500), "costs.message", "low <= value <= high"),
        (_set("costs", "message", "unit", "ns"), "costs.message", "time, not of energy"),
        (_set("costs", "message", "unit", "kWh"), "costs.message", "unknown unit"),
        (_set("costs", "message", "value", -1), "costs.message.value", "greater than or equal to 0"),
        (_set("costs", "barrier", "unit", "pJ"), "costs.barrier", "energy, not of time"),
        (_set("costs", "message", "date", "yesterday"), "costs.message.date", "pattern"),
        (_set("limits", "cores", "citation", None), "limits.cores.citation", "required"),
        (_set("costs", "typo", 3), "costs.typo", "not permitted"),
        (_set("kind", "device"), "kind", "chip"),
    ],
)
def test_a_bad_entry_is_refused_with_file_and_field(tmp_path, edit, field, reason):
    path = _edited(tmp_path, edit)
    with pytest.raises(UsageError) as refusal:
        load_chip(path)
    assert str(path) in refusal.value.message
    assert f"{field}: " in refusal.value.message
    assert reason in refusal.value.message


def test_all_faults_of_a_file_are_named_at_once(tmp_path):
    def edit(content):
        del content["costs"]["message"]["citation"]
        content["costs"]["firing"]["unit"] = "W"

    with pytest.raises(UsageError, match=r"costs\.firing: .*; costs\.message\.citation: "):
        load_chip(_edited(tmp_path, edit))


@pytest.mark.parametrize(("text", "reason"), [("a: [", "not a YAML file"), ("- 1", "mapping"), ("", "mapping")])
def test_a_file_that_is_no_description(tmp_path, text, reason):
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=reason):
        load_chip(path)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UsageError) as refusal:
        load_chip("loihi3")
    assert "loihi1, loihi2" in (refusal.value.hint or "")
    with pytest.raises(UsageError):
        load_device("loihi1")
