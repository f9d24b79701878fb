"""Imports torchvision and timm even if torchvision's compiled operators do not fit the installed PyTorch.

The networks need none of those operators, but torchvision registers them on import, and PyTorch then requires each to
be declared.
"""

import torch

OPERATORS = ("nms", "qnms", "roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool", "deform_conv2d")

try:
    import torchvision
except RuntimeError:
    declarations = torch.library.Library("torchvision", "DEF")
    for operator in OPERATORS:
        declarations.define(f"{operator}() -> ()")
        if "nms" not in operator:
            declarations.define(f"_{operator}_backward() -> ()")
    import torchvision

import timm

__all__ = ["timm", "torchvision"]
