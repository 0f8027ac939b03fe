"""mambapy's stack with the weights of one of ours: the public implementation that the encoder is measured against."""

from __future__ import annotations

from typing import cast

from torch import nn

from ..encoders.mamba import Mamba, MambaBlock, ResidualBlock

MISSING = "mambapy is not installed (pip install mambapy==1.2.0): its rows are left out"


def public_twin(stack: Mamba) -> nn.Module:
    """mambapy.mamba.Mamba (its parallel scan in plain torch) of the same sizes, weights, device and dtype as `stack`.

    Raises ImportError where mambapy is not installed.
    """
    from mambapy.mamba import Mamba as PublicMamba
    from mambapy.mamba import MambaConfig

    block = cast(MambaBlock, cast(ResidualBlock, stack.layers[0]).mixer)
    inner, states = block.A_log.shape
    d_model, rank = block.in_proj.in_features, block.dt_proj.in_features
    config = MambaConfig(
        d_model,
        len(stack.layers),
        dt_rank=rank,
        d_state=states,
        expand_factor=inner // d_model,
        d_conv=block.conv1d.kernel_size[0],
    )
    twin = PublicMamba(config)
    twin.load_state_dict(stack.state_dict(), strict=True)
    return twin.to(block.D.device, block.D.dtype)


def with_public_stacks(model: nn.Module) -> nn.Module:
    """`model` itself, in place, with every Mamba stack in it replaced by its public twin; ImportError as above."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, Mamba):
                setattr(parent, name, public_twin(child))
    return model
