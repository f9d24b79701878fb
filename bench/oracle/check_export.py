"""Checks that a weights file loads into its PyTorch twin with strict=True.

    npx rectio export RUN --format safetensors --output weights.safetensors
    python bench/oracle/check_export.py NETWORK weights.safetensors

Only the number of classes may differ from the twin. Needs safetensors and the packages of make_twins.py.
"""

import sys

import plain
from safetensors.torch import load_file
from vision import timm, torchvision

name, path = sys.argv[1:]


def twin(classes):
    if name in plain.NETWORKS:
        plain.CLASSES = classes
        return plain.NETWORKS[name]()
    if name == "mobilenet_v1":
        return timm.create_model("mobilenetv1_100", num_classes=classes)
    heads = {"aux_logits": False, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
    return torchvision.models.get_model(name, weights=None, num_classes=classes, **heads)


state = load_file(path)
head = list(twin(10).state_dict())[-1]
classes = len(state[head])
twin(classes).load_state_dict(state, strict=True)
print(f"{path} loads into {name} of {classes} classes, strictly: {len(state)} entries.")
