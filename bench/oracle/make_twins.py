"""Makes src/zoo/fixtures/twins/: results of torchvision, timm and plain PyTorch for the networks of the zoo.

    python bench/oracle/make_twins.py [TWIN ...]        # all twins, or the named ones

Needs torch, torchvision, timm and numpy. No weights are downloaded: they come from formulas (formulas.py). Made with
PyTorch 2.13.0 on CPU in float64, torchvision 0.28.0, timm 1.0.29, Python 3.11. Each file describes one network:

    twin          the reference implementation
    model         the zoo's network and its `options`
    entries       the state_dict's names and shapes in order, deflated, without batch counters
    parameters    number of trainable values
    macs          multiply-adds of convolutions and linear layers for one image of `input`, by PyTorch's own counter
    dropout       rates of dropout and stochastic depth, in ascending order
    evaluation    the checksum of each image's logits, for some images
    training      for some networks, without dropout and stochastic depth: the loss per image, and per entry the
                  checksum of its gradient or, for a statistic, of its value after the step

src/zoo/twins.test.ts and src/engines/twins.test.ts compare against them.
"""

import base64
import json
import pathlib
import sys
import zlib

import numpy as np
import plain
import torch
import torch.nn.functional as F
from formulas import checksum, images, targets, weights
from torch.utils.flop_counter import FlopCounterMode
from vision import timm, torchvision

FOLDER = pathlib.Path(__file__).parents[2] / "src/zoo/fixtures/twins"

# Height and width. They are unequal, to reveal swapped axes, and indivisible, to reveal wrong rounding. A training step
# is compared in float64, which is slow.
SMALL = (72, 85)
STEP = (40, 52)
TINY = (27, 34)
TINY_STEP = (19, 22)


def of_torchvision(**arguments):
    return lambda name: (
        f"torchvision {torchvision.__version__.split('+')[0]} {name}",
        torchvision.models.get_model(name, weights=None, **arguments),
    )


def of_timm(twin, **arguments):
    return lambda _: (f"timm {timm.__version__} {twin}", timm.create_model(twin, pretrained=False, **arguments))


def of_plain(networks):
    return lambda name: (f"bench/oracle/plain.py {name}", networks[name]())


def imagenet(make=of_torchvision(), size=SMALL, full=(224, 224), step=None):
    """`step`: height and width in the training step, if there is one."""
    return {"make": make, "size": size, "full": full, "step": step}


def small(name, networks=plain.NETWORKS):
    step = TINY_STEP if name in TRAINED_SMALL else None
    return {"make": of_plain(networks), "size": TINY, "full": (32, 32), "step": step}


TRAINED_SMALL = {
    *("resnet20", "resnet29_bottleneck", "plain20", "preresnet20", "wrn_16_4", "resnext29_8x16d"),
    *("densenet_bc_100_12", "densenet_40_12", "cifar_vgg11_bn", "nin"),
}

WITHOUT_HEADS = of_torchvision(aux_logits=False, init_weights=False)

TWINS = {
    "alexnet": imagenet(step=SMALL),
    **{f"vgg{depth}{norm}": imagenet(step=STEP if (depth, norm) == (11, "_bn") else None)
       for depth in (11, 13, 16, 19) for norm in ("", "_bn")},
    "googlenet": imagenet(WITHOUT_HEADS, step=STEP),
    "inception_v3": imagenet(WITHOUT_HEADS, size=(107, 129), full=(299, 299), step=(75, 107)),
    "resnet18": imagenet(step=STEP),
    "resnet34": imagenet(),
    "resnet50": imagenet(step=STEP),
    "resnet101": imagenet(),
    "resnet152": imagenet(),
    "wide_resnet50_2": imagenet(),
    "wide_resnet101_2": imagenet(),
    "resnext50_32x4d": imagenet(step=STEP),
    "resnext101_32x8d": imagenet(),
    "resnext101_64x4d": imagenet(),
    "densenet121": imagenet(step=STEP),
    "densenet161": imagenet(),
    "densenet169": imagenet(),
    "densenet201": imagenet(),
    "squeezenet1_0": imagenet(),
    "squeezenet1_1": imagenet(step=STEP),
    "mobilenet_v1": imagenet(of_timm("mobilenetv1_100"), step=STEP),
    "mobilenet_v2": imagenet(step=STEP),
    "mobilenet_v3_large": imagenet(),
    "mobilenet_v3_small": imagenet(step=STEP),
    "shufflenet_v2_x0_5": imagenet(),
    "shufflenet_v2_x1_0": imagenet(step=STEP),
    "shufflenet_v2_x1_5": imagenet(),
    "shufflenet_v2_x2_0": imagenet(),
    "efficientnet_b0": imagenet(step=STEP),
    "efficientnet_b1": imagenet(full=(240, 240)),
    "efficientnet_b2": imagenet(full=(288, 288)),
    "efficientnet_b3": imagenet(full=(300, 300)),
    "regnet_x_400mf": imagenet(),
    "regnet_x_1_6gf": imagenet(),
    "regnet_y_400mf": imagenet(step=STEP),
    "regnet_y_1_6gf": imagenet(),
    "mnasnet1_0": imagenet(step=STEP),
    "convnext_tiny": imagenet(step=STEP),
    "convnext_small": imagenet(),
    **{name: small(name) for name in plain.NETWORKS},
    **{
        f"{name}_shortcut_a": {**small(name, plain.WITH_SHORTCUT_A), "model": name, "options": {"shortcut": "A"}}
        for name in plain.WITH_SHORTCUT_A
    },
}


def is_batch_count(name):
    return name.endswith("num_batches_tracked")


def fill(model):
    """Fills a network's weights by formula."""
    state = model.state_dict()
    for name, tensor in state.items():
        if is_batch_count(name):
            state[name] = torch.zeros((), dtype=torch.int64)
        else:
            state[name] = torch.from_numpy(weights(name, tuple(tensor.shape))).double()
    model.load_state_dict(state, strict=True, assign=True)
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    return model


RATES = {"Dropout": "p", "StochasticDepth": "p", "DropPath": "drop_prob"}


def random_layers(model):
    """Layers of dropout and stochastic depth: (module, name of the attribute that holds the rate)."""
    return [(module, RATES[type(module).__name__]) for module in model.modules() if type(module).__name__ in RATES]


def counts(model, full):
    """The cost and the layers of one full-size image, without computing anything."""
    met = []
    for module, attribute in random_layers(model):
        module.register_forward_hook(lambda module, *_, attribute=attribute: met.append(getattr(module, attribute)))
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model.eval()(torch.empty(1, 3, *full, device="meta"))
    operations = counter.get_total_flops()
    assert operations % 2 == 0
    return {"macs": operations // 2, "dropout": sorted(rate for rate in met if rate > 0)}


def evaluation(model, size):
    shape = [2, 3, *size]
    with torch.no_grad():
        logits = model.eval()(torch.from_numpy(images(shape)).double()).numpy()
    assert np.isfinite(logits).all()
    apart = np.linalg.norm(logits[0] - logits[1]) / np.linalg.norm(logits[0])
    return {"images": shape, "logits": [checksum(row) for row in logits]}, apart


def training(model, size):
    shape = [3, 3, *size]
    for module, attribute in random_layers(model):
        setattr(module, attribute, 0.0)
    logits = model.train()(torch.from_numpy(images(shape)).double())
    classes = torch.from_numpy(targets(*logits.shape).astype(np.int64))
    losses = F.cross_entropy(logits, classes, reduction="none")
    losses.mean().backward()
    parameters = dict(model.named_parameters())
    return {
        "images": shape,
        "losses": [float(f"{loss:.9g}") for loss in losses.tolist()],
        "checksums": [
            checksum((parameters[name].grad if name in parameters else tensor).numpy())
            for name, tensor in model.state_dict().items()
            if not is_batch_count(name)
        ],
    }


def entries(model):
    lines = [
        f"{name} {'x'.join(map(str, tensor.shape))}"
        for name, tensor in model.state_dict().items()
        if not is_batch_count(name)
    ]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress("\n".join(lines).encode()) + packer.flush()
    return base64.b64encode(packed).decode()


def twin_of(name, row):
    network = row.get("model", name)
    origin, model = row["make"](network)
    model.to("meta")
    fixture = {
        "twin": origin,
        "model": network,
        "options": row.get("options", {}),
        "entries": entries(model),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "input": [3, *row["full"]],
        **counts(model, row["full"]),
    }
    fill(model)
    fixture["evaluation"], apart = evaluation(model, row["size"])
    if row["step"]:
        fixture["training"] = training(model, row["step"])
    return fixture, apart


def text(fixture):
    """JSON with one line per key and per checksum."""
    checksums = fixture.get("training", {}).get("checksums", [])
    held = json.dumps(checksums)
    spread_out = "[\n" + ",\n".join(json.dumps(row) for row in checksums) + "]"
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in fixture.items())
    return "{\n" + (lines.replace(held, spread_out) if checksums else lines) + "\n}\n"


torch.backends.nnpack.set_flags(False)
FOLDER.mkdir(parents=True, exist_ok=True)
for name in sys.argv[1:] or TWINS:
    fixture, apart = twin_of(name, TWINS[name])
    print(f"{name}: logits of two images differ by {apart:.2g} of their size", file=sys.stderr)
    (FOLDER / f"{name}.json").write_text(text(fixture))
