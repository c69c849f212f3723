// Preparing features and naming results: the small operators of ai.onnx.ml.
#include <algorithm>
#include <string>

#include "compiler/ops/ml_scores.h"
#include "compiler/ops/normalization.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

// Columns of the last axis in the order of input 1.
void array_feature_extractor(Lowering& x) {
  Value *data = x.input(0), *columns = x.input(1);
  Shape space = data->shape;
  if (space.empty()) throw x.error("input 0 is a scalar");
  const Dim width = space.back();
  if (space.size() == 1) space.insert(space.begin(), Dim(1));
  space.back() = product(columns->shape);
  Value* list = x.reshape(columns, {space.back()});
  MapBuilder map(x, space);
  std::vector<Dim> at = identity_index(space);
  const Dim column =
      map.load_index(list, {at.back()}, {0, std::max<int64_t>(0, width.range().max - 1)});
  at.back() = column;
  if (data->shape.size() == 1) at.erase(at.begin());
  x.output(0, map.build(map.load_raw(data, at), data->type));
}

void binarizer(Lowering& x) {
  const double threshold = x.attribute_float("threshold", 0);
  MapBuilder map(x, x.shape(0));
  const E v = map.load(x.input(0));
  x.output(0, map.build(select(v > threshold, constant(v.type(), 1), 0.0), x.type(0)));
}

void normalizer(Lowering& x) {
  Value* v = x.cast_to(x.input(0), DType::kFloat);
  const std::string norm = x.attribute_string("norm", "MAX");
  const int last = x.rank(0) - 1;
  Value* size = nullptr;
  if (norm == "MAX") {
    size = x.reduce(Reduction::kMax, v, {last}, true, nullptr, nullptr, "norm");
  } else if (norm == "L1" || norm == "L2") {
    const bool squares = norm == "L2";
    size = x.reduce(
        Reduction::kSum, v, {last}, true, [&](E e) { return squares ? e * e : abs(e); },
        [&](E sum) { return squares ? sqrt(sum) : sum; }, "norm");
  } else {
    throw x.error("norm \"{}\" is none of MAX, L1 and L2", norm);
  }
  MapBuilder map(x, v->shape);
  const E e = map.load(v), n = map.load(size);
  x.output(0, map.build(select(eq(n, constant(DType::kFloat, 0)), e, e / n), DType::kFloat));
}

// The value of a list attribute for the last axis: one for all, or one a column.
E column_value(Lowering& x, MapBuilder& map, const std::string& name, double fallback) {
  const std::vector<float> values = x.attribute_floats(name, {});
  if (values.empty()) return constant(DType::kFloat, fallback);
  if (values.size() == 1) return constant(DType::kFloat, values[0]);
  const Dim& width = x.shape(0).back();
  if (proves_ne(width, static_cast<int64_t>(values.size()))) {
    throw x.error("{} has {} entries for {} columns", name, values.size(), width.text());
  }
  Value* table = float_constant(x, name, DType::kFloat, static_cast<int64_t>(values.size()));
  return map.load(table, {map.index(map.rank() - 1)});
}

void scaler(Lowering& x) {
  MapBuilder map(x, x.shape(0));
  const E v = cast(DType::kFloat, map.load(x.input(0)));
  x.output(0, map.build((v - column_value(x, map, "offset", 0)) * column_value(x, map, "scale", 1),
                        DType::kFloat));
}

void imputer(Lowering& x) {
  MapBuilder map(x, x.shape(0));
  const E v = map.load(x.input(0));
  if (!is_float(v.type())) {
    const std::vector<int64_t> fill = x.attribute_ints("imputed_value_int64s", {});
    if (fill.size() != 1) throw x.error("imputed_value_int64s must have one entry");
    const E replaced = constant_integer(v.type(), x.attribute_int("replaced_value_int64", 0));
    x.output(0,
             map.build(select(eq(v, replaced), constant_integer(v.type(), fill[0]), v), x.type(0)));
    return;
  }
  const double replaced = x.attribute_float("replaced_value_float", 0);
  const E hit =
      replaced != replaced ? call(ScalarOp::kIsNan, {v}) : eq(v, constant(v.type(), replaced));
  const E fill = cast(v.type(), column_value(x, map, "imputed_value_floats", 0));
  x.output(0, map.build(select(hit, fill, v), x.type(0)));
}

// Rows of several inputs side by side, as floats.
void feature_vectorizer(Lowering& x) {
  std::vector<Value*> parts;
  Dim width = 0;
  for (size_t i = 0; i < x.input_count(); ++i) {
    parts.push_back(x.cast_to(feature_rows(x, i), DType::kFloat));
    width = width + parts.back()->shape[1];
  }
  x.output(0, x.add(Concat{1}, parts, DType::kFloat, {parts.at(0)->shape[0], width}));
}

Tensor table_attribute(const Lowering& x, const std::string& stem) {
  if (const Tensor* t = x.attribute_tensor(stem + "_tensor")) {
    return t->type() == DType::kString ? *t : t->reshaped({t->size()});
  }
  const std::vector<int64_t> integers = x.attribute_ints(stem + "_int64s", {});
  if (!integers.empty()) return Tensor::of_int64(integers);
  const std::vector<float> floats = x.attribute_floats(stem + "_floats", {});
  if (!floats.empty()) {
    return Tensor::of(DType::kFloat, {static_cast<int64_t>(floats.size())}, floats);
  }
  return class_labels(x, {}, stem + "_strings");
}

Tensor default_value(const Lowering& x, DType type) {
  if (const Tensor* t = x.attribute_tensor("default_tensor")) {
    return type == DType::kString ? *t : t->reshaped({1});
  }
  if (type == DType::kString) {
    return Tensor::of_strings({1}, {x.attribute_string("default_string", "_Unused")});
  }
  Tensor t(type, {1});
  if (is_float(type)) {
    t.set(0, x.attribute_float("default_float", -0.0f));
  } else {
    t.set_int64(0, x.attribute_int("default_int64", -1));
  }
  return t;
}

// The value whose key equals the element; the first of equal keys counts.
Value* looked_up(Lowering& x, const Tensor& keys, const Tensor& values, const Tensor& fallback) {
  if (keys.size() != values.size()) {
    throw x.error("there are {} keys and {} values", keys.size(), values.size());
  }
  Value* key_table = x.constant_value(keys, "keys");
  Value* value_table = x.constant_value(values, "values");
  Value* other = x.constant_value(fallback, "default");
  if (keys.type() != x.type(0)) {
    throw x.error("keys are {}, the input is {}", name(keys.type()), name(x.type(0)));
  }
  MapBuilder search(x, x.shape(0), {keys.size()});
  const Dim key = search.index(search.rank());
  const E element = search.load(x.input(0), identity_index(x.shape(0)));
  const E candidate = search.load(key_table, {key});
  E hit = eq(element, candidate);
  if (is_float(element.type())) {
    hit = hit || (call(ScalarOp::kIsNan, {element}) && call(ScalarOp::kIsNan, {candidate}));
  }
  Value* position =
      search.build_reduction(Reduction::kMin, select(hit, integer(key), integer(keys.size())),
                             nullptr, DType::kInt64, "position");
  MapBuilder map(x, x.shape(0));
  const E found = map.load(position, identity_index(x.shape(0)));
  const Dim at = as_index(found, {0, keys.size() - 1});
  return map.build(select(found < integer(keys.size()), map.load_raw(value_table, {at}),
                          map.load_raw(other, {0})),
                   values.type());
}

void label_encoder(Lowering& x) {
  if (x.opset() < 2) {
    const Tensor strings = class_labels(x, {}, "classes_strings");
    std::vector<int64_t> numbers;
    for (int64_t i = 0; i < strings.size(); ++i) numbers.push_back(i);
    const Tensor positions = Tensor::of_int64(numbers);
    const bool from_strings = x.type(0) == DType::kString;
    const Tensor fallback = default_value(x, from_strings ? DType::kInt64 : DType::kString);
    x.output(0, looked_up(x, from_strings ? strings : positions, from_strings ? positions : strings,
                          fallback));
    return;
  }
  const Tensor values = table_attribute(x, "values");
  x.output(0, looked_up(x, table_attribute(x, "keys"), values, default_value(x, values.type())));
}

void category_mapper(Lowering& x) {
  const Tensor numbers = Tensor::of_int64(x.attribute_ints("cats_int64s", {}));
  const Tensor strings = class_labels(x, {}, "cats_strings");
  const bool from_strings = x.type(0) == DType::kString;
  const Tensor fallback = default_value(x, from_strings ? DType::kInt64 : DType::kString);
  x.output(0, looked_up(x, from_strings ? strings : numbers, from_strings ? numbers : strings,
                        fallback));
}

void one_hot_encoder(Lowering& x) {
  Value* input = x.input(0);
  const Tensor categories = class_labels(x, {"cats_int64s"}, "cats_strings");
  if (input->type != DType::kString) input = x.cast_to(input, DType::kInt64);
  if (input->type != categories.type()) {
    throw x.error("categories are {}, the input is {}", name(categories.type()), name(x.type(0)));
  }
  Value* table = x.constant_value(categories, "categories");
  Shape space = x.shape(0);
  space.push_back(categories.size());
  MapBuilder map(x, space);
  const E hit =
      eq(map.load(input, identity_index(x.shape(0))), map.load(table, {map.index(map.rank() - 1)}));
  x.output(0, map.build(select(hit, constant(DType::kFloat, 1), 0.0), DType::kFloat));
}

// The probabilities themselves, one column a class in the order of the class labels.
void zip_map(Lowering& x) { x.output(0, x.input(0)); }

}  // namespace

OPS_TABLE(ml_features){
    {"ArrayFeatureExtractor", 1, "any", array_feature_extractor, "", "ai.onnx.ml"},
    {"Binarizer", 1, "numbers", binarizer, "", "ai.onnx.ml"},
    {"CategoryMapper", 1, "int64, strings", category_mapper, "", "ai.onnx.ml"},
    {"FeatureVectorizer", 1, "numbers", feature_vectorizer, "", "ai.onnx.ml"},
    {"Imputer", 1, "float, int64", imputer, "", "ai.onnx.ml"},
    {"LabelEncoder", 1, "numbers, strings", label_encoder, "", "ai.onnx.ml"},
    {"Normalizer", 1, "numbers", normalizer, "", "ai.onnx.ml"},
    {"OneHotEncoder", 1, "numbers, strings", one_hot_encoder, "", "ai.onnx.ml"},
    {"Scaler", 1, "numbers", scaler, "", "ai.onnx.ml"},
    {"ZipMap", 1, "float", zip_map, "gives a tensor, one column a class", "ai.onnx.ml"},
};
OPS_END(ml_features)

}  // namespace onnxc
