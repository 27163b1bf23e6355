"""torch tensors in a pickle: they keep sharing memory, with each other and with numpy arrays, and
they keep their gradients.

torch itself pickles a tensor without its gradient, copies memory that two tensors share, and turns
the result of a computation into a fresh leaf, whose `backward()` then reaches nothing.
"""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict, List, Optional, Tuple


def is_tensor(item: Any) -> bool:
    torch: Any = sys.modules.get("torch")
    return torch is not None and isinstance(item, getattr(torch, "Tensor", ()))


def storage_bytes(tensor: Any) -> Any:
    """All the memory a tensor is a window on, as bytes in an array; None where it has none here."""
    import torch

    if tensor.layout is not torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
        return None
    if tensor.is_conj() or tensor.is_neg():
        return None  # its memory does not hold its values as they are
    storage = _untyped(tensor.detach())
    if not storage.nbytes():
        return None
    flat = torch.empty(0, dtype=torch.uint8)
    return flat.set_(storage, 0, (storage.nbytes(),), (1,)).numpy()


def window(tensor: Any, memory: Any) -> Any:
    """The tensor's own elements as an array over that memory, to compare places with."""
    import numpy

    size = tensor.element_size()
    return numpy.ndarray(
        tuple(tensor.shape),
        "V%d" % size,
        memory,
        tensor.storage_offset() * size,
        [stride * size for stride in tensor.stride()],
    )


def is_plain(tensor: Any) -> bool:
    """Whether torch's own formats keep all of it."""
    return tensor.grad_fn is None and (not tensor.is_leaf or tensor.grad is None)


def reduce(tensor: Any, root: Any) -> Any:
    """How a pickle holds a tensor; NotImplemented for kinds that are left to torch.

    `root` is the array under its memory when others use that too, else None.
    """
    import torch

    kind = type(tensor)
    memory = storage_bytes(tensor) if kind in (torch.Tensor, torch.nn.Parameter) else None
    if memory is None or tensor._backward_hooks:
        if is_plain(tensor):
            return NotImplemented
        made: Tuple[Callable[..., Any], Tuple[Any, ...]]
        made = again, (kind, tensor.detach(), tensor.requires_grad, _graph(tensor))
    else:
        held = tensor
        if root is None and memory.nbytes > tensor.numel() * tensor.element_size():
            held = tensor.detach().clone()  # a small window does not take all the rest along
            memory = storage_bytes(held)
        root = memory if root is None else root
        offset = held.data_ptr() - root.__array_interface__["data"][0]
        place = root, tensor.dtype, tuple(tensor.shape), held.stride(), offset
        made = rebuild, (kind, *place, tensor.requires_grad, _graph(tensor))
    state = {"dict": dict(tensor.__dict__)} if tensor.__dict__ else {}
    if tensor.is_leaf and tensor.grad is not None:
        state["grad"] = tensor.grad
    return (*made, state, None, None, set_state) if state else made


def rebuild(
    kind: type,
    root: Any,
    dtype: Any,
    shape: Tuple[int, ...],
    stride: Tuple[int, ...],
    offset: int,
    requires_grad: bool,
    graph: Optional[str],
) -> Any:
    import numpy
    import torch

    flat = torch.from_numpy(root.reshape(-1, order="A").view(numpy.uint8))
    plain = torch.empty(0, dtype=dtype)
    plain.set_(_untyped(flat), offset // plain.element_size(), shape, stride)
    return again(kind, plain, requires_grad, graph)


def again(kind: type, plain: Any, requires_grad: bool, graph: Optional[str]) -> Any:
    """A tensor of its kind with the values of a plain one."""
    import torch

    if graph is not None:
        return _cut(graph).apply(plain.requires_grad_())
    if kind is torch.nn.Parameter:
        return torch.nn.Parameter(plain, requires_grad)
    return plain.requires_grad_(requires_grad)


def set_state(tensor: Any, state: Dict[str, Any]) -> None:
    tensor.__dict__.update(state.get("dict", {}))
    if "grad" in state:
        tensor.grad = state["grad"]


def gradients(module: Any) -> List[Any]:
    """The gradients of a module's parameters, in their order; what torch.save leaves out."""
    return [parameter.grad for parameter in module.parameters()]


def set_gradients(module: Any, grads: List[Any]) -> None:
    for parameter, grad in zip(module.parameters(), grads):
        parameter.grad = grad


def _graph(tensor: Any) -> Optional[str]:
    return None if tensor.grad_fn is None else type(tensor.grad_fn).__name__


def _cut(name: str) -> Any:
    """Stands where the graph of a computation was, which stays in the step that made it."""
    import torch

    class Cut(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, plain: Any) -> Any:
            return plain.view_as(plain)

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            raise RuntimeError(
                "backward() reaches a tensor that another step computed, and the graph of that "
                "computation does not leave its step; call backward() in the step that computes "
                "it, or put both cells into one step"
            )

    backward: Any = getattr(Cut, "_backward_cls", None)
    if backward is not None:
        backward.__name__ = name  # what printing the tensor shows
    return Cut


def _untyped(tensor: Any) -> Any:
    if hasattr(tensor, "untyped_storage"):
        return tensor.untyped_storage()
    return tensor.storage().untyped()  # torch before 2.0
