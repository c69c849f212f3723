// Runs something that must throw and hands back what it said.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "compiler/support/diagnostics.h"

namespace onnxc {

template <class Error, class Body>
std::string message_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

#define EXPECT_CONTAINS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

}  // namespace onnxc
