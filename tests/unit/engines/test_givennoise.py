"""A network whose noise is given: what it draws is replaced, all else stays, and what cannot be given is refused."""

from __future__ import annotations

import pytest

from harness.engines.givennoise import Unseedable, with_given_noise
from tests.admission_corpus.onnx_assembly import attribute, counted, graph, model, node, tensor, value
from tests.lazily import Lazily, needs

np = Lazily("numpy")
onnx = Lazily("onnx")

ENDS = {"inputs": (value("x", (1, "channels", "time")),), "outputs": (value("y", (1, "channels", "time")),)}


def noisy(*attributes: bytes, operator: str = "RandomNormalLike") -> bytes:
    """A network that adds noise to what it is given, twice."""
    return model(
        graph(
            node(operator, "x", "first", *attributes, name="/a"), node("Add", "x first", "h"),
            node("RandomNormalLike", "h", "second", attribute("dtype", "i", 1)), node("Add", "h second", "y"),
            tensors=(), **ENDS,
        )
    )  # fmt: skip


def branching(operator: str) -> bytes:
    """A network that draws in a branch."""
    inner = graph(node(operator, "x", "z"), tensors=(), inputs=(), outputs=(value("z", (1,)),))
    return model(graph(node("If", "c", "y", attribute("then_branch", "g", inner)), tensors=(), **ENDS))


def test_a_network_without_noise_stays_as_it_is() -> None:
    assert with_given_noise(model()) == (model(), ())


@needs("onnx")
def test_names_its_inputs_in_the_order_of_the_draws_and_is_a_sound_file() -> None:
    changed, names = with_given_noise(noisy(attribute("dtype", "i", 1)))
    assert names == ("soundcheck.noise.0", "soundcheck.noise.1")
    made = onnx.ModelProto.FromString(changed)
    onnx.checker.check_model(made, full_check=True)
    assert {one.name for one in made.graph.input} == {"x", *names}
    assert "RandomNormalLike" not in {one.op_type for one in made.graph.node}


@needs("onnxruntime")
def test_noise_is_cut_frame_by_frame_so_that_more_of_it_changes_nothing() -> None:
    from harness.engines.onnx_runtime import import_runtime

    changed, names = with_given_noise(noisy(attribute("dtype", "i", 1)))
    session = import_runtime().InferenceSession(changed, providers=["CPUExecutionProvider"])
    x = np.zeros((1, 2, 3), np.float32)
    rows = [np.arange(6, dtype=np.float32), np.arange(100, dtype=np.float32) * 10]
    (said,) = session.run(["y"], {"x": x, **dict(zip(names, rows, strict=True))})
    drawn = [row[:6].reshape(1, 3, 2).transpose(0, 2, 1) for row in rows]
    assert np.array_equal(said, drawn[0] + drawn[1])
    with pytest.raises(Exception, match="reshape"):
        session.run(["y"], {"x": x, names[0]: rows[0][:5], names[1]: rows[1]})


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (noisy(attribute("scale", "f", 2.0)), "with more than a type: scale"),
        (noisy(attribute("seed", "f", 1.0)), "with more than a type: seed"),
        (noisy(operator="RandomUniformLike"), "a node RandomUniformLike, whose draws cannot be given"),
        (noisy(operator="Multinomial"), "a node Multinomial"),
        (branching("RandomNormalLike"), "within a node If draws noise"),
        (branching("Bernoulli"), "within a node If draws noise"),
    ],
)
def test_what_cannot_be_given_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(Unseedable, match=why):
        with_given_noise(data)


@pytest.mark.parametrize("data", [b"", b"\x08\x08", model()[:40], b"\x80" * 20, b"\x3b\x01\x01"])
def test_what_is_no_network_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="expected an ONNX file"):
        with_given_noise(data)


def test_a_tensor_of_its_names_is_not_there_before() -> None:
    """What is added has names of its own; a file that has them already makes a tensor twice, which no runtime loads."""
    taken = tensor("soundcheck.noise.0.zero", (1,), bytes(8), 7)
    changed, _ = with_given_noise(model(graph(node("RandomNormalLike", "x", "y"), tensors=(taken,), **ENDS)))
    assert changed.count(counted(8, "soundcheck.noise.0.zero")) == 2
