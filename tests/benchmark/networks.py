#!/usr/bin/env python3
"""networks.py FOLDER [NAME ...]: writes the networks of the comparison, each a folder in ONNX's layout.

Real architectures at real sizes with seeded random weights; inputs and outputs are recorded by PyTorch. Needs Debian's
python3-torch, python3-torchvision and python3-onnx; all eight take 570 MB and a minute.
"""

import pathlib
import sys

import numpy
import onnx
import torch
import torchvision
from onnx import numpy_helper
from torch import nn
from torch.nn import functional


class ResNet8(nn.Module):
    """The image classifier of MLPerf Tiny: 32x32 pixels, three stages of one block."""

    def __init__(self):
        super().__init__()
        self.stem, self.stem_norm = nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16)
        widths = [(16, 16, 1), (16, 32, 2), (32, 64, 2)]
        self.first = nn.ModuleList(nn.Conv2d(i, o, 3, stride=s, padding=1) for i, o, s in widths)
        self.first_norm = nn.ModuleList(nn.BatchNorm2d(o) for _, o, _ in widths)
        self.second = nn.ModuleList(nn.Conv2d(o, o, 3, padding=1) for _, o, _ in widths)
        self.second_norm = nn.ModuleList(nn.BatchNorm2d(o) for _, o, _ in widths)
        self.shortcut = nn.ModuleList(nn.Conv2d(i, o, 1, stride=s) if s > 1 else nn.Identity() for i, o, s in widths)
        self.last = nn.Linear(64, 10)

    def forward(self, image):
        x = torch.relu(self.stem_norm(self.stem(image)))
        for i in range(3):
            y = torch.relu(self.first_norm[i](self.first[i](x)))
            x = torch.relu(self.second_norm[i](self.second[i](y)) + self.shortcut[i](x))
        return torch.softmax(self.last(x.mean((2, 3))), 1)


class ForecastCNN(nn.Module):
    """Two convolutions over 128 steps of one series, two linear layers."""

    def __init__(self):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv1d(1, 16, 3), nn.BatchNorm1d(16)
        self.conv2, self.norm2 = nn.Conv1d(16, 32, 3), nn.BatchNorm1d(32)
        self.hidden, self.last = nn.Linear(3968, 64), nn.Linear(64, 1)

    def forward(self, series):
        x = torch.relu(self.norm1(self.conv1(series)))
        x = torch.relu(self.norm2(self.conv2(x)))
        return self.last(torch.relu(self.hidden(torch.flatten(x, 1))))


class LstmClassifier(nn.Module):
    """One LSTM of 128 units over 100 steps of 64 features."""

    def __init__(self):
        super().__init__()
        self.lstm, self.last = nn.LSTM(64, 128), nn.Linear(128, 10)

    def forward(self, steps):
        sequence, _ = self.lstm(steps)
        return self.last(sequence[-1])


class BertLayer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.each = heads, width // heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-12), nn.LayerNorm(width, eps=1e-12)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def split(self, x):
        return x.reshape(x.shape[0], x.shape[1], self.heads, self.each).transpose(1, 2)

    def forward(self, x):
        q, k, v = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        scores = torch.softmax(q @ k.transpose(-1, -2) / self.each**0.5, -1)
        mixed = (scores @ v).transpose(1, 2).reshape(x.shape)
        x = self.norm1(x + self.out(mixed))
        return self.norm2(x + self.narrow(functional.gelu(self.widen(x))))


class BertBase(nn.Module):
    """BERT's encoder at its base size, 128 tokens."""

    def __init__(self, width=768, heads=12, layers=12, words=30522, length=128):
        super().__init__()
        self.words, self.places = nn.Embedding(words, width), nn.Parameter(0.02 * torch.randn(1, length, width))
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.layers = nn.ModuleList(BertLayer(width, heads) for _ in range(layers))

    def forward(self, tokens):
        x = self.norm(self.words(tokens) + self.places)
        for layer in self.layers:
            x = layer(x)
        return x


def efficientnet():
    network = torchvision.models.efficientnet_b0(weights=None)
    network.classifier = nn.Linear(1280, 2)
    return network


def image(size):
    return torch.randn(1, 3, size, size)


NETWORKS = {
    "resnet50": lambda: (torchvision.models.resnet50(weights=None), image(224)),
    "mobilenet_v2": lambda: (torchvision.models.mobilenet_v2(weights=None), image(224)),
    "efficientnet_b0": lambda: (efficientnet(), image(224)),
    "bert_base": lambda: (BertBase(), torch.randint(0, 30522, (1, 128))),
    "squeezenet1_1": lambda: (torchvision.models.squeezenet1_1(weights=None), image(224)),
    "lstm": lambda: (LstmClassifier(), torch.randn(100, 1, 64)),
    "forecast_cnn": lambda: (ForecastCNN(), torch.randn(1, 1, 128)),
    "tiny_resnet8": lambda: (ResNet8(), image(32)),
}


def settle(network, example):
    """Scales, shifts and statistics of the normalisations, so that values keep their size from layer to layer."""
    norms = [m for m in network.modules() if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d))]
    network.eval()
    for norm in norms:
        nn.init.uniform_(norm.weight, 0.7, 1.3)
        nn.init.normal_(norm.bias, std=0.1)
        norm.momentum = None
        norm.train()
    if norms:
        with torch.no_grad():
            network(torch.randn(4, *example.shape[1:]))
    return network.eval()


def write_tensor(path, name, tensor):
    path.write_bytes(numpy_helper.from_array(numpy.ascontiguousarray(tensor.numpy()), name).SerializeToString())


def write(root, name):
    torch.manual_seed(1)
    network, example = NETWORKS[name]()
    settle(network, example)
    data = root / name / "test_data_set_0"
    data.mkdir(parents=True, exist_ok=True)
    path = root / name / "model.onnx"
    torch.onnx.export(network, example, str(path), opset_version=17, input_names=["input"], output_names=["output"])
    with torch.no_grad():
        output = network(example)
    write_tensor(data / "input_0.pb", "input", example)
    write_tensor(data / "output_0.pb", "output", output)
    print(f"{name}: {path.stat().st_size / 1e6:.1f} MB, largest output {output.abs().max().item():.3g}", flush=True)


def main():
    names = sys.argv[2:] or list(NETWORKS)
    if len(sys.argv) < 2 or not set(names) <= set(NETWORKS):
        sys.exit(f"{__doc__}\nNetworks: {' '.join(NETWORKS)}")
    for name in names:
        write(pathlib.Path(sys.argv[1]), name)


if __name__ == "__main__":
    main()
