#!/usr/bin/env python3
"""Compares onnxc with ONNX Runtime on folders in ONNX's layout, and prints tables in Markdown: time, memory, compilation
and the convolutions' share of the FMA peak. README.md beside it says how to get all that it needs."""

import argparse
import json
import math
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=pathlib.Path, help="networks, or folders of networks")
    parser.add_argument("--onnxc", type=pathlib.Path, default=ROOT / "build" / "onnxc")
    parser.add_argument("--onnxruntime", metavar="LIBRARY", help="libonnxruntime.so.1; without it its columns are empty")
    parser.add_argument("--via", default="g++", help="compiler of the emitted source (default g++, with -O2 alone)")
    parser.add_argument("--march", default="native", help="instruction set of onnxc's program (default native)")
    parser.add_argument("--rounds", type=int, default=5, help="how often the programs take turns (default 5)")
    parser.add_argument("--seconds", type=float, default=1, help="measured in each turn (default 1)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--skip-peak", action="store_true", help="leaves out the convolutions' share of the FMA peak")
    return parser.parse_args()


def networks_in(folders):
    found = []
    for folder in folders:
        if (folder / "model.onnx").exists():
            found.append(folder)
        else:
            found += sorted(model.parent for model in folder.glob("*/model.onnx"))
    if not found:
        sys.exit("compare.py: no model.onnx in " + ", ".join(map(str, folders)))
    return found


def output_of(*command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {(result.stderr or result.stdout).strip()[:300]}")
    return result.stdout


def cost_of(*command):
    """Seconds and peak megabytes of a command with all that it starts."""
    start = time.monotonic()
    child = os.spawnvp(os.P_NOWAIT, str(command[0]), [str(word) for word in command])
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} failed")
    return time.monotonic() - start, usage.ru_maxrss / 1024


def fields(message):
    """The fields of a protobuf message as (number, value): whole numbers and bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            size = varint() if key & 7 == 2 else {1: 8, 5: 4}[key & 7]
            yield key >> 3, message[at:at + size]
            at += size


def sizes_of(folder, onnxc):
    """--dim options that fix the model's named sizes to those of its recorded inputs."""
    inspected = json.loads(output_of(onnxc, "inspect", folder / "model.onnx", "--json"))
    options = {}
    for number, value in enumerate(inspected["inputs"]):
        recorded = folder / "test_data_set_0" / f"input_{number}.pb"
        shape = [value for field, value in fields(recorded.read_bytes()) if field == 1]
        options.update({name: size for name, size in zip(value["shape"], shape) if isinstance(name, str)})
    return [word for name, size in options.items() for word in ("--dim", f"{name}={size}")]


def measure_times(folder, options, bench):
    """Medians of both programs in turns: [(onnxruntime or None, onnxc)], and onnxc's last report."""
    turns, report = [], {}
    for _ in range(options.rounds):
        other = None
        if bench:
            other = json.loads(output_of(bench, options.onnxruntime, folder, options.threads, options.seconds))
        report = json.loads(output_of(options.onnxc, "bench", folder, "--json", "--via", options.via, "--march",
                                      options.march, "--seconds", options.seconds, "--threads", options.threads))
        turns.append((other and other["median_ms"], report["median_ms"]))
    return turns, report


def geometric_mean(values):
    return math.exp(statistics.fmean(math.log(value) for value in values)) if values else float("nan")


def table(title, header, rows):
    print(f"\n{title}\n\n| " + " | ".join(header) + " |\n|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    sys.stdout.flush()


def compare_times(folders, options, bench):
    rows, ratios, memory, shares = [], [], [], []
    for folder in folders:
        turns, report = measure_times(folder, options, bench)
        ours = statistics.median(own for _, own in turns)
        row = [folder.name, "", f"{ours:.4g}", "", ""]
        if bench:
            turn_ratios = sorted(other / own for other, own in turns)
            ratio = statistics.median(turn_ratios)
            ratios.append(ratio)
            row[1] = f"{statistics.median(other for other, _ in turns):.4g}"
            row[3:] = [f"{ratio:.2f}", f"{turn_ratios[0]:.2f}-{turn_ratios[-1]:.2f}"]
        rows.append(row)
        inspected = json.loads(output_of(options.onnxc, "inspect", folder / "model.onnx", "--json", "--march",
                                         options.march, *sizes_of(folder, options.onnxc)))
        live = int(inspected["live_bytes"])
        workspace = int(report["workspace_bytes"])
        share = workspace / live if live else 1.0
        shares.append(share)
        memory.append([folder.name, str(workspace), str(live), f"{share:.3f}"])
    if ratios:
        rows.append(["geometric mean", "", "", f"{geometric_mean(ratios):.2f}", ""])
    memory.append(["geometric mean", "", "", f"{geometric_mean(shares):.3f}"])
    table("Time of one run", ["network", "ONNX Runtime, ms", "onnxc, ms", "ratio", "ratios of the turns"], rows)
    table("Workspace", ["network", "workspace, bytes", "live-set bound, bytes", "ratio"], memory)


def compare_compilation(folders, options, work):
    rows = []
    for folder in folders:
        source = work / "net.cpp"
        seconds, megabytes = cost_of(options.onnxc, folder / "model.onnx", "-o", source)
        model = sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) / 1e6
        built, built_megabytes = cost_of(options.via if options.via != "clang" else "g++", "-std=c++17", "-O2", "-c", source,
                                         "-o", work / "net.o")
        rows.append([folder.name, f"{model:.1f}", f"{seconds:.2f}", f"{megabytes:.0f}",
                     f"{source.stat().st_size / 1e6:.2f}", f"{built:.1f}", f"{built_megabytes:.0f}"])
    table("Compilation", ["network", "model, MB", "onnxc, s", "onnxc, peak MB", ".cpp, MB", "g++ -O2, s", "g++, peak MB"], rows)


def peak_shares(work):
    """The convolution kernels on resnet50's layers beside the FMA peak of the same moments."""
    flags = pathlib.Path("/proc/cpuinfo").read_text().split("flags", 1)[-1].split("\n", 1)[0].split()
    wide = all(flag in flags for flag in ("avx512f", "avx512vl", "avx512bw", "avx512dq"))
    if not wide and not {"avx2", "fma"} <= set(flags):
        print("\nShare of the FMA peak: left out, this machine has neither AVX-512 nor AVX2")
        return
    program = work / "kernels"
    output_of("g++", "-std=c++17", "-O2", f"-I{ROOT}", f"-DONNXC_LANES={16 if wide else 8}",
              ROOT / "tests" / "benchmark" / "kernels.cc", "-o", program)
    best = {}
    for _ in range(3):
        for line in output_of(program, "resnet50").splitlines():
            match = re.match(r"(resnet50 (?:first )?(\S+ \S+ \S+)) +\S+ us +(\S+) GFLOP/s +(\d+) % of +(\S+)", line)
            if match:
                share = float(match[3]) / float(match[5])
                best.setdefault(match[1][9:], []).append((share, float(match[3]), float(match[5])))
    middle = {layer: sorted(values)[len(values) // 2] for layer, values in best.items()}
    rows = [[layer, f"{speed:.0f}", f"{peak:.0f}", f"{100 * share:.0f} %"] for layer, (share, speed, peak) in middle.items()]
    for kernel in ("3x3", "1x1"):
        shares = [value[0] for layer, value in middle.items() if layer.startswith(kernel)]
        rows.append([f"{kernel}, geometric mean", "", "", f"{100 * geometric_mean(shares):.0f} %"])
    table(f"Convolutions of resnet50 ({16 if wide else 8} lanes, medians of three)",
          ["layer", "GFLOP/s", "FMA peak, GFLOP/s", "share"], rows)


def compare(options, work):
    folders, bench, other = networks_in(options.folders), None, "ONNX Runtime not given"
    if options.onnxruntime:
        bench = work / "onnxruntime_bench"
        output_of("g++", "-std=c++17", "-O2", f"-I{ROOT}", ROOT / "tests" / "benchmark" / "onnxruntime_bench.cc", "-o", bench,
                  "-ldl")
        other = "ONNX Runtime " + json.loads(output_of(bench, options.onnxruntime, folders[0], 1, 0))["version"]
    print(output_of(options.onnxc, "--version").strip() + f", {options.threads} thread(s), --via {options.via}, --march {options.march}, "
          f"{options.rounds} turns of {options.seconds:g} s; {other}")
    compare_times(folders, options, bench)
    compare_compilation(folders, options, work)
    if not options.skip_peak:
        peak_shares(work)


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as work:
        try:
            compare(options, pathlib.Path(work))
        except RuntimeError as error:
            sys.exit(f"compare.py: {error}")


if __name__ == "__main__":
    main()
