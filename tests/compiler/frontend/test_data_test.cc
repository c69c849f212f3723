// Recorded values: tensors, sequences, optionals, maps, and the folders they lie in.
#include "compiler/frontend/test_data.h"

#include <gtest/gtest.h>

#include "compiler/support/diagnostics.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/wire_writer.h"

namespace onnxc {
namespace {

OnnxType type_of(OnnxType::Kind kind, DType dtype = DType::kUndefined) {
  OnnxType type;
  type.kind = kind;
  type.dtype = dtype;
  return type;
}

WireMessage floats(const std::initializer_list<float> values) {
  return wire_tensor("t", 1, {static_cast<int64_t>(values.size())}).bytes(9, raw(values));
}

TestValue read(const WireMessage& message, const OnnxType& type) {
  const TemporaryFolder folder;
  return read_test_value(folder.write("value.pb", message.text()), type);
}

TEST(TestData, ReadsTensors) {
  const TestValue value = read(floats({1, 2}), type_of(OnnxType::Kind::kTensor, DType::kFloat));
  EXPECT_EQ(value.kind, TestValue::Kind::kTensor);
  EXPECT_EQ(value.name, "t");
  EXPECT_EQ(value.tensor.as_double(1), 2.0);
}

TEST(TestData, ReadsSequencesAlsoNestedAndEmpty) {
  const WireMessage inner =
      WireMessage().varint(2, 1).message(3, floats({1})).message(3, floats({2, 3}));
  const OnnxType type = type_of(OnnxType::Kind::kSequence);
  const TestValue flat = read(inner, type);
  ASSERT_EQ(flat.elements.size(), 2u);
  EXPECT_EQ(flat.elements[1].tensor.size(), 2);
  const TestValue nested = read(WireMessage().varint(2, 3).message(5, inner), type);
  ASSERT_EQ(nested.elements.size(), 1u);
  EXPECT_EQ(nested.elements[0].elements.size(), 2u);
  EXPECT_TRUE(read(WireMessage(), type).elements.empty());
}

TEST(TestData, ReadsOptionals) {
  OnnxType type = type_of(OnnxType::Kind::kOptional);
  type.element = std::make_shared<OnnxType>(type_of(OnnxType::Kind::kTensor, DType::kFloat));
  const TestValue full =
      read(WireMessage().bytes(1, "o").varint(2, 1).message(3, floats({4})), type);
  EXPECT_EQ(full.kind, TestValue::Kind::kOptional);
  ASSERT_EQ(full.elements.size(), 1u);
  EXPECT_EQ(full.elements[0].tensor.as_double(0), 4.0);
  EXPECT_TRUE(read(WireMessage().bytes(1, "o").varint(2, 0), type).elements.empty());
  const TestValue bare = read(floats({5}), type);
  ASSERT_EQ(bare.elements.size(), 1u);
  EXPECT_EQ(bare.elements[0].tensor.as_double(0), 5.0);
}

TEST(TestData, ReadsMaps) {
  const WireMessage values =
      WireMessage().varint(2, 1).message(3, floats({1})).message(3, floats({2}));
  const OnnxType type = type_of(OnnxType::Kind::kMap, DType::kInt64);
  const TestValue numbers =
      read(WireMessage().varint(2, 7).varint(3, 10).varint(3, 20).message(5, values), type);
  EXPECT_EQ(numbers.tensor.as_int64s(), (std::vector<int64_t>{10, 20}));
  EXPECT_EQ(numbers.elements.at(1).tensor.as_double(0), 2.0);
  const TestValue words =
      read(WireMessage().varint(2, 8).bytes(4, "a").bytes(4, "b").message(5, values), type);
  EXPECT_EQ(words.tensor.strings(), (std::vector<std::string>{"a", "b"}));
  EXPECT_THROW(read(WireMessage().varint(2, 7).varint(3, 10).message(5, values), type),
               CompileError);
}

TEST(TestData, Uint16WhereBfloat16IsMeantIsItsBits) {
  const WireMessage bits = wire_tensor("t", 4, {1}).bytes(9, raw<uint16_t>({0x3fc0}));
  const TestValue value = read(bits, type_of(OnnxType::Kind::kTensor, DType::kBfloat16));
  EXPECT_EQ(value.tensor.type(), DType::kBfloat16);
  EXPECT_EQ(value.tensor.as_double(0), 1.5);
}

TEST(TestData, EveryCutOfATensorIsAnErrorOrSmaller) {
  const std::string whole = WireMessage().varint(2, 1).message(3, floats({1, 2, 3})).text();
  const TemporaryFolder folder;
  for (size_t length = 3; length < whole.size(); ++length) {
    EXPECT_THROW(read_test_value(folder.write("v.pb", whole.substr(0, length)),
                                 type_of(OnnxType::Kind::kSequence)),
                 CompileError)
        << length;
  }
}

TEST(TestData, FindsFilesByTheirNumbers) {
  const TemporaryFolder folder;
  for (const char* name :
       {"test_data_set_10/input_0.pb", "test_data_set_2/input_10.pb", "test_data_set_2/input_9.pb",
        "test_data_set_2/output_1.pb", "test_data_set_2/output_x.pb", "test_data_set_2/notes.txt",
        "other/input_0.pb"}) {
    folder.write(name, "");
  }
  const std::vector<TestDataSet> sets = find_test_data(folder.path().string());
  ASSERT_EQ(sets.size(), 2u);
  EXPECT_EQ(sets[0].folder, folder.file("test_data_set_2"));
  ASSERT_EQ(sets[0].inputs.size(), 11u);
  EXPECT_EQ(sets[0].inputs[8], "");
  EXPECT_EQ(sets[0].inputs[10], folder.file("test_data_set_2/input_10.pb"));
  EXPECT_EQ(sets[0].outputs,
            (std::vector<std::string>{"", folder.file("test_data_set_2/output_1.pb")}));
  EXPECT_EQ(sets[1].inputs.size(), 1u);
  EXPECT_THROW(find_test_data(folder.file("nothing")), CompileError);
}

}  // namespace
}  // namespace onnxc
