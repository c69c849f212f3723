#!/usr/bin/env python3
"""Trains a small forecaster; writes it as forecast.onnx.json, in NumRs's format, and forecast_test.h, beside itself.

Needs Debian's python3-torch. One thread and fixed seeds: the same machine writes the same files.
"""

import json
import pathlib

import numpy
import torch
from torch import nn

FOLDER = pathlib.Path(__file__).resolve().parent
WINDOW = 48
HORIZON = 24
HOURS = 24 * 7 * 20
TESTED = 150
EPOCHS = 25


class ForecastCNN(nn.Module):
    """The load a day ahead, from the last two days."""

    def __init__(self):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv1d(1, 4, 3), nn.BatchNorm1d(4)
        self.conv2, self.norm2 = nn.Conv1d(4, 8, 3), nn.BatchNorm1d(8)
        self.hidden, self.last = nn.Linear(8 * (WINDOW - 4), 12), nn.Linear(12, 1)
        self.dropout = nn.Dropout(0.1)

    def forward(self, window):
        x = self.dropout(torch.relu(self.norm1(self.conv1(window))))
        x = self.dropout(torch.relu(self.norm2(self.conv2(x))))
        return self.last(torch.relu(self.hidden(torch.flatten(x, 1))))


def hourly_load(random):
    """Twenty weeks of a town's load: days, weekends, and weather that comes and goes."""
    hour = numpy.arange(HOURS)
    day = numpy.sin(2 * numpy.pi * (hour % 24 - 7) / 24) + 0.4 * numpy.sin(4 * numpy.pi * (hour % 24 - 4) / 24)
    weekend = (hour // 24 % 7 >= 5).astype(float)
    weather = numpy.zeros(HOURS)
    for i in range(1, HOURS):
        weather[i] = 0.98 * weather[i - 1] + 0.06 * random.standard_normal()
    load = day * (1 - 0.5 * weekend) - 0.6 * weekend + weather + 0.05 * random.standard_normal(HOURS)
    return numpy.round(load, 3).astype(numpy.float32)


def windows_of(series):
    count = len(series) - WINDOW - HORIZON + 1
    windows = numpy.stack([series[i:i + WINDOW] for i in range(count)])
    targets = numpy.stack([series[i + WINDOW + HORIZON - 1] for i in range(count)])
    return torch.from_numpy(windows).unsqueeze(1), torch.from_numpy(targets).unsqueeze(1)


def train(network, windows, targets):
    optimizer = torch.optim.AdamW(network.parameters(), lr=4e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(windows)).split(64):
            loss = nn.functional.smooth_l1_loss(network(windows[batch]), targets[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    return network.eval()


class NumRsFile:
    """A graph as NumRs writes one that it has traced, with weights as lists of bytes."""

    def __init__(self):
        self.nodes, self.initializers = [], []

    def weight(self, name, tensor):
        values = tensor.detach().numpy().astype("<f4")
        self.initializers.append(
            {"name": name, "dtype": 1, "shape": list(values.shape), "data": list(values.tobytes())})
        return name

    def node(self, op_type, inputs, output, **attributes):
        self.nodes.append({"name": f"node_{len(self.nodes)}_{output}", "op_type": op_type, "inputs": inputs,
                           "outputs": [output], "attributes": attributes})
        return output

    def text(self, input_name, input_shape, output):
        metadata = {"name": "exported_model", "version": 1, "author": "NumRs", "description": "Model created with NumRs",
                    "domain": "ai.numrs", "opset_version": 18, "producer_name": "NumRs", "producer_version": "0.1.23",
                    "metadata": {}}
        graph = {"name": "exported_model", "nodes": self.nodes,
                 "inputs": [{"name": input_name, "dtype": 1, "shape": input_shape, "data": []}], "outputs": [output],
                 "initializers": self.initializers}
        return json.dumps({"metadata": metadata, "graph": graph}, separators=(",", ":"))


def numrs_text(network):
    """The input's shape is that of the one window it was traced with: a hint, as in every file of NumRs."""
    file = NumRsFile()
    x = "window"
    for name, conv, norm in [("1", network.conv1, network.norm1), ("2", network.conv2, network.norm2)]:
        x = file.node("Conv", [x, file.weight(f"conv{name}.weight", conv.weight),
                               file.weight(f"conv{name}.bias", conv.bias)], f"conv{name}",
                      strides={"Ints": [1]}, pads={"Ints": [0, 0]}, kernel_shape={"Ints": [3]})
        parts = [("weight", norm.weight), ("bias", norm.bias), ("mean", norm.running_mean), ("var", norm.running_var)]
        x = file.node("BatchNormalization", [x] + [file.weight(f"norm{name}.{part}", value) for part, value in parts],
                      f"norm{name}", epsilon={"Float": norm.eps}, momentum={"Float": norm.momentum})
        x = file.node("Relu", [x], f"relu{name}")
        x = file.node("Dropout", [x], f"dropout{name}", ratio={"Float": network.dropout.p})
    x = file.node("Flatten", [x], "flat", axis={"Int": 1})
    for name, linear in [("hidden", network.hidden), ("forecast", network.last)]:
        turned = file.node("Transpose", [file.weight(f"{name}.weight", linear.weight)], f"{name}.turned",
                           perm={"Ints": [1, 0]})
        product = file.node("MatMul", [x, turned], f"{name}.product")
        biased = "forecast" if name == "forecast" else f"{name}.sum"
        x = file.node("Add", [product, file.weight(f"{name}.bias", linear.bias)], biased)
        if name == "hidden":
            x = file.node("Relu", [x], "hidden.relu")
    return file.text("window", [1, 1, WINDOW], x)


def lines_of(values, form):
    texts = [form % value for value in values]
    return ",\n    ".join(",".join(texts[i:i + 12]) for i in range(0, len(texts), 12))


def write_test_header(series, forecasts):
    (FOLDER / "forecast_test.h").write_text(f"""\
// Load by the hour that training never saw, and PyTorch's forecasts from each {WINDOW} hours of it. Written by train.py.
#ifndef FORECAST_TEST_H
#define FORECAST_TEST_H

#define FORECAST_WINDOW {WINDOW}
#define FORECAST_HORIZON {HORIZON}
#define FORECAST_COUNT {len(forecasts)}

static const float forecast_series[FORECAST_COUNT + FORECAST_WINDOW + FORECAST_HORIZON - 1] = {{
    {lines_of(series, "%.3ff")}}};

// In double precision, from the window that starts at the same place: the load FORECAST_HORIZON hours after its end.
static const float forecast_expected[FORECAST_COUNT] = {{
    {lines_of(forecasts, "%.8ff")}}};

#endif
""")


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    series = hourly_load(numpy.random.default_rng(1))
    held_out = series[-(TESTED + WINDOW + HORIZON - 1):]
    network = train(ForecastCNN(), *windows_of(series[:-len(held_out)]))
    windows, targets = windows_of(held_out)
    (FOLDER / "forecast.onnx.json").write_text(numrs_text(network))
    with torch.no_grad():
        forecasts = network.double()(windows.double())
    write_test_header(held_out, forecasts.flatten().tolist())
    error = (forecasts - targets).abs().mean().item()
    naive = (windows[:, 0, -1] - targets[:, 0]).abs().mean().item()
    size = (FOLDER / "forecast.onnx.json").stat().st_size
    print(f"mean error {error:.3f}; of the load a day before {naive:.3f}; forecast.onnx.json has {size} bytes")


if __name__ == "__main__":
    main()
