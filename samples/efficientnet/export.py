#!/usr/bin/env python3
"""export.py FOLDER: writes EfficientNet-B0 with two logits as FOLDER/efficientnet.onnx, and what PyTorch answers to the
sample's pictures as FOLDER/efficientnet_expected.txt.

Weights are random, from a fixed seed, and the normalisation's statistics those of the pictures. Put trained weights in
with load_state_dict before export() to have a network of your own. Needs Debian's python3-torch, python3-torchvision
and python3-onnx.
"""

import pathlib
import sys

import numpy
import torch
import torchvision
from torch import nn

PICTURES = 75
SIZE = 224
MEAN = torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).reshape(1, 3, 1, 1)


def picture(number):
    """Three channels of 8-bit pixels; main.cpp draws the same."""
    y, x = numpy.mgrid[0:SIZE, 0:SIZE].astype(numpy.int64)
    channels = []
    for channel in range(3):
        rings = ((x - 3 * number) ** 2 + (y - 112) ** 2) // (40 + 8 * (number % 11))
        stripes = x * (1 + number % 5) + y * (channel + number % 3)
        channels.append((rings + stripes * (number % 2)) % 256)
    return numpy.stack(channels)


def pictures(numbers):
    pixels = torch.from_numpy(numpy.stack([picture(number) for number in numbers]))
    return (pixels.float() / 255 - MEAN) / DEVIATION


def build():
    torch.manual_seed(1)
    network = torchvision.models.efficientnet_b0(weights=None)
    network.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, 2))
    nn.init.normal_(network.classifier[1].weight, std=0.1)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    network.eval()
    for norm in norms:
        nn.init.uniform_(norm.weight, 0.7, 1.3)
        nn.init.normal_(norm.bias, std=0.1)
        norm.momentum = None
        norm.train()
    with torch.no_grad():
        network(pictures(range(0, PICTURES, 3)))
    return network.eval()


def export(network, path):
    torch.onnx.export(
        network, torch.zeros(1, 3, SIZE, SIZE), str(path), opset_version=17, input_names=["image"],
        output_names=["logits"], dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}})


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    network = build()
    export(network, folder / "efficientnet.onnx")
    with torch.no_grad():
        logits = torch.cat([network(pictures([number])) for number in range(PICTURES)])
    lines = [f"{first:.7g} {second:.7g}\n" for first, second in logits.tolist()]
    (folder / "efficientnet_expected.txt").write_text("".join(lines))
    print(f"{PICTURES} pictures, logits from {logits.min():.3f} to {logits.max():.3f}")


if __name__ == "__main__":
    main()
