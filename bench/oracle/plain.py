"""Networks for 32×32 images in plain PyTorch, written from their papers, because neither torchvision nor timm has them.

Parameters are named as in the zoo. If torchvision has a network's block, that block is used.
"""

import itertools

import torch
import torch.nn.functional as F
from torch import nn
from vision import torchvision

CLASSES = 10


def conv(inner, outer, kernel, stride=1, bias=False):
    return nn.Conv2d(inner, outer, kernel, stride, padding=kernel // 2, bias=bias)


class Nothing(nn.Module):
    """Replaces a shortcut and adds zero."""

    def forward(self, x):
        return torch.zeros((), dtype=x.dtype, device=x.device)


class SubsampleAndPad(nn.Module):
    """Shortcut A of He et al. 2015, with half of the zero channels on either side."""

    def __init__(self, inner, outer, stride):
        super().__init__()
        self.stride, self.missing = stride, outer - inner

    def forward(self, x):
        before = self.missing // 2
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, before, self.missing - before))


class PreBasic(nn.Module):
    """He et al. 2016, figure 4e. A projection takes the output of the first ReLU, as in the authors' code."""

    def __init__(self, inner, width, stride, downsample):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inner), conv(inner, width, 3, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(width), conv(width, width, 3)
        self.downsample = downsample

    def forward(self, x):
        active = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(active))))
        return y + (x if self.downsample is None else self.downsample(active))


class PreBottleneck(nn.Module):
    def __init__(self, inner, width, stride, downsample):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inner), conv(inner, width, 1)
        self.bn2, self.conv2 = nn.BatchNorm2d(width), conv(width, width, 3, stride)
        self.bn3, self.conv3 = nn.BatchNorm2d(width), conv(width, 4 * width, 1)
        self.downsample = downsample

    def forward(self, x):
        active = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(active))))
        return self.conv3(F.relu(self.bn3(y))) + (x if self.downsample is None else self.downsample(active))


def projection(inner, outer, stride):
    return nn.Sequential(conv(inner, outer, 1, stride), nn.BatchNorm2d(outer))


def bare_projection(inner, outer, stride):
    return nn.Sequential(conv(inner, outer, 1, stride))


def grouped(groups, width):
    """torchvision's ResNeXt block."""
    return lambda inner, planes, stride, downsample: torchvision.models.resnet.Bottleneck(
        inner, planes, stride, downsample, groups=groups, base_width=width
    )


class Residual(nn.Module):
    """Stem, stages `layer1`, `layer2`, …, pooling and a linear layer. `pre`: norm and ReLU come first in each block."""

    def __init__(self, block, expansion, blocks, widths, stem=16, shortcut=projection, pre=False):
        super().__init__()
        self.conv1 = conv(3, stem, 3)
        if not pre:
            self.bn1 = nn.BatchNorm2d(stem)
        self.stages, inner = len(widths), stem
        for stage, width in enumerate(widths):
            layer, stride = [], 1 if stage == 0 else 2
            for step in [stride] + [1] * (blocks - 1):
                outer = expansion * width
                same = step == 1 and inner == outer and shortcut is not Nothing
                beside = None if same else Nothing() if shortcut is Nothing else shortcut(inner, outer, step)
                layer.append(block(inner, width, step, beside))
                inner = outer
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layer))
        if pre:
            self.bn = nn.BatchNorm2d(inner)
        self.pre, self.fc = pre, nn.Linear(inner, CLASSES)

    def forward(self, x):
        x = self.conv1(x) if self.pre else F.relu(self.bn1(self.conv1(x)))
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        if self.pre:
            x = F.relu(self.bn(x))
        return self.fc(x.mean((2, 3)))


class PyramidBlock(nn.Module):
    """Han et al. 2017, figure 6d."""

    def __init__(self, inner, outer, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inner), conv(inner, outer, 3, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(outer), conv(outer, outer, 3)
        self.bn3 = nn.BatchNorm2d(outer)
        self.stride, self.missing = stride, outer - inner

    def forward(self, x):
        y = self.bn3(self.conv2(F.relu(self.bn2(self.conv1(self.bn1(x))))))
        small = x if self.stride == 1 else F.avg_pool2d(x, 2, ceil_mode=True)
        return y + F.pad(small, (0, 0, 0, 0, 0, self.missing))


class Pyramid(nn.Module):
    """Additive. D_k = ⌊D_(k−1) + α/N⌋ means the real-valued sum, rounded down only when a width is needed."""

    def __init__(self, depth, alpha):
        super().__init__()
        blocks = (depth - 2) // 6
        self.conv1, self.bn1 = conv(3, 16, 3), nn.BatchNorm2d(16)
        widths = [16 + (alpha * k) // (3 * blocks) for k in range(3 * blocks + 1)]
        for stage in range(3):
            pairs = list(itertools.pairwise(widths))[stage * blocks : (stage + 1) * blocks]
            layer = [
                PyramidBlock(inner, outer, 2 if stage > 0 and index == 0 else 1)
                for index, (inner, outer) in enumerate(pairs)
            ]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layer))
        self.bn_final, self.fc = nn.BatchNorm2d(widths[-1]), nn.Linear(widths[-1], CLASSES)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.bn1(self.conv1(x)))))
        return self.fc(F.relu(self.bn_final(x)).mean((2, 3)))


class DenseLayer(nn.Module):
    """Huang et al. 2017, without bottlenecks."""

    def __init__(self, inner, growth):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(inner), conv(inner, growth, 3)

    def forward(self, x):
        return torch.cat([x, self.conv1(F.relu(self.norm1(x)))], 1)


class DenseBottleneck(nn.Module):
    def __init__(self, inner, growth):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(inner), conv(inner, 4 * growth, 1)
        self.norm2, self.conv2 = nn.BatchNorm2d(4 * growth), conv(4 * growth, growth, 3)

    def forward(self, x):
        return torch.cat([x, self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(x))))))], 1)


class Dense(nn.Module):
    def __init__(self, layer, layers, growth, stem, compression):
        super().__init__()
        self.features, width = nn.Sequential(), stem
        self.features.add_module("conv0", conv(3, stem, 3))
        for block in (1, 2, 3):
            made = nn.Sequential()
            for index in range(1, layers + 1):
                made.add_module(f"denselayer{index}", layer(width, growth))
                width += growth
            self.features.add_module(f"denseblock{block}", made)
            if block < 3:
                smaller = int(width * compression)
                self.features.add_module(f"transition{block}", torchvision.models.densenet._Transition(width, smaller))
                width = smaller
        self.features.add_module("norm5", nn.BatchNorm2d(width))
        self.classifier = nn.Linear(width, CLASSES)

    def forward(self, x):
        return self.classifier(F.relu(self.features(x)).mean((2, 3)))


class Chain(nn.Module):
    """Stages `stage1`, `stage2`, … of numbered convolutions, each with a ReLU and an optional norm, then the rest."""

    def __init__(self, stages, norm, behind, linear=None):
        super().__init__()
        self.norm, self.lengths, inner = norm, [len(stage) for stage in stages], 3
        for number, stage in enumerate(stages, 1):
            part = nn.Module()
            for index, (outer, kernel) in enumerate(stage, 1):
                setattr(part, f"conv{index}", conv(inner, outer, kernel, bias=not norm))
                if norm:
                    setattr(part, f"bn{index}", nn.BatchNorm2d(outer))
                inner = outer
            setattr(self, f"stage{number}", part)
        self.ends = nn.ModuleList(behind)
        if linear:
            self.fc = nn.Linear(inner, linear)

    def forward(self, x):
        for number, length in enumerate(self.lengths, 1):
            part = getattr(self, f"stage{number}")
            for index in range(1, length + 1):
                x = getattr(part, f"conv{index}")(x)
                x = F.relu(getattr(part, f"bn{index}")(x) if self.norm else x)
            x = self.ends[number - 1](x)
        x = x.mean((2, 3))
        return self.fc(x) if hasattr(self, "fc") else x


def basic(inner, width, stride, downsample):
    return torchvision.models.resnet.BasicBlock(inner, width, stride, downsample)


def small_vgg(counts):
    widths = (64, 128, 256, 512, 512)
    stages = [[(width, 3)] * count for width, count in zip(widths, counts)]
    return Chain(stages, norm=True, behind=[nn.MaxPool2d(2, ceil_mode=True) for _ in stages], linear=CLASSES)


def network_in_network():
    stages = [[(192, 5), (160, 1), (96, 1)], [(192, 5), (192, 1), (192, 1)], [(192, 3), (192, 1), (CLASSES, 1)]]
    behind = [
        nn.Sequential(nn.MaxPool2d(3, 2, ceil_mode=True), nn.Dropout(0.5)),
        nn.Sequential(nn.AvgPool2d(3, 2, ceil_mode=True), nn.Dropout(0.5)),
        nn.Identity(),
    ]
    return Chain(stages, norm=False, behind=behind)


NARROW = (16, 32, 64)

NETWORKS = {
    **{f"resnet{n}": lambda n=n: Residual(basic, 1, (n - 2) // 6, NARROW) for n in (20, 32, 44, 56, 110)},
    "resnet29_bottleneck": lambda: Residual(torchvision.models.resnet.Bottleneck, 4, 3, NARROW),
    **{f"plain{n}": lambda n=n: Residual(basic, 1, (n - 2) // 6, NARROW, shortcut=Nothing) for n in (20, 32, 44, 56)},
    **{
        f"preresnet{n}": lambda n=n: Residual(PreBasic, 1, (n - 2) // 6, NARROW, shortcut=bare_projection, pre=True)
        for n in (20, 32, 44, 56, 110)
    },
    "preresnet164": lambda: Residual(PreBottleneck, 4, 18, NARROW, shortcut=bare_projection, pre=True),
    "cifar_resnet18": lambda: Residual(basic, 1, 2, (64, 128, 256, 512), stem=64),
    "wrn_16_4": lambda: Residual(PreBasic, 1, 2, (64, 128, 256), shortcut=bare_projection, pre=True),
    "wrn_28_10": lambda: Residual(PreBasic, 1, 4, (160, 320, 640), shortcut=bare_projection, pre=True),
    "resnext29_8x16d": lambda: Residual(grouped(8, 16), 4, 3, (64, 128, 256), stem=64),
    "pyramidnet110_a48": lambda: Pyramid(110, 48),
    "pyramidnet110_a84": lambda: Pyramid(110, 84),
    "densenet_bc_100_12": lambda: Dense(DenseBottleneck, 16, 12, 24, 0.5),
    "densenet_40_12": lambda: Dense(DenseLayer, 12, 12, 16, 1),
    "cifar_vgg11_bn": lambda: small_vgg((1, 1, 2, 2, 2)),
    "cifar_vgg13_bn": lambda: small_vgg((2, 2, 2, 2, 2)),
    "cifar_vgg16_bn": lambda: small_vgg((2, 2, 3, 3, 3)),
    "cifar_vgg19_bn": lambda: small_vgg((2, 2, 4, 4, 4)),
    "nin": network_in_network,
}

WITH_SHORTCUT_A = {
    "resnet20": lambda: Residual(basic, 1, 3, NARROW, shortcut=SubsampleAndPad),
    "preresnet20": lambda: Residual(PreBasic, 1, 3, NARROW, shortcut=SubsampleAndPad, pre=True),
}
