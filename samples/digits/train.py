#!/usr/bin/env python3
"""Trains the sample network on scikit-learn's bundled digits; writes digits.onnx and digits_test.h beside itself.

Needs Debian's python3-torch and python3-sklearn. One thread and fixed seeds: the same machine writes the same files.
"""

import pathlib

import numpy
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

FOLDER = pathlib.Path(__file__).resolve().parent
HELD_OUT = 360
EPOCHS = 60


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.dropout = nn.Dropout(0.3)
        self.classifier = nn.Linear(128, 10)

    def forward(self, image):
        x = nn.functional.max_pool2d(torch.relu(self.conv1(image)), 2)
        x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.classifier(self.dropout(torch.flatten(x, 1)))


def to_images(pixels):
    return torch.from_numpy((pixels / 16.0).astype(numpy.float32)).reshape(-1, 1, 8, 8)


def shifted(images):
    """Each image moved by up to one pixel in each direction."""
    padded = nn.functional.pad(images, (1, 1, 1, 1))
    rows, columns = torch.randint(0, 3, (2,)).tolist()
    return padded[:, :, rows:rows + 8, columns:columns + 8]


def train(network, images, labels):
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(images)).split(32):
            loss = nn.functional.cross_entropy(network(shifted(images[batch])), labels[batch], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    return network.eval()


def export(network):
    torch.onnx.export(
        network, torch.zeros(1, 1, 8, 8), str(FOLDER / "digits.onnx"), opset_version=17,
        input_names=["image"], output_names=["logits"],
        dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}})


def write_test_header(pixels, labels, correct):
    rows = ",\n".join("    {" + ",".join(str(int(p)) for p in image) + "}" for image in pixels)
    label_lines = [",".join(str(int(label)) for label in labels[i:i + 40]) for i in range(0, len(labels), 40)]
    digits = ",\n    ".join(label_lines)
    (FOLDER / "digits_test.h").write_text(f"""\
// The images that train.py held out: 8x8 pixels of 0 to 16, row by row, and the digits they show. Written by train.py.
#ifndef DIGITS_TEST_H
#define DIGITS_TEST_H

#define DIGITS_COUNT {len(pixels)}
// How many of them the trained network tells right in PyTorch.
#define DIGITS_CORRECT {correct}

static const unsigned char digits_images[DIGITS_COUNT][64] = {{
{rows}}};

static const unsigned char digits_labels[DIGITS_COUNT] = {{
    {digits}}};

#endif
""")


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    pixels, labels = load_digits(return_X_y=True)
    train_pixels, test_pixels, train_labels, test_labels = train_test_split(
        pixels, labels, test_size=HELD_OUT, random_state=1, stratify=labels)
    network = train(Digits(), to_images(train_pixels), torch.from_numpy(train_labels))
    with torch.no_grad():
        answers = network(to_images(test_pixels)).argmax(1).numpy()
    correct = int((answers == test_labels).sum())
    export(network)
    write_test_header(test_pixels, test_labels, correct)
    size = (FOLDER / "digits.onnx").stat().st_size
    print(f"{correct} of {HELD_OUT} held-out images right, digits.onnx has {size} bytes")


if __name__ == "__main__":
    main()
