"""A stage's progress as safetensors: weights, optimiser state and the best weights so far, by parameter name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Checkpoint:
    """Saved progress: tensors by name, and the loop's tally as plain facts."""

    tensors: Mapping[str, Tensor]
    facts: Mapping[str, Any]


def pack(model: nn.Module, optimiser: torch.optim.Optimizer, best: Mapping[str, Tensor] | None) -> dict[str, Tensor]:
    """All tensors that a resumed run needs. Tied weights are one parameter, and so stored once."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    tensors = {f"model.{name}": parameter.detach() for name, parameter in model.named_parameters()}
    for parameter, state in optimiser.state.items():
        tensors |= {f"optimiser.{key}.{names[id(parameter)]}": value for key, value in state.items()}
    if best is not None:
        tensors |= {f"best.{name}": value for name, value in best.items()}
    return {name: tensor.contiguous().cpu() for name, tensor in tensors.items()}


def unpack(
    tensors: Mapping[str, Tensor], model: nn.Module, optimiser: torch.optim.Optimizer
) -> dict[str, Tensor] | None:
    """Put the tensors back in place; returns the best weights, or None where nothing was measured yet."""
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(tensors[f"model.{name}"])
    for key, value in tensors.items():
        kind, _, rest = key.partition(".")
        if kind != "optimiser":
            continue
        field, _, name = rest.partition(".")
        parameter = parameters[name]
        device = "cpu" if field == "step" and not parameter.is_cuda else parameter.device
        optimiser.state[parameter][field] = value.to(device)
    best = {key.removeprefix("best."): value for key, value in tensors.items() if key.startswith("best.")}
    return best or None
