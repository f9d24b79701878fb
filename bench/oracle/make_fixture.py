"""Makes src/engines/fixtures/pytorch.json: PyTorch's results for two tiny networks, in float64.

    python bench/oracle/make_fixture.py > src/engines/fixtures/pytorch.json

Made with PyTorch 2.13.0 on CPU, Python 3.11. src/engines/reference/pytorch.test.ts builds the same networks
and compares to 1e-9. The file contains no weights or images: both sides compute them by the same formula (`pattern`).
"""

import json
import math
import sys

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def pattern(stream, count):
    """Pseudorandom numbers in [-1, 1]. pytorch.test.ts has the same formula."""
    return torch.tensor([math.sin(1 + 3.7 * stream + 0.61 * i * i) for i in range(count)])


def starting_value(stream, name, shape):
    values = pattern(stream, math.prod(shape)).reshape(shape)
    if name.endswith("running_var") or (name.endswith("weight") and len(shape) == 1):
        return 1 + 0.3 * values
    if len(shape) in (2, 4):
        return values * math.sqrt(4 / math.prod(shape[1:]))
    return 0.3 * values


def tensors(shapes):
    """Parameters and statistics by name; streams count from 1 in the order given."""
    return {
        name: starting_value(1 + index, name, shape).requires_grad_(".running_" not in name)
        for index, (name, shape) in enumerate(shapes.items())
    }


def batch_norm(t, name, x):
    p = {local: t[f"{name}.{local}"] for local in ("running_mean", "running_var", "weight", "bias")}
    return F.batch_norm(x, p["running_mean"], p["running_var"], p["weight"], p["bias"], training=True)


def norm_shapes(name, channels):
    return {f"{name}.{local}": [channels] for local in ("weight", "bias", "running_mean", "running_var")}


RESIDUAL = {
    "conv1.weight": [4, 3, 3, 3],
    **norm_shapes("bn1", 4),
    "a.conv1.weight": [4, 4, 3, 3],
    **norm_shapes("a.bn1", 4),
    "a.conv2.weight": [4, 4, 3, 3],
    **norm_shapes("a.bn2", 4),
    "b.conv1.weight": [5, 4, 3, 3],
    **norm_shapes("b.bn1", 5),
    "b.conv2.weight": [5, 5, 3, 3],
    **norm_shapes("b.bn2", 5),
    "b.conv3.weight": [5, 4, 1, 1],
    **norm_shapes("b.bn3", 5),
    "fc.weight": [6, 5],
    "fc.bias": [6],
}


def residual(t, images):
    x = F.relu(batch_norm(t, "bn1", F.conv2d(images, t["conv1.weight"], padding=1)))
    y = F.relu(batch_norm(t, "a.bn1", F.conv2d(x, t["a.conv1.weight"], padding=1)))
    x = F.relu(batch_norm(t, "a.bn2", F.conv2d(y, t["a.conv2.weight"], padding=1)) + x)
    y = F.relu(batch_norm(t, "b.bn1", F.conv2d(x, t["b.conv1.weight"], stride=2, padding=1)))
    y = batch_norm(t, "b.bn2", F.conv2d(y, t["b.conv2.weight"], padding=1))
    x = F.relu(y + batch_norm(t, "b.bn3", F.conv2d(x, t["b.conv3.weight"], stride=2)))
    return F.linear(x.mean((2, 3)), t["fc.weight"], t["fc.bias"])


MIXED = {
    "conv1.weight": [8, 3, 3, 2],
    "conv1.bias": [8],
    "prelu1.weight": [8],
    "depthwise.weight": [8, 1, 3, 3],
    "depthwise.bias": [8],
    "grouped.weight": [6, 4, 1, 3],
    "grouped.bias": [6],
    "dilated.weight": [4, 6, 3, 3],
    "dilated.bias": [4],
    "prelu2.weight": [1],
    "scale1.weight": [16],
    "scale2.weight": [16, 2, 2],
    "fc.weight": [6, 64],
    "fc.bias": [6],
}


def mixed(t, images):
    x = F.conv2d(images, t["conv1.weight"], t["conv1.bias"], stride=(1, 2), padding=(2, 1))
    x = F.prelu(x, t["prelu1.weight"])
    x = F.gelu(F.conv2d(x, t["depthwise.weight"], t["depthwise.bias"], padding=1, groups=8))
    x = F.silu(F.conv2d(x, t["grouped.weight"], t["grouped.bias"], padding=(0, 1), groups=2))
    y = F.conv2d(x, t["dilated.weight"], t["dilated.bias"], padding=2, dilation=2)
    y = F.leaky_relu(y, 0.2)
    z = F.prelu(x, t["prelu2.weight"])
    branches = [
        F.max_pool2d(y, 3, 2, 1, ceil_mode=True),
        F.avg_pool2d(z, 3, 2, 1, ceil_mode=True, count_include_pad=True),
        F.avg_pool2d(z, 3, 2, 1, ceil_mode=True, count_include_pad=False),
    ]
    x = torch.cat(branches, 1)
    x = x * t["scale1.weight"].reshape(1, -1, 1, 1)
    x = F.hardtanh(F.sigmoid(x) * 4 + x * 4, 0, 6)
    x = F.avg_pool2d(x, 2, 2) * t["scale2.weight"]
    return F.linear(x.flatten(1), t["fc.weight"], t["fc.bias"])


def inputs(image_shape, classes):
    images = pattern(0, math.prod(image_shape)).reshape(image_shape) * 1.5
    targets = torch.zeros(image_shape[0], classes)
    for n in range(image_shape[0]):
        targets[n, (3 * n + 1) % classes] = 0.75
        targets[n, (5 * n + 2) % classes] += 0.25
    return images, targets


def losses_of(network, t, images, targets, smoothing):
    return F.cross_entropy(network(t, images), targets, reduction="none", label_smoothing=smoothing)


def values(t, names):
    return {name: [float(f"{v:.10g}") for v in t[name].detach().flatten().tolist()] for name in names}


def gradients(network, shapes, image_shape, smoothing):
    t = tensors(shapes)
    losses = losses_of(network, t, *inputs(image_shape, 6), smoothing)
    losses.mean().backward()
    learned = [name for name, tensor in t.items() if tensor.requires_grad]
    return {
        "losses": losses.tolist(),
        "gradients": values({name: t[name].grad for name in learned}, learned),
        "statistics": values(t, [name for name in t if name not in learned]),
    }


def steps(network, shapes, image_shape, make_optimizer, count=3):
    """Pattern-weighted sums over each parameter after the steps, which reveal any difference."""
    t = tensors(shapes)
    learned = [tensor for tensor in t.values() if tensor.requires_grad]
    optimizer = make_optimizer(learned)
    images, targets = inputs(image_shape, 6)
    losses = []
    for _ in range(count):
        optimizer.zero_grad()
        loss = losses_of(network, t, images, targets, 0).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    sums = {name: (tensor.detach().flatten() * pattern(99, tensor.numel())).sum().item() for name, tensor in t.items()}
    return {"losses": losses, "sums": sums}


json.dump(
    {
        "pytorch": torch.__version__,
        "residual": gradients(residual, RESIDUAL, [3, 3, 7, 9], 0.1),
        "mixed": gradients(mixed, MIXED, [2, 3, 7, 11], 0),
        "sgd": steps(
            residual,
            RESIDUAL,
            [3, 3, 7, 9],
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
        ),
        "nesterov": steps(
            residual,
            RESIDUAL,
            [3, 3, 7, 9],
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=True),
        ),
        "adamw": steps(
            residual,
            RESIDUAL,
            [3, 3, 7, 9],
            lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1),
        ),
    },
    sys.stdout,
    separators=(",", ":"),
)
sys.stdout.write("\n")
