// Strided copies, in tiles where reading and writing run along different axes.
#include "compiler/eval/strided_copy.h"

#include <algorithm>
#include <cstring>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr int64_t kTile = 32;

struct Axis {
  int64_t extent, to_stride, from_stride;
};

template <class T>
void copy_row(T* to, const T* from, const Axis& axis) {
  if (axis.to_stride == 1 && axis.from_stride == 1) {
    std::memcpy(to, from, static_cast<size_t>(axis.extent) * sizeof(T));
  } else if (axis.to_stride == 1 && axis.from_stride == 0) {
    std::fill_n(to, axis.extent, *from);
  } else {
    for (int64_t i = 0; i < axis.extent; ++i) to[i * axis.to_stride] = from[i * axis.from_stride];
  }
}

template <class T>
void copy_tiles(T* to, const T* from, const Axis& outer, const Axis& inner) {
  for (int64_t i = 0; i < outer.extent; i += kTile) {
    const int64_t rows = std::min(kTile, outer.extent - i);
    for (int64_t j = 0; j < inner.extent; j += kTile) {
      const Axis part{std::min(kTile, inner.extent - j), inner.to_stride, inner.from_stride};
      for (int64_t r = i; r < i + rows; ++r) {
        copy_row(to + r * outer.to_stride + j * inner.to_stride,
                 from + r * outer.from_stride + j * inner.from_stride, part);
      }
    }
  }
}

template <class T>
void copy_axes(T* to, const T* from, const Axis* axes, size_t count, bool tiled) {
  if (count == 0) {
    *to = *from;
  } else if (count == 1) {
    copy_row(to, from, axes[0]);
  } else if (count == 2 && tiled) {
    copy_tiles(to, from, axes[0], axes[1]);
  } else {
    for (int64_t i = 0; i < axes[0].extent; ++i)
      copy_axes(to + i * axes[0].to_stride, from + i * axes[0].from_stride, axes + 1, count - 1,
                tiled);
  }
}

// Elements may lie anywhere in a mapped file.
template <size_t Bytes>
struct Element {
  std::byte bytes[Bytes];
};

template <class T>
void copy(std::byte* to, const std::byte* from, int64_t base, std::vector<Axis> axes) {
  bool tiled = false;
  if (axes.size() > 1 && axes.back().from_stride != 1) {
    const auto contiguous = std::find_if(axes.begin(), axes.end() - 1,
                                         [](const Axis& a) { return a.from_stride == 1; });
    if (contiguous != axes.end() - 1) {
      std::rotate(contiguous, contiguous + 1, axes.end() - 1);
      tiled = true;
    }
  }
  copy_axes(reinterpret_cast<T*>(to), reinterpret_cast<const T*>(from) + base, axes.data(),
            axes.size(), tiled);
}

}  // namespace

void strided_copy(std::byte* to, const std::byte* from, size_t element_bytes, int64_t base,
                  const std::vector<int64_t>& extents, const std::vector<int64_t>& strides) {
  std::vector<Axis> axes;
  int64_t to_stride = 1;
  for (size_t k = extents.size(); k-- > 0; to_stride *= extents[k])
    axes.insert(axes.begin(), {extents[k], to_stride, strides[k]});
  if (to_stride == 0) return;
  switch (element_bytes) {
    case 1:
      return copy<Element<1>>(to, from, base, std::move(axes));
    case 2:
      return copy<Element<2>>(to, from, base, std::move(axes));
    case 4:
      return copy<Element<4>>(to, from, base, std::move(axes));
    case 8:
      return copy<Element<8>>(to, from, base, std::move(axes));
    default:
      throw InternalError(__FILE__, __LINE__, "a copy of elements of odd size");
  }
}

}  // namespace onnxc
