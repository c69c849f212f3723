// .npy files: every element type, both orders, and broken headers.
#include "compiler/ir/npy.h"

#include <gtest/gtest.h>

#include <cstring>

#include "compiler/support/diagnostics.h"
#include "tests/support/temporary_folder.h"

namespace onnxc {
namespace {

std::string file_with(const std::string& header, const std::string& data) {
  std::string text = header;
  text.append(64 - 1 - (10 + text.size()) % 64, ' ');
  text += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(text.size());
  file += '\0';
  return file + text + data;
}

std::string message_of(const std::string& path) {
  try {
    read_npy(path);
  } catch (const CompileError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Npy, EveryElementTypeSurvives) {
  const TemporaryFolder folder;
  for (int number = 1; number <= 26; ++number) {
    const DType type = *dtype_of(number);
    if (type == DType::kString) continue;
    Tensor tensor(type, {2, 3});
    for (size_t i = 0; i < tensor.byte_count(); ++i) {
      tensor.mutable_bytes()[i] = static_cast<std::byte>(type == DType::kBool ? i % 2 : i);
    }
    write_npy(folder.file("t.npy"), tensor);
    const Tensor back = read_npy(folder.file("t.npy"), type);
    EXPECT_EQ(back.type(), type) << name(type);
    EXPECT_EQ(back.dims(), tensor.dims()) << name(type);
    EXPECT_TRUE(std::ranges::equal(back.bytes(), tensor.bytes())) << name(type);
  }
}

TEST(Npy, StringsAreUnicode) {
  const TemporaryFolder folder;
  const Tensor tensor = Tensor::of_strings({2, 2}, {"", "a", "grün €", "\xf0\x9f\x98\x80"});
  write_npy(folder.file("s.npy"), tensor);
  const Tensor back = read_npy(folder.file("s.npy"));
  EXPECT_EQ(back.dims(), tensor.dims());
  EXPECT_EQ(back.strings(), tensor.strings());
}

TEST(Npy, ScalarsAndEmptyArraysKeepTheirShape) {
  const TemporaryFolder folder;
  for (const std::vector<int64_t>& dims : {std::vector<int64_t>{}, {0}, {3, 0, 2}, {1}}) {
    write_npy(folder.file("t.npy"), Tensor(DType::kInt64, dims));
    EXPECT_EQ(read_npy(folder.file("t.npy")).dims(), dims);
  }
}

TEST(Npy, DataStartsAtAMultipleOf64) {
  const std::string bytes = npy_bytes(Tensor(DType::kFloat, {2}));
  EXPECT_EQ((bytes.size() - 8) % 64, 0u);
  EXPECT_EQ(bytes[bytes.size() - 9], '\n');
}

TEST(Npy, FortranOrderIsTurnedRound) {
  const TemporaryFolder folder;
  const std::string path = folder.write(
      "f.npy",
      file_with("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", {1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(read_npy(path).as_int64s(), (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
}

TEST(Npy, BigEndianIsSwapped) {
  const TemporaryFolder folder;
  const std::string path =
      folder.write("b.npy", file_with("{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }",
                                      std::string("\x01\x02\xff\xfe", 4)));
  EXPECT_EQ(read_npy(path).as_int64s(), (std::vector<int64_t>{0x102, -2}));
}

TEST(Npy, BrokenFilesAreRefused) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& content) {
    return message_of(folder.write("x.npy", content)).substr(folder.file("x.npy").size() + 2);
  };
  EXPECT_EQ(message("no array"), "this is no .npy file");
  EXPECT_EQ(message("\x93NUMPY"), "the .npy file is cut in its header");
  EXPECT_EQ(
      message(file_with("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "12345678")),
      "the file is cut: its shape (3) needs 12 bytes, 8 are there");
  EXPECT_EQ(
      message(file_with(
          "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999), }", "")),
      "the shape (9999999999,9999999999) is absurd");
  EXPECT_EQ(message(file_with("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "")),
            "the element type '|O' is not known");
  EXPECT_EQ(
      message(file_with("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "")),
      "structured .npy arrays are not supported");
  EXPECT_EQ(message(file_with("{'fortran_order': False, 'shape': (1,), }", "")),
            "the .npy header has no 'descr'");
}

}  // namespace
}  // namespace onnxc
