// Gives large products and convolutions to tiles that multiply bfloat16, on machines that have
// them. A float becomes two or three parts, which keep 16 or 24 bits of it.
//   y = matmul_packed (x, panels of w)   ->   y = matmul_amx (split_rows x, parts of w)
//   y = conv2d_direct (x, packed w)      ->   y = conv2d_amx (split_image x, parts of w)
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "compiler/passes/machine.h"
#include "compiler/passes/pass.h"

namespace onnxc {
namespace {

constexpr int64_t kDepth = 32;  // channels or rows in one step of a tile
constexpr int64_t kRowPadding = 16;
constexpr int64_t kBlock = Layout::kBlock;

// [..., parts, 2, 16, 16, 2] after `outer`: the parts of w for 32 steps by 32 columns. `element`
// is the weight at (step within 32, column within 32), zero where there is none.
Map parts_of_weights(Shape outer, int parts,
                     const std::function<E(const Dim& step, const Dim& column)>& element) {
  Map map;
  map.space = std::move(outer);
  const int first = static_cast<int>(map.space.size());
  for (int64_t extent : {int64_t{parts}, int64_t{2}, int64_t{16}, int64_t{16}, int64_t{2}})
    map.space.push_back(extent);
  const auto index = [&](int i) { return Dim::index(first + i, map.space[first + i]); };
  const E part = integer(index(0));
  E rest = element(index(2) * 2 + index(4), index(1) * 16 + index(3));
  std::vector<E> rounded;
  for (int k = 0; k < parts; ++k) {
    rounded.push_back(cast(DType::kBfloat16, rest));
    rest = rest - cast(DType::kFloat, rounded.back());
  }
  map.body = rounded.back();
  for (int k = parts - 2; k >= 0; --k)
    map.body = select(eq(part, integer(Dim(k))), rounded[k], map.body);
  return map;
}

// Errors of the first steps are multiplied by all that follow, so --precision fp32 keeps all bits
// there: in these shares of the convolutions and of the products that tiles take.
constexpr double kExactConvs = 0.3, kExactProducts = 0.4;

class Chooser {
 public:
  Chooser(Graph& graph, const Options& options)
      : graph_(graph),
        machine_(find_machine(options.march)),
        strict_(options.precision == Precision::kStrict) {}

  bool run() {
    if (!machine_.amx) return false;
    std::vector<Node*> candidates;
    for (const auto& n : graph_.nodes()) {
      if (pays(*n, strict_ ? 3 : 2)) candidates.push_back(n.get());
    }
    const auto convs = std::count_if(candidates.begin(), candidates.end(),
                                     [](const Node* n) { return n->as<Conv>() != nullptr; });
    double exact_convs = kExactConvs * static_cast<double>(convs);
    double exact_products =
        kExactProducts * (static_cast<double>(candidates.size()) - static_cast<double>(convs));
    bool changed = false;
    for (Node* candidate : candidates) {
      Node& node = *candidate;
      double& exact = node.as<Conv>() ? exact_convs : exact_products;
      parts_ = strict_ || exact >= 1 ? 3 : 2;
      exact -= 1;
      if (!pays(node, parts_)) continue;
      changed = true;
      node.as<MatMul>() ? choose_matmul(node) : choose_conv(node);
    }
    return changed;
  }

 private:
  // Parts of p parts take p * (p + 1) / 2 products; the table is for two parts.
  double tile_product(int parts) const { return machine_.tile_product * (parts == 3 ? 2 : 1); }
  double writing(double bytes) const {
    return bytes * (bytes > machine_.cache_bytes / 2 ? machine_.stored_byte : machine_.cached_byte);
  }
  static double padded(int64_t size, int64_t multiple) {
    return static_cast<double>((size + multiple - 1) / multiple * multiple);
  }

  bool pays(const Node& node, int parts) const {
    if (const MatMul* product = node.as<MatMul>()) return pays(*product, node, parts);
    if (const Conv* conv = node.as<Conv>()) return pays(*conv, node, parts);
    return false;
  }

  bool pays(const MatMul& product, const Node& node, int parts) const {
    if (product.method != "matmul_packed" || !node.inputs[1]->is_constant()) return false;
    constexpr int64_t kFewRows = 4, kSmallProduct = 100000, kManyRows = 128;
    const int64_t n = product.n.value(), k = product.k.value();
    const int64_t m = std::min(product.m.range().max, kManyRows);
    if (m < kFewRows || m * n * k < kSmallProduct) return false;
    const double tiles = padded(m, 16) * padded(n, 16) * padded(k, kDepth) * tile_product(parts);
    const double split = writing(padded(m, 16) * padded(k, kDepth) * 2 * parts);
    return tiles + split < static_cast<double>(m * n * k) * machine_.vector_product;
  }

  bool pays(const Conv& conv, const Node& node, int parts) const {
    if (conv.method != "conv2d_direct" || conv.groups != 1 || !node.inputs[1]->is_constant())
      return false;
    const Shape &x = node.inputs[0]->shape, &y = node.output()->shape;
    const int64_t in = conv.in_channels, out = node.output()->layout.channels.value();
    int64_t taps = 1, pixels = 1, in_pixels = 1;
    for (int64_t k : conv.kernel) taps *= k;
    for (size_t i = 2; i + 1 < y.size(); ++i) pixels *= y[i].value(), in_pixels *= x[i].value();
    constexpr double kSmallConv = 300000;
    const double macs = static_cast<double>(in * out) * static_cast<double>(taps * pixels);
    if (macs < kSmallConv || (taps == 1 && is_padded(conv))) return false;
    const double tiles = padded(in, kDepth) * padded(out, kBlock) * static_cast<double>(taps) *
                         padded(pixels, 16) * tile_product(parts);
    const double stores = writing(padded(out, kBlock) * static_cast<double>(pixels) * 4);
    const double split_pixels = static_cast<double>(taps == 1 ? pixels : in_pixels);
    const double split = writing(padded(in, kDepth) * split_pixels * 2 * parts);
    return std::max(tiles, stores) + split < std::max(macs * machine_.vector_product, stores);
  }

  void choose_matmul(Node& node) {
    const MatMul& product = *node.as<MatMul>();
    MatMul chosen = product;
    chosen.method = "matmul_amx";
    chosen.parts = parts_;
    chosen.a = chosen.b = {};
    constexpr int64_t kStepsAtOnce = 24;
    if (product.k.value() > kStepsAtOnce * kDepth)
      chosen.scratch_bytes =
          ceil_div(product.m, kRowPadding) * kRowPadding * ceil_div(product.n, kDepth) * kDepth * 4;
    std::vector<Value*> inputs = node.inputs;
    inputs[0] = split_rows(*node.inputs[0], product, node);
    inputs[1] = matmul_weights(*node.inputs[1], product, node);
    replace(node, std::move(chosen), std::move(inputs));
  }

  // [K/32][rows][parts][32]
  Value* split_rows(Value& a, const MatMul& product, const Node& before) {
    const std::string key = fmt::format("{}: {}, {}, {}x{}", parts_, product.a.offset.text(),
                                        product.a.row.text(), product.m.text(), product.k.text());
    auto [it, fresh] = splits_.try_emplace({&a, key});
    if (!fresh) return it->second;
    const Dim rows = ceil_div(product.m, kRowPadding);
    KernelCall call;
    call.kernel = "split_rows<" + std::to_string(parts_) + ">";
    call.header = "templates/cpu/bf16_parts.h";
    call.arguments = {KernelCall::Input{0},  product.a.offset, product.a.row,
                      KernelCall::Output{0}, product.m,        product.k,
                      KernelCall::Threads{}};
    const Shape shape{ceil_div(product.k, kDepth), rows * kRowPadding, parts_, kDepth};
    it->second = add_split(std::move(call), a, shape, before);
    return it->second;
  }

  Value* add_split(KernelCall call, Value& of, const Shape& shape, const Node& before) {
    return graph_
        .add_node(std::move(call), {&of},
                  {{graph_.fresh_name(of.name + "/parts"), DType::kBfloat16, shape}},
                  before.origins, &before)
        ->output();
  }

  // [N/16][K][16] to [N/32][K/32][parts][2][16][16][2].
  Value* matmul_weights(Value& panels, const MatMul& product, const Node& before) {
    const Dim steps = ceil_div(product.k, kDepth);
    const Shape outer{ceil_div(product.n, kDepth), steps};
    Map map = parts_of_weights(outer, parts_, [&](const Dim& step, const Dim& column) {
      const Dim k = Dim::index(1, steps) * kDepth + step;
      const Dim panel = Dim::index(0, outer[0]) * 2 + floor_div(column, kBlock);
      const E weight = load(0, DType::kFloat, {panel, k, floor_mod(column, kBlock)});
      return select(integer(k) < integer(product.k) && integer(panel) < integer(panels.shape[0]),
                    weight, 0.0);
    });
    return graph_.add_map(std::move(map), {&panels}, panels.name + "/parts", before.origins,
                          &before);
  }

  void choose_conv(Node& node) {
    const Conv& conv = *node.as<Conv>();
    Conv chosen = conv;
    chosen.method = "conv2d_amx";
    chosen.split = halo_of(conv, node.inputs[0]->shape, node.output()->shape);
    std::vector<Value*> inputs = node.inputs;
    inputs[0] = split_image(*node.inputs[0], conv, chosen.split, node);
    inputs[1] = conv_weights(*node.inputs[1], conv, node);
    if (is_single(conv)) std::fill(chosen.strides.begin(), chosen.strides.end(), 1);
    replace(node, std::move(chosen), std::move(inputs));
  }

  static bool is_single(const Conv& conv) {
    return std::all_of(conv.kernel.begin(), conv.kernel.end(), [](int64_t k) { return k == 1; });
  }

  static bool is_padded(const Conv& conv) {
    const auto some = [](int64_t pad) { return pad != 0; };
    return std::any_of(conv.pads_begin.begin(), conv.pads_begin.end(), some) ||
           std::any_of(conv.pads_end.begin(), conv.pads_end.end(), some);
  }

  // Pixels that a single tap skips are left out of the image that is split.
  Conv::SplitImage halo_of(const Conv& conv, const Shape& x, const Shape& y) const {
    Conv::SplitImage image;
    image.parts = parts_;
    const bool planar = conv.kernel.size() == 2;
    const Shape& kept = is_single(conv) ? y : x;
    image.height = planar ? kept[2].value() : 1;
    image.width = kept[planar ? 3 : 2].value();
    if (is_single(conv)) return image;
    // Zeros that the window reaches before the first and after the last pixel.
    const auto reach = [&](size_t axis) {
      const int64_t last = (y[2 + axis].value() - 1) * conv.strides[axis] - conv.pads_begin[axis] +
                           (conv.kernel[axis] - 1) * conv.dilations[axis];
      return std::max<int64_t>(0, last - (x[2 + axis].value() - 1));
    };
    const size_t across = planar ? 1 : 0;
    if (planar) image.top = conv.pads_begin[0], image.bottom = reach(0);
    image.beside = std::max(conv.pads_begin[across], reach(across));
    return image;
  }

  // [N][C/32][pixels][parts][32]
  Value* split_image(Value& x, const Conv& conv, const Conv::SplitImage& image,
                     const Node& before) {
    const bool planar = conv.kernel.size() == 2;
    const int64_t step_y = is_single(conv) && planar ? conv.strides[0] : 1;
    const int64_t step_x = is_single(conv) ? conv.strides.back() : 1;
    const std::string halo = fmt::format("HaloImage{{{}, {}, {}, {}, {}}}", image.height,
                                         image.width, image.top, image.bottom, image.beside);
    const std::string key = fmt::format("{}: {} by {}x{}", parts_, halo, step_y, step_x);
    auto [it, fresh] = splits_.try_emplace({&x, key});
    if (!fresh) return it->second;
    const int64_t planes = (conv.in_channels + kDepth - 1) / kDepth;
    const int64_t height = planar ? x.shape[2].value() : 1;
    const int64_t width = x.shape[planar ? 3 : 2].value();
    KernelCall call;
    call.kernel = "split_image<" + std::to_string(parts_) + ">";
    call.header = "templates/cpu/bf16_parts.h";
    call.arguments = {
        KernelCall::Input{0},
        x.shape[0],
        KernelCall::Code{fmt::format("BlockedImage{{size_t({}), size_t({}), size_t({})}}",
                                     conv.in_channels, height, width)},
        KernelCall::Code{fmt::format("Extent{{size_t({}), size_t({})}}", step_y, step_x)},
        KernelCall::Code{halo},
        KernelCall::Output{0},
        KernelCall::Threads{}};
    it->second =
        add_split(std::move(call), x, {x.shape[0], planes, image.pixels(), parts_, kDepth}, before);
    return it->second;
  }

  // [O/16][C/16][taps][16][16] to [O/32][taps][C/32][parts][2][16][16][2].
  Value* conv_weights(Value& w, const Conv& conv, const Node& before) {
    const size_t axes = conv.kernel.size();
    const Dim out_blocks = w.shape[0], in_blocks = w.shape[1];
    Shape outer{ceil_div(out_blocks, 2)};
    for (int64_t k : conv.kernel) outer.push_back(k);
    outer.push_back(ceil_div(in_blocks, 2));
    const int plane = static_cast<int>(outer.size()) - 1;
    Map map = parts_of_weights(outer, parts_, [&](const Dim& step, const Dim& column) {
      const Dim o = Dim::index(0, outer[0]) * 2 + floor_div(column, kBlock);
      const Dim i = Dim::index(plane, outer.back()) * 2 + floor_div(step, kBlock);
      std::vector<Dim> index{o, i};
      for (size_t t = 0; t < axes; ++t)
        index.push_back(Dim::index(static_cast<int>(t) + 1, outer[t + 1]));
      index.push_back(floor_mod(step, kBlock));
      index.push_back(floor_mod(column, kBlock));
      return select(integer(o) < integer(out_blocks) && integer(i) < integer(in_blocks),
                    load(0, DType::kFloat, index), 0.0);
    });
    return graph_.add_map(std::move(map), {&w}, w.name + "/parts", before.origins, &before);
  }

  template <class Op>
  void replace(Node& node, Op op, std::vector<Value*> inputs) {
    Value* result = node.output();
    Node* chosen =
        graph_.add_node(std::move(op), std::move(inputs),
                        {{result->name, result->type, result->shape}}, node.origins, &node);
    chosen->output()->layout = result->layout;
    graph_.replace_uses(result, chosen->output());
    graph_.take_name(chosen->output(), result);
    graph_.erase(&node);
    graph_.compact_inputs(chosen);
  }

  Graph& graph_;
  const Machine& machine_;
  bool strict_;
  int parts_ = 2;  // of the step being changed
  std::map<std::pair<Value*, std::string>, Value*> splits_;
};

}  // namespace

bool choose_amx_method(Graph& graph, const Options& options) {
  return Chooser(graph, options).run();
}

}  // namespace onnxc
