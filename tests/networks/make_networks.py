#!/usr/bin/env python3
"""Writes the small networks beside itself: seeded weights, two data sets each, outputs by PyTorch in double precision.

Each folder is as in ONNX's own cases: model.onnx, test_data_set_K/{input,output}_N.pb. Needs Debian's python3-torch and
python3-onnx; the same machine writes the same files.
"""

import pathlib

import numpy
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional

FOLDER = pathlib.Path(__file__).resolve().parent


class Residual(nn.Module):
    """Convolutions with batch normalisation, residual sums and a strided shortcut, as in ResNet."""

    def __init__(self):
        super().__init__()
        self.stem, self.stem_norm = nn.Conv2d(3, 16, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(16)
        self.a, self.a_norm = nn.Conv2d(16, 20, 3, stride=2, padding=1), nn.BatchNorm2d(20)
        self.b, self.b_norm = nn.Conv2d(20, 20, 3, padding=1), nn.BatchNorm2d(20)
        self.shortcut = nn.Conv2d(16, 20, 1, stride=2)
        self.classifier = nn.Linear(20, 7)

    def forward(self, image):
        x = functional.max_pool2d(torch.relu(self.stem_norm(self.stem(image))), 3, 1, 1)
        y = self.b_norm(self.b(torch.relu(self.a_norm(self.a(x)))))
        x = torch.relu(y + self.shortcut(x))
        return torch.softmax(self.classifier(x.mean((2, 3))), 1)


class Depthwise(nn.Module):
    """Depthwise and grouped convolutions with squeeze and excitation, as in MobileNet and EfficientNet."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 3, stride=2, padding=1)
        self.expand, self.norm = nn.Conv2d(12, 36, 1), nn.BatchNorm2d(36)
        self.depthwise = nn.Conv2d(36, 36, 5, padding=2, groups=36)
        self.squeeze, self.excite = nn.Conv2d(36, 4, 1), nn.Conv2d(4, 36, 1)
        self.project = nn.Conv2d(36, 12, 1)
        self.grouped = nn.Conv2d(12, 18, 3, stride=2, groups=3, dilation=2)
        self.classifier = nn.Linear(18, 5)

    def forward(self, image):
        x = functional.silu(self.stem(image))
        y = functional.hardswish(self.depthwise(functional.relu6(self.norm(self.expand(x)))))
        gate = torch.sigmoid(self.excite(functional.silu(self.squeeze(functional.adaptive_avg_pool2d(y, 1)))))
        x = functional.leaky_relu(self.grouped(x + self.project(y * gate)), 0.1)
        return self.classifier(functional.adaptive_avg_pool2d(x, 1).flatten(1))


class Segment(nn.Module):
    """Down and up again: strided, transposed and bilinear, joined by Concat."""

    def __init__(self):
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(2, 8, 3, padding=1), nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.join, self.last = nn.Conv2d(16, 8, 3, padding=1), nn.Conv2d(8, 3, 1)

    def forward(self, image):
        a = functional.elu(self.down1(image))
        b = torch.tanh(self.down2(a))
        x = functional.gelu(self.join(torch.cat([a, self.up(b)], 1)))
        return self.last(functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False))


class Attention(nn.Module):
    """One layer of a transformer over token numbers, any batch and length."""

    def __init__(self, width=24, heads=3, words=40):
        super().__init__()
        self.heads, self.words = heads, nn.Embedding(words, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, tokens):
        x = self.words(tokens)
        batch, length, width = x.shape[0], x.shape[1], x.shape[2]
        parts = self.qkv(self.norm1(x)).reshape(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        scores = parts[0] @ parts[1].transpose(-1, -2) / (width // self.heads) ** 0.5
        mixed = (torch.softmax(scores, -1) @ parts[2]).permute(0, 2, 1, 3).reshape(batch, length, width)
        x = x + self.out(mixed)
        return x + self.narrow(functional.gelu(self.widen(self.norm2(x))))


class Recurrent(nn.Module):
    """A bidirectional LSTM, then a GRU whose last state is read."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(6, 10, bidirectional=True)
        self.gru = nn.GRU(20, 12)
        self.last = nn.Linear(12, 4)

    def forward(self, steps):
        sequence, _ = self.lstm(steps)
        _, state = self.gru(sequence)
        return torch.log_softmax(self.last(state[0]), 1)


def randomize(network):
    """Statistics and scales that are not all one or zero, so that leaving one out shows."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.6, 1.4)
            nn.init.normal_(module.bias, std=0.2)
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)


def write_tensor(path, name, tensor):
    array = numpy.ascontiguousarray(tensor.detach().numpy())
    path.write_bytes(numpy_helper.from_array(array, name).SerializeToString())


def write(name, network, inputs, dynamic):
    """`inputs`: one tensor a data set. `dynamic`: names of its axes, in what order they come."""
    folder = FOLDER / name
    folder.mkdir(exist_ok=True)
    randomize(network)
    network.eval()
    torch.onnx.export(network, inputs[0], str(folder / "model.onnx"), opset_version=17, input_names=["input"],
                      output_names=["output"], dynamic_axes=dynamic)
    onnx.checker.check_model(str(folder / "model.onnx"))
    network.double()
    for number, value in enumerate(inputs):
        data = folder / f"test_data_set_{number}"
        data.mkdir(exist_ok=True)
        with torch.no_grad():
            output = network(value.double() if value.is_floating_point() else value)
        write_tensor(data / "input_0.pb", "input", value)
        write_tensor(data / "output_0.pb", "output", output.float())
    print(f"{name}: {(folder / 'model.onnx').stat().st_size} bytes, outputs to {output.abs().max().item():.3g}")


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    batch = {"input": {0: "batch"}, "output": {0: "batch"}}
    write("residual", Residual(), [torch.randn(1, 3, 20, 20), torch.randn(3, 3, 20, 20)], batch)
    write("depthwise", Depthwise(), [torch.randn(1, 3, 21, 19), torch.randn(2, 3, 21, 19)], batch)
    write("segment", Segment(), [torch.randn(1, 2, 12, 14), torch.randn(2, 2, 12, 14)], batch)
    write("attention", Attention(), [torch.randint(0, 40, (1, 5)), torch.randint(0, 40, (3, 17))],
          {"input": {0: "batch", 1: "length"}, "output": {0: "batch", 1: "length"}})
    write("recurrent", Recurrent(), [torch.randn(7, 1, 6), torch.randn(7, 3, 6)],
          {"input": {1: "batch"}, "output": {0: "batch"}})


if __name__ == "__main__":
    main()
