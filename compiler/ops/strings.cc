// Operators on strings.
#include "compiler/ops/strings.h"

#include <algorithm>

#include "compiler/ops/op.h"
#include "compiler/ops/regex.h"

namespace onnxc {
namespace {

constexpr const char* kHeader = "templates/cpu/text.h";

void require_strings(Lowering& x, size_t i) {
  if (x.type(i) != DType::kString)
    throw x.error("input {} is {}, expected string", i, name(x.type(i)));
}

void string_concat(Lowering& x) {
  require_strings(x, 0);
  require_strings(x, 1);
  const Shape shape = x.broadcast_shape(x.shape(0), x.shape(1));
  const Dim count = product(shape), room = count * kStringRoom;
  KernelStep step(x, "string_concat", kHeader, {});
  step.input(x.broadcast(x.input(0), shape)).input(x.broadcast(x.input(1), shape));
  string_bytes(step.output(0, DType::kString, shape), room)
      .size(count)
      .size(room)
      .result(x.fresh_symbol("text_status", 0, 0))
      .build();
}

// How many parts a text has at most: as declared, by the number of splits, or 64.
int64_t widest_split(Lowering& x, int64_t limit) {
  const auto declared = x.declared_shape(0);
  if (declared && !declared->empty() && declared->back().is_constant())
    return declared->back().value();
  return limit < 64 ? limit + 1 : 64;
}

void string_split(Lowering& x) {
  require_strings(x, 0);
  constexpr int64_t kNoLimit = int64_t{1} << 40;
  const int64_t limit = x.attribute_int("maxsplit", kNoLimit);
  const int64_t widest = widest_split(x, limit);
  const SymbolRef width = x.fresh_symbol("parts", 0, widest);
  Shape rows = x.shape(0);
  rows.emplace_back(width);
  KernelStep step(x, "string_split", kHeader, {});
  const Tensor delimiter = Tensor::of_strings({1}, {x.attribute_string("delimiter", "")});
  step.input(x.input(0)).input(x.constant_value(delimiter, "delimiter"));
  step.output(0, DType::kString, rows);
  if (x.wants_output(1)) {
    step.output(1, DType::kInt64, x.shape(0));
  } else {
    step.temporary("counts", DType::kInt64, x.shape(0));
  }
  step.size(product(x.shape(0))).size(limit).size(widest).result(width).build();
}

void string_normalizer(Lowering& x) {
  require_strings(x, 0);
  Shape shape = x.shape(0);
  if (shape.empty() || shape.size() > 2 || (shape.size() == 2 && !shape[0].is(1)))
    throw x.error("the input has shape {}, expected [C] or [1,C]", text(shape));
  const std::string change = x.attribute_string("case_change_action", "NONE");
  const char* letters = change == "NONE"    ? "KeepCase{}"
                        : change == "LOWER" ? "LowerCase{}"
                        : change == "UPPER" ? "UpperCase{}"
                                            : nullptr;
  if (!letters)
    throw x.error(
        "attribute \"case_change_action\" is \"{}\", which is none of NONE, LOWER and UPPER",
        change);
  const std::vector<std::string> stops = x.attribute_strings("stopwords", {});
  const Dim count = shape.back(), room = count * kStringRoom;
  const bool keeps_all = stops.empty() && count.is_constant() && count.value() > 0;
  const SymbolRef kept = x.fresh_symbol("words", keeps_all ? count.value() : 1, max(count, 1));
  if (!keeps_all) shape.back() = Dim(kept);
  KernelStep step(x, "string_normalize", kHeader, {});
  const Tensor words = Tensor::of_strings({static_cast<int64_t>(stops.size())}, stops);
  step.input(x.input(0)).input(stops.empty() ? nullptr : x.constant_value(words, "stopwords"));
  string_bytes(step.output(0, DType::kString, shape), room)
      .size(count)
      .size(static_cast<int64_t>(stops.size()))
      .size(room)
      .code(x.attribute_int("is_case_sensitive", 0) != 0 ? "ExactCase{}" : "AnyCase{}")
      .code(letters)
      .result(kept)
      .build();
}

void regex_full_match(Lowering& x) {
  require_strings(x, 0);
  const RegexAutomaton automaton = compile_regex(x.attribute_string("pattern", ""));
  const auto states = static_cast<int64_t>(automaton.accepts.size());
  Tensor kinds(DType::kUint8, {256}), next(DType::kUint16, {states, automaton.kind_count}),
      accepts(DType::kBool, {states});
  for (int64_t i = 0; i < 256; ++i) kinds.set_int64(i, automaton.kinds[static_cast<size_t>(i)]);
  for (int64_t i = 0; i < next.size(); ++i)
    next.set_int64(i, automaton.next[static_cast<size_t>(i)]);
  for (int64_t i = 0; i < states; ++i)
    accepts.set(i, automaton.accepts[static_cast<size_t>(i)] ? 1 : 0);
  KernelStep(x, "regex_full_match", kHeader, {})
      .input(x.input(0))
      .output(0, DType::kBool, x.shape(0))
      .input(x.constant_value(kinds, "kinds"))
      .input(x.constant_value(next, "next"))
      .input(x.constant_value(accepts, "accepts"))
      .size(product(x.shape(0)))
      .size(automaton.kind_count)
      .build();
}

}  // namespace

KernelStep& string_bytes(KernelStep& step, const Dim& bytes) {
  return step.temporary("bytes", DType::kUint8, {bytes});
}

void cast_strings(Lowering& x, DType to) {
  constexpr int64_t kNumberTextBytes = 32;
  const Dim count = product(x.shape(0));
  const char* header = "templates/cpu/text_numbers.h";
  const auto computes = [](DType type) {  // as what: the narrowest floats as float
    return is_float(type) && byte_size(type) == 1 ? DType::kFloat : type;
  };
  if (to != DType::kString) {
    Value* read = KernelStep(x, "text_to_numbers", header, {computes(to)})
                      .input(x.input(0))
                      .temporary("numbers", computes(to), x.shape(0))
                      .size(count)
                      .build()[0];
    x.output(0, x.cast_to(read, to));
    return;
  }
  Value* numbers = x.cast_to(x.input(0), computes(x.type(0)));
  KernelStep step(x, "numbers_to_text", header, {numbers->type});
  step.input(numbers);
  string_bytes(step.output(0, DType::kString, x.shape(0)), count * kNumberTextBytes)
      .size(count)
      .build();
}

OPS_TABLE(strings){
    {"RegexFullMatch", 20, "strings", regex_full_match, "the pattern becomes a table"},
    {"StringConcat", 20, "strings", string_concat},
    {"StringNormalizer", 10, "strings", string_normalizer,
     "letters of ASCII, Latin, Greek and Cyrillic change case"},
    {"StringSplit", 20, "strings", string_split, "64 parts unless declared or limited"},
};
OPS_END(strings)

}  // namespace onnxc
