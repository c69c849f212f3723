// Convolutions, pools, resizing and normalisations of images, of one to three spatial axes.
#include <algorithm>

#include "tests/fuzz/builder.h"

namespace onnxc::fuzz {
namespace {

using enum DType;

constexpr int64_t kMostProducts = 3'000'000;

int64_t channels(Builder& b) {
  return b.random().one_of<int64_t>({1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 24, 32, 33, 48});
}

Operand image(Builder& b, int low_rank = 3, int high_rank = 4) {
  if (b.random().chance(0.75)) {
    const auto found = b.existing([&](const Operand& v) {
      return v.type() == b.float_type() && v.rank() >= low_rank && v.rank() <= high_rank &&
             v.value.size() > 0;
    });
    if (found) return *found;
  }
  const int rank = static_cast<int>(b.random().between(low_rank, high_rank));
  Dims dims = {b.random().one_of<int64_t>({1, 1, 2, 3}), channels(b)};
  while (static_cast<int>(dims.size()) < rank)
    dims.push_back(b.random().one_of<int64_t>({1, 2, 3, 5, 7, 8, 9, 14, 17, 33}));
  while (element_count(dims) > 12000) *std::ranges::max_element(dims) /= 2;
  return b.fresh(b.float_type(), dims);
}

// Windows that fit the image: kernel, strides, dilations and pads.
struct Windows {
  Dims kernel, strides, dilations, pads;
};

Windows windows(Builder& b, const Operand& x, bool may_dilate, bool may_exceed) {
  Windows w;
  Dims after;
  const bool square = b.random().chance(0.6);
  const int64_t side = b.random().one_of<int64_t>({1, 2, 3, 3, 5});
  for (size_t k = 2; k < x.dims().size(); ++k) {
    const int64_t kernel = square ? side : b.random().one_of<int64_t>({1, 2, 3, 4, 5, 7});
    const int64_t dilation = may_dilate && b.random().chance(0.2) ? 2 : 1;
    const int64_t reach = (kernel - 1) * dilation + 1;
    const int64_t most = may_exceed ? 3 : kernel - 1;
    int64_t before = std::min(b.random().chance(0.5) ? kernel / 2 : b.random().between(0, 2), most);
    int64_t behind = b.random().chance(0.8) ? before : std::min(b.random().between(0, 2), most);
    if (x.dims()[k] + before + behind < reach) return {};
    w.kernel.push_back(kernel);
    w.strides.push_back(b.random().one_of<int64_t>({1, 1, 1, 2, 3}));
    w.dilations.push_back(dilation);
    w.pads.push_back(before);
    after.push_back(behind);
  }
  w.pads.insert(w.pads.end(), after.begin(), after.end());
  return w;
}

Attributes attributes_of(Builder& b, const Windows& w) {
  Attributes a = {{"kernel_shape", w.kernel}, {"strides", w.strides}};
  if (std::any_of(w.dilations.begin(), w.dilations.end(), [](int64_t d) { return d != 1; }))
    a["dilations"] = w.dilations;
  if (b.random().chance(0.15) && !a.count("dilations")) {
    a["auto_pad"] = std::string(b.random().one_of({"SAME_UPPER", "SAME_LOWER"}));
  } else {
    a["pads"] = w.pads;
  }
  return a;
}

int64_t random_groups(Builder& b, int64_t in) {
  if (b.random().chance(0.6)) return 1;
  if (b.random().chance(0.5)) return in;
  for (const int64_t g : {4, 3, 2}) {
    if (in % g == 0) return g;
  }
  return 1;
}

bool make_conv(Builder& b) {
  const Operand x = image(b, 3, b.random().chance(0.08) ? 5 : 4);
  const Windows w = windows(b, x, true, true);
  if (w.kernel.empty()) return false;
  const int64_t in = x.dims()[1], groups = random_groups(b, in);
  const int64_t out =
      groups == 1 ? channels(b) : groups * b.random().between(1, groups == in ? 2 : 9);
  Dims dims = {out, in / groups};
  dims.insert(dims.end(), w.kernel.begin(), w.kernel.end());
  if (x.value.size() / in * element_count(dims) > kMostProducts) return false;
  Attributes attributes = attributes_of(b, w);
  attributes["group"] = groups;
  std::vector<Operand> inputs = {x, b.fresh(x.type(), dims, b.fill(-1, 1))};
  if (b.random().chance(0.6)) inputs.push_back(b.fresh(x.type(), {out}));
  if (!b.add("Conv", inputs, attributes)) return false;
  if (b.random().chance(0.4))
    b.add(b.random().one_of({"Relu", "Sigmoid", "HardSwish"}), {b.results()[0]});
  return true;
}

bool make_conv_transpose(Builder& b) {
  const Operand x = image(b);
  const Windows w = windows(b, x, true, false);
  if (w.kernel.empty()) return false;
  const int64_t in = x.dims()[1], groups = random_groups(b, in);
  Dims dims = {in, groups == in ? 1 : b.random().between(1, 9)};
  dims.insert(dims.end(), w.kernel.begin(), w.kernel.end());
  if (x.value.size() / in * element_count(dims) > kMostProducts) return false;
  Attributes attributes = {{"kernel_shape", w.kernel},
                           {"strides", w.strides},
                           {"dilations", w.dilations},
                           {"group", groups}};
  Dims pads = w.pads;
  for (size_t k = 0; k < w.kernel.size(); ++k) {
    const size_t end = k + w.kernel.size();
    const int64_t size =
        (x.dims()[k + 2] - 1) * w.strides[k] + (w.kernel[k] - 1) * w.dilations[k] + 1;
    if (pads[k] + pads[end] >= size) pads[k] = pads[end] = 0;
  }
  attributes["pads"] = pads;
  if (b.random().chance(0.3)) {
    Dims more;
    for (const int64_t stride : w.strides) more.push_back(b.random().between(0, stride - 1));
    attributes["output_padding"] = more;
  }
  std::vector<Operand> inputs = {x, b.fresh(x.type(), dims, b.fill(-1, 1))};
  if (b.random().chance(0.5)) inputs.push_back(b.fresh(x.type(), {dims[1] * groups}));
  return b.add("ConvTranspose", inputs, attributes);
}

bool make_pool(Builder& b) {
  const std::string op = b.random().one_of({"MaxPool", "AveragePool", "LpPool"});
  const Operand x = image(b, 3, b.random().chance(0.08) ? 5 : 4);
  const Windows w = windows(b, x, true, false);
  if (w.kernel.empty() || x.has_nan()) return false;
  Attributes attributes = attributes_of(b, w);
  if (b.random().chance(0.25) && !attributes.count("auto_pad"))
    attributes["ceil_mode"] = int64_t{1};
  if (op == "AveragePool" && b.random().chance(0.5)) attributes["count_include_pad"] = int64_t{1};
  return b.add(op, {x}, attributes, op == "MaxPool" && b.random().chance(0.2) ? 2 : 1);
}

bool make_global_pool(Builder& b) {
  return b.add(b.random().one_of({"GlobalAveragePool", "GlobalMaxPool"}), {image(b)});
}

bool make_batch_normalization(Builder& b) {
  const Operand x = image(b, 2, 4);
  const Dims dims = {x.dims()[1]};
  const DType type = x.type();
  return b.add("BatchNormalization",
               {x, b.fresh(type, dims), b.fresh(type, dims), b.fresh(type, dims),
                b.fresh(type, dims, b.fill(0.5, 2))},
               {{"epsilon", 0.01F}});
}

bool make_instance_normalization(Builder& b) {
  const Operand x = image(b);
  const Dims dims = {x.dims()[1]};
  return b.add("InstanceNormalization", {x, b.fresh(x.type(), dims), b.fresh(x.type(), dims)},
               {{"epsilon", 0.01F}});
}

bool make_group_normalization(Builder& b) {
  const Operand x = image(b);
  const Dims dims = {x.dims()[1]};
  return b.add("GroupNormalization", {x, b.fresh(x.type(), dims), b.fresh(x.type(), dims)},
               {{"epsilon", 0.01F}, {"num_groups", random_groups(b, x.dims()[1])}});
}

bool make_lrn(Builder& b) {
  return b.add("LRN", {image(b)},
               {{"size", b.random().one_of<int64_t>({1, 3, 5})}, {"alpha", 0.5F}});
}

bool make_resize(Builder& b) {
  const Operand x = image(b);
  Dims sizes = x.dims();
  Tensor scales(kFloat, {static_cast<int64_t>(sizes.size())});
  for (size_t k = 0; k < sizes.size(); ++k) {
    double scale = k < 2 ? 1 : b.random().one_of({1.0, 2.0, 3.0, 0.5, 1.5});
    if (static_cast<double>(sizes[k]) * scale < 1) scale = 1;
    scales.set(static_cast<int64_t>(k), scale);
    sizes[k] = static_cast<int64_t>(static_cast<double>(sizes[k]) * scale);
  }
  const std::string mode = b.random().one_of({"nearest", "linear", "cubic"});
  Attributes attributes = {
      {"mode", mode},
      {"coordinate_transformation_mode",
       std::string(b.random().one_of(
           {"half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"}))}};
  if (mode == "nearest")
    attributes["nearest_mode"] = std::string(
        b.random().one_of({"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"}));
  const Operand none;
  if (b.random().chance(0.5)) return b.add("Resize", {x, none, b.constant(scales)}, attributes);
  return b.add("Resize", {x, none, none, b.constant(sizes)}, attributes);
}

// A block with its shortcut.
bool make_residual(Builder& b) {
  const Operand x = image(b, 4, 4);
  const int64_t in = x.dims()[1];
  if (x.value.size() * in * 9 > kMostProducts) return false;
  const Operand weight = b.fresh(x.type(), {in, in, 3, 3}, b.fill(-0.5, 0.5));
  return b.add("Conv", {x, weight}, {{"pads", std::vector<int64_t>{1, 1, 1, 1}}}) &&
         b.add("Add", {b.results()[0], x}) && b.add("Relu", {b.results()[0]});
}

}  // namespace

const std::vector<Maker>& image_makers() {
  static const std::vector<Maker> makers = {
      {"convolution", 6, make_conv},
      {"transposed convolution", 2, make_conv_transpose},
      {"pool", 3, make_pool},
      {"global pool", 1, make_global_pool},
      {"batch normalization", 1.5, make_batch_normalization},
      {"instance normalization", 1, make_instance_normalization},
      {"group normalization", 1, make_group_normalization},
      {"local normalization", 0.5, make_lrn},
      {"resize", 2, make_resize},
      {"residual block", 1, make_residual},
  };
  return makers;
}

}  // namespace onnxc::fuzz
