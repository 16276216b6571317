"""What holds for every neuron model: the declaration, the array library, batches, and strict mode."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from neuron_runs import drawn, resting

from neurotool.neurons import MODELS, RangeError

every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
few = settings(max_examples=20, deadline=None)
LIMIT = (1 << 23) - 1
PRODUCT = (1 << 31) - 1


@every_model
def test_the_declaration_is_sound(model):
    assert MODELS[model.name] is model
    names = [p.name for p in model.parameters]
    assert len(set(names)) == len(names)
    assert not set(names) & set(model.states)
    assert model.inputs
    assert all(p.low < p.high and p.meaning for p in model.parameters)
    package = {"lava": "lava.proc.", "neurotool": "neurotool.targets.lava.processes."}[model.owner]
    assert model.process.startswith(package)


@every_model
@few
@given(data=st.data())
def test_states_and_messages_are_integers_of_the_declared_names(model, data):
    parameters, rows = drawn(model, data)
    state = resting(model, parameters, 2)
    for row, inputs in enumerate(rows):
        state, sent = model.step(parameters, state, inputs, row=row)
        assert tuple(state) == model.states
        assert all(values.dtype == np.int64 and values.shape == (2, 5) for values in state.values())
        assert sent.dtype == (np.int64 if model.graded else np.bool_)
        assert sent.shape == (2, 5)
        for values in (*state.values(), sent):
            assert np.array_equal(values, values.astype(np.int32))


@every_model
@few
@given(data=st.data())
def test_torch_gives_what_numpy_gives(model, data):
    parameters, rows = drawn(model, data)
    state = resting(model, parameters, 2)
    tensors = {k: torch.from_numpy(v) for k, v in state.items()}
    for row, inputs in enumerate(rows):
        state, sent = model.step(parameters, state, inputs, row=row)
        tensors, message = model.step(as_tensors(parameters), tensors, as_tensors(inputs), row=row)
        assert isinstance(message, torch.Tensor)
        assert message.dtype == (torch.int64 if model.graded else torch.bool)
        assert np.array_equal(message.numpy(), sent)
        assert all(tensors[k].dtype == torch.int64 and np.array_equal(tensors[k], state[k]) for k in model.states)


def as_tensors(arrays):
    return {name: torch.from_numpy(values) for name, values in arrays.items()}


@every_model
@few
@given(data=st.data())
def test_samples_do_not_hear_each_other_and_arguments_stay_as_they_are(model, data):
    parameters, rows = drawn(model, data)
    both = resting(model, parameters, 2)
    single = resting(model, parameters, 1)
    for row, inputs in enumerate(rows):
        before = [{k: v.copy() for k, v in group.items()} for group in (parameters, both, inputs)]
        after, sent = model.step(parameters, both, inputs, row=row)
        for group, kept in zip((parameters, both, inputs), before, strict=True):
            assert all(np.array_equal(v, kept[k]) for k, v in group.items())
        second = {k: v[1:] for k, v in inputs.items()}
        single, alone = model.step(parameters, single, second, row=row)
        both = after
        assert np.array_equal(alone, sent[1:])
        assert all(np.array_equal(single[k], both[k][1:]) for k in model.states)


@every_model
@few
@given(data=st.data())
def test_strict_mode_refuses_or_changes_nothing(model, data):
    parameters, rows = drawn(model, data)
    state = resting(model, parameters, 2)
    for row, inputs in enumerate(rows):
        expected, sent = model.step(parameters, state, inputs, row=row)
        try:
            state, found = model.step(parameters, state, inputs, row=row, strict=True)
        except RangeError as error:
            assert error.limit in (LIMIT, PRODUCT)
            assert error.low in (-error.limit, 0)
            assert not error.low <= error.value <= error.limit
            sample, neuron = error.index
            assert sample in range(2)
            assert neuron in range(5)
            return
        assert np.array_equal(found, sent)
        assert all(np.array_equal(state[k], expected[k]) for k in model.states)
        assert all(np.abs(values).max() <= LIMIT for values in (*state.values(), found.astype(np.int64)))


@every_model
def test_strict_mode_refuses_the_same_in_torch(model):
    parameters = {p.name: np.full(5, max(p.low, min(p.high, 1))) for p in model.parameters}
    inputs = {name: np.zeros((2, 5), np.int64) for name in model.inputs}
    inputs[model.inputs[0]][1, 2] = 1 << 24
    found = []
    for convert in (dict, as_tensors):
        with pytest.raises(RangeError) as caught:
            model.step(*(convert(x) for x in (parameters, resting(model, parameters, 2), inputs)), row=5, strict=True)
        found.append((caught.value.variable, caught.value.index, caught.value.value))
    assert found[0] == found[1]
    assert found[0][1] == (1, 2)
