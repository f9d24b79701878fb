#!/usr/bin/env python3
"""Measures PyTorch's training throughput on this machine's CPU, for comparison with Rectio.

Set-up:  python3 -m venv VENV && VENV/bin/pip install torch torchvision numpy   (outside the repository; 2.13, CPU)
Use:     VENV/bin/python torch_peer.py --model resnet20 --batch 128 --threads 2 --steps 20 [--channels-last]
         [--pattern 01]   bit i of the repeating pattern keeps (1) or drops (0) the i-th ReLU site in forward order
         [--mode train|eval]
Prints one JSON line: images per second from the median step, step milliseconds (min, median, max), parameters,
peak resident memory. The data is random and already in memory, so only the step itself is measured (forward, loss,
backward, SGD with momentum 0.9 and weight decay 1e-4), without a data pipeline.

By default the stem keeps its ReLU, and the pattern covers only the blocks' sites. With --pattern-stem, the pattern
starts at the stem's ReLU, which is a site too. googlenet and mobilenet_v2 are torchvision's own and take no pattern.
"""
import argparse, json, os, resource, time

p = argparse.ArgumentParser()
p.add_argument("--model", default="resnet20")
p.add_argument("--batch", type=int, default=128)
p.add_argument("--size", type=int, default=32)
p.add_argument("--classes", type=int, default=10)
p.add_argument("--threads", type=int, default=2)
p.add_argument("--steps", type=int, default=20)
p.add_argument("--warmup", type=int, default=3)
p.add_argument("--pattern", default="1")
p.add_argument("--pattern-stem", action="store_true")
p.add_argument("--channels-last", action="store_true")
p.add_argument("--mode", choices=["train", "eval"], default="train")
args = p.parse_args()
os.environ.setdefault("OMP_NUM_THREADS", str(args.threads))

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_num_threads(args.threads)


class Sites:
    """Supplies the activation for each ReLU site in forward order."""

    def __init__(self, pattern):
        self.pattern, self.i = pattern, 0

    def next(self):
        keep = self.pattern[self.i % len(self.pattern)] == "1"
        self.i += 1
        return nn.ReLU(inplace=True) if keep else nn.Identity()


def conv_bn(i, o, k, s=1, groups=1):
    return [nn.Conv2d(i, o, k, s, k // 2, groups=groups, bias=False), nn.BatchNorm2d(o)]


class Basic(nn.Module):
    expansion = 1

    def __init__(self, i, w, s, sites):
        super().__init__()
        self.f = nn.Sequential(*conv_bn(i, w, 3, s), sites.next(), *conv_bn(w, w, 3))
        self.out = sites.next()
        self.short = nn.Sequential() if s == 1 and i == w else nn.Sequential(*conv_bn(i, w, 1, s))

    def forward(self, x):
        return self.out(self.f(x) + self.short(x))


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, i, w, s, sites):
        super().__init__()
        o = 4 * w
        self.f = nn.Sequential(*conv_bn(i, w, 1), sites.next(), *conv_bn(w, w, 3, s), sites.next(), *conv_bn(w, o, 1))
        self.out = sites.next()
        self.short = nn.Sequential() if s == 1 and i == o else nn.Sequential(*conv_bn(i, o, 1, s))

    def forward(self, x):
        return self.out(self.f(x) + self.short(x))


class ResNet(nn.Module):
    def __init__(self, block, depths, widths, stem, sites, stem_act):
        super().__init__()
        layers, i = conv_bn(3, stem, 3) + [stem_act], stem
        for k, (n, w) in enumerate(zip(depths, widths)):
            for j in range(n):
                layers.append(block(i, w, 2 if k and j == 0 else 1, sites))
                i = w * block.expansion
        self.f, self.fc = nn.Sequential(*layers), nn.Linear(i, args.classes)

    def forward(self, x):
        return self.fc(self.f(x).mean((2, 3)))


class PreBasic(nn.Module):
    """Pre-activation block of wide ResNets. If the shape changes, the shortcut starts after the first ReLU."""

    def __init__(self, i, w, s, sites):
        super().__init__()
        self.norm, self.act = nn.BatchNorm2d(i), sites.next()
        self.f = nn.Sequential(nn.Conv2d(i, w, 3, s, 1, bias=False), nn.BatchNorm2d(w), sites.next(), nn.Conv2d(w, w, 3, 1, 1, bias=False))
        self.short = None if s == 1 and i == w else nn.Conv2d(i, w, 1, s, bias=False)

    def forward(self, x):
        y = self.act(self.norm(x))
        return self.f(y) + (x if self.short is None else self.short(y))


def wide_resnet(depth, widening, sites):
    layers, i = [nn.Conv2d(3, 16, 3, 1, 1, bias=False)], 16
    for k, w in enumerate([16 * widening, 32 * widening, 64 * widening]):
        for j in range((depth - 4) // 6):
            layers.append(PreBasic(i, w, 2 if k and j == 0 else 1, sites))
            i = w
    layers += [nn.BatchNorm2d(i), sites.next(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(i, args.classes)]
    return nn.Sequential(*layers)


class Grouped(nn.Module):
    """ResNeXt bottleneck for small images: `groups` groups of `width` channels if `w` is 64, wider in proportion."""

    expansion, groups, width = 4, 8, 16

    def __init__(self, i, w, s, sites):
        super().__init__()
        m, o = self.groups * self.width * w // 64, 4 * w
        self.f = nn.Sequential(
            *conv_bn(i, m, 1), sites.next(), *conv_bn(m, m, 3, s, groups=self.groups), sites.next(), *conv_bn(m, o, 1)
        )
        self.out = sites.next()
        self.short = nn.Sequential() if s == 1 and i == o else nn.Sequential(*conv_bn(i, o, 1, s))

    def forward(self, x):
        return self.out(self.f(x) + self.short(x))


class DenseLayer(nn.Module):
    def __init__(self, i, growth, sites):
        super().__init__()
        m = 4 * growth
        self.f = nn.Sequential(
            *[nn.BatchNorm2d(i), sites.next(), nn.Conv2d(i, m, 1, bias=False)],
            *[nn.BatchNorm2d(m), sites.next(), nn.Conv2d(m, growth, 3, 1, 1, bias=False)],
        )

    def forward(self, x):
        return torch.cat([x, self.f(x)], 1)


def densenet_bc(depth, growth, sites):
    i = 2 * growth
    layers = [nn.Conv2d(3, i, 3, 1, 1, bias=False)]
    for k in range(3):
        for _ in range((depth - 4) // 6):
            layers.append(DenseLayer(i, growth, sites))
            i += growth
        if k < 2:
            layers += [nn.BatchNorm2d(i), sites.next(), nn.Conv2d(i, i // 2, 1, bias=False), nn.AvgPool2d(2)]
            i //= 2
    layers += [nn.BatchNorm2d(i), sites.next(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(i, args.classes)]
    return nn.Sequential(*layers)


def of_torchvision(name):
    import torchvision

    options = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    return getattr(torchvision.models, name)(num_classes=args.classes, **options)


def vgg(cfg, sites):
    layers, i = [], 3
    for c in cfg:
        if c == "M":
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [*conv_bn(i, c, 3), sites.next()]
            i = c
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(i, args.classes))


def build(name):
    sites = Sites(args.pattern)
    stem = sites.next() if args.pattern_stem else nn.ReLU(inplace=True)
    if name.startswith("resnet") and name[6:].isdigit():
        depth = int(name[6:])
        if depth in (18, 34):
            n = {18: [2, 2, 2, 2], 34: [3, 4, 6, 3]}[depth]
            return ResNet(Basic, n, [64, 128, 256, 512], 64, sites, stem)
        if depth == 50:
            return ResNet(Bottleneck, [3, 4, 6, 3], [64, 128, 256, 512], 64, sites, stem)
        if (depth - 2) % 6 == 0:
            return ResNet(Basic, [(depth - 2) // 6] * 3, [16, 32, 64], 16, sites, stem)
    if name == "resnet29-bottleneck":
        return ResNet(Bottleneck, [3, 3, 3], [16, 32, 64], 16, sites, stem)
    if name == "wrn_16_4":
        return wide_resnet(16, 4, sites)
    if name == "resnext29_8x16d":
        return ResNet(Grouped, [3, 3, 3], [64, 128, 256], 64, sites, stem)
    if name == "densenet_bc_100_12":
        return densenet_bc(100, 12, sites)
    if name in ("googlenet", "mobilenet_v2"):
        return of_torchvision(name)
    if name.startswith("vgg"):
        M = "M"
        cfg = {
            "vgg11": [64, M, 128, M, 256, 256, M, 512, 512, M, 512, 512, M],
            "vgg16": [64, 64, M, 128, 128, M, 256, 256, 256, M, 512, 512, 512, M, 512, 512, 512, M],
        }[name]
        return vgg(cfg, sites)
    known = "resnet<6n+2>, resnet18, resnet34, resnet50, resnet29-bottleneck, vgg11, vgg16, wrn_16_4, resnext29_8x16d, "
    raise SystemExit(f"unknown model {name!r}: {known}densenet_bc_100_12, googlenet, mobilenet_v2")


model = build(args.model)
x = torch.randn(args.batch, 3, args.size, args.size)
y = torch.randint(0, args.classes, (args.batch,))
if args.channels_last:
    model, x = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
opt = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9, weight_decay=1e-4)


def step():
    if args.mode == "eval":
        with torch.no_grad():
            return model(x).argmax(1).sum().item()
    opt.zero_grad(set_to_none=True)
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    opt.step()
    return loss.item()


model.train(args.mode == "train")
for _ in range(args.warmup):
    step()
times = []
for _ in range(args.steps):
    t = time.perf_counter()
    step()
    times.append(time.perf_counter() - t)
times.sort()
median = times[len(times) // 2]
print(json.dumps({
    "peer": f"torch {torch.__version__}", "model": args.model, "mode": args.mode, "pattern": args.pattern,
    "batch": args.batch, "threads": args.threads, "channels_last": args.channels_last,
    "images_per_s": round(args.batch / median, 1),
    "step_ms": {"min": round(times[0] * 1e3, 1), "median": round(median * 1e3, 1), "max": round(times[-1] * 1e3, 1)},
    "parameters": sum(q.numel() for q in model.parameters()),
    "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 // 1_000_000,
}))
