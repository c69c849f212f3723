// A SAX handler with one state per place in the file.
#include <fmt/ranges.h>

#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "compiler/frontend/numrs_model.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

using Json = nlohmann::json;

enum class Place {
  kSkipped,
  kFile,
  kMetadata,
  kUserMetadata,
  kGraph,
  kNodes,
  kNode,
  kNames,
  kAttributes,
  kAttribute,
  kNumbers,
  kStrings,
  kTensorPair,
  kTensors,
  kTensor,
  kShape,
  kData,
};

struct Frame {
  Place place;
  std::string key;
  std::set<std::string> keys;
};

class NumrsReader : public Json::json_sax_t {
 public:
  explicit NumrsReader(size_t text_size) : text_size_(text_size) {}

  NumrsModel take() {
    if (!has_model_) throw CompileError("the file has no \"metadata\" and \"graph\"");
    return std::move(model_);
  }

  bool null() override { return scalar_is_wrong("null"); }
  bool boolean(bool) override { return scalar_is_wrong("a boolean"); }
  bool binary(binary_t&) override { return scalar_is_wrong("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (place() == Place::kData) {
      if (value > 255) fail("byte {} of tensor \"{}\" is {}", data_->size(), tensor_.name, value);
      data_->push_back(static_cast<std::byte>(value));
      return true;
    }
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      fail("the number {} is too large", value);
    return integer(static_cast<int64_t>(value));
  }
  bool number_integer(number_integer_t value) override { return integer(value); }
  bool number_float(number_float_t value, const string_t&) override { return real(value); }

  bool string(string_t& value) override {
    Frame& frame = frames_.back();
    switch (frame.place) {
      case Place::kSkipped:
        return true;
      case Place::kMetadata:
        model_.metadata[frame.key] = value;
        return true;
      case Place::kUserMetadata:
        model_.metadata["metadata." + frame.key] = value;
        return true;
      case Place::kNames:
        names_->push_back(value);
        return true;
      case Place::kStrings:
        strings_.push_back(value);
        return true;
      case Place::kGraph:
        if (frame.key == "name") return assign(model_.graph_name, value);
        break;
      case Place::kNode:
        if (frame.key == "name") return assign(node_.name, value);
        if (frame.key == "op_type") return assign(node_.op_type, value);
        break;
      case Place::kTensor:
        if (frame.key == "name") return assign(tensor_.name, value);
        break;
      case Place::kAttribute:
        if (frame.key == "String") return set_attribute(value);
        break;
      default:
        break;
    }
    return scalar_is_wrong("a string");
  }

  bool key(string_t& key) override {
    Frame& frame = frames_.back();
    frame.key = key;
    if (frame.place != Place::kSkipped && !frame.keys.insert(key).second)
      fail("\"{}\" stands twice in {}", key, where());
    if (frame.place == Place::kAttributes) attribute_name_ = key;
    return true;
  }

  bool start_object(size_t) override {
    if (frames_.empty()) return push(Place::kFile);
    const std::string& key = frames_.back().key;
    switch (place()) {
      case Place::kSkipped:
        return push(Place::kSkipped);
      case Place::kFile:
        if (key == "metadata") return push(Place::kMetadata);
        if (key == "graph") return push(Place::kGraph);
        if (key == "model" && !in_checkpoint_) {
          in_checkpoint_ = true;
          return push(Place::kFile);
        }
        return push(Place::kSkipped);
      case Place::kMetadata:
        return push(key == "metadata" ? Place::kUserMetadata : Place::kSkipped);
      case Place::kNodes:
        node_ = {};
        return push(Place::kNode);
      case Place::kNode:
        if (key == "attributes") return push(Place::kAttributes);
        break;
      case Place::kAttributes:
        return push(Place::kAttribute);
      case Place::kTensors:
        tensor_ = {};
        data_ = std::make_shared<std::vector<std::byte>>();
        return push(Place::kTensor);
      default:
        break;
    }
    return container_or_skip("an object");
  }

  bool end_object() override {
    const Frame frame = std::move(frames_.back());
    frames_.pop_back();
    switch (frame.place) {
      case Place::kFile:
        if (in_checkpoint_ && frames_.empty()) return true;
        require(frame, {"metadata", "graph"}, "the model");
        has_model_ = true;
        return true;
      case Place::kMetadata:
        require(frame, {"name", "opset_version", "producer_name"}, "\"metadata\"");
        return true;
      case Place::kGraph:
        require(frame, {"name", "nodes", "inputs", "outputs", "initializers"}, "\"graph\"");
        return true;
      case Place::kNode:
        require(frame, {"name", "op_type", "inputs", "outputs", "attributes"},
                fmt::format("node {} \"{}\"", model_.nodes.size(), node_.name));
        model_.nodes.push_back(std::move(node_));
        return true;
      case Place::kAttribute:
        if (frame.keys.size() != 1)
          fail("attribute \"{}\" of node \"{}\" should have one kind", attribute_name_, node_.name);
        return true;
      case Place::kTensor:
        finish_tensor(frame);
        return true;
      default:
        return true;
    }
  }

  bool start_array(size_t) override {
    if (frames_.empty()) fail("the file is a list, not a model");
    const std::string& key = frames_.back().key;
    switch (place()) {
      case Place::kSkipped:
        return push(Place::kSkipped);
      case Place::kGraph:
        if (key == "nodes") return push(Place::kNodes);
        if (key == "inputs" || key == "initializers") {
          reading_inputs_ = key == "inputs";
          return push(Place::kTensors);
        }
        if (key == "outputs") return push_names(model_.outputs);
        break;
      case Place::kNode:
        if (key == "inputs") return push_names(node_.inputs);
        if (key == "outputs") return push_names(node_.outputs);
        break;
      case Place::kAttribute:
        numbers_.clear();
        strings_.clear();
        if (key == "Ints" || key == "Floats") return push(Place::kNumbers);
        if (key == "Strings") return push(Place::kStrings);
        if (key == "Tensor") {
          pair_.clear();
          return push(Place::kTensorPair);
        }
        break;
      case Place::kTensorPair:
        numbers_.clear();
        return push(Place::kNumbers);
      case Place::kTensor:
        if (key == "shape") return push(Place::kShape);
        if (key == "data") {
          reserve_data();
          return push(Place::kData);
        }
        break;
      default:
        break;
    }
    return container_or_skip("a list");
  }

  bool end_array() override {
    const Place ended = place();
    frames_.pop_back();
    if (ended == Place::kStrings) return set_attribute(strings_);
    if (ended == Place::kTensorPair) return set_attribute(paired_tensor());
    if (ended != Place::kNumbers) return true;
    if (place() == Place::kTensorPair) {
      pair_.push_back(numbers_);
      return true;
    }
    return frames_.back().key == "Ints"
               ? set_attribute(std::vector<int64_t>(numbers_.begin(), numbers_.end()))
               : set_attribute(std::vector<float>(numbers_.begin(), numbers_.end()));
  }

  bool parse_error(size_t, const std::string&, const Json::exception& error) override {
    const std::string text = error.what();
    const size_t start = text.find("] ");
    throw CompileError("the JSON is cut off or broken: {}",
                       text.substr(start == std::string::npos ? 0 : start + 2));
  }

 private:
  Place place() const { return frames_.empty() ? Place::kSkipped : frames_.back().place; }

  template <class... Args>
  [[noreturn]] static void fail(fmt::format_string<Args...> format, Args&&... args) {
    throw CompileError("this NumRs model is malformed: {}",
                       fmt::format(format, std::forward<Args>(args)...));
  }

  std::string where() const {
    switch (place()) {
      case Place::kMetadata:
        return "\"metadata\"";
      case Place::kGraph:
        return "\"graph\"";
      case Place::kNode:
      case Place::kAttributes:
      case Place::kAttribute:
        return fmt::format("node {} \"{}\"", model_.nodes.size(), node_.name);
      case Place::kTensor:
      case Place::kShape:
      case Place::kData:
        return fmt::format("tensor \"{}\"", tensor_.name);
      default:
        return "the model";
    }
  }

  bool push(Place place) {
    frames_.push_back({place, {}, {}});
    return true;
  }
  bool push_names(std::vector<std::string>& names) {
    names_ = &names;
    names.clear();
    return push(Place::kNames);
  }

  static bool assign(std::string& target, std::string& value) {
    target = std::move(value);
    return true;
  }

  // A value of a key that NumRs does not know is ignored; any other misplaced one is an error.
  bool is_known_key() const {
    static const std::set<std::string> known = {"name",         "nodes",     "inputs", "outputs",
                                                "initializers", "op_type",   "dtype",  "shape",
                                                "data",         "attributes"};
    const Place at = place();
    if (at == Place::kGraph || at == Place::kNode || at == Place::kTensor)
      return known.count(frames_.back().key) > 0;
    return at != Place::kSkipped && at != Place::kFile && at != Place::kMetadata &&
           at != Place::kUserMetadata;
  }
  bool container_or_skip(const char* what) {
    if (is_known_key()) scalar_is_wrong(what);
    return push(Place::kSkipped);
  }
  bool scalar_is_wrong(const char* what) const {
    if (frames_.empty()) fail("the file is {}, not a model", what);
    if (!is_known_key()) return true;
    if (place() == Place::kAttribute || place() == Place::kNumbers) {
      fail("attribute \"{}\" of node \"{}\" holds {}", attribute_name_, node_.name, what);
    }
    fail("\"{}\" of {} is {}", frames_.back().key, where(), what);
  }

  bool integer(int64_t value) {
    switch (place()) {
      case Place::kSkipped:
      case Place::kFile:
        return true;
      case Place::kMetadata:
        model_.metadata[frames_.back().key] = std::to_string(value);
        return true;
      case Place::kShape:
        if (value < 0) fail("tensor \"{}\" has the dimension {}", tensor_.name, value);
        tensor_.shape.push_back(value);
        return true;
      case Place::kNumbers:
        numbers_.push_back(static_cast<double>(value));
        return true;
      case Place::kAttribute:
        if (frames_.back().key == "Int") return set_attribute(value);
        if (frames_.back().key == "Float") return set_attribute(static_cast<float>(value));
        break;
      case Place::kTensor:
        if (frames_.back().key == "dtype") {
          tensor_.dtype = value;
          return true;
        }
        break;
      default:
        break;
    }
    return scalar_is_wrong("a number");
  }

  bool real(double value) {
    if (place() == Place::kNumbers && !(frames_[frames_.size() - 2].key == "Ints")) {
      numbers_.push_back(value);
      return true;
    }
    if (place() == Place::kAttribute && frames_.back().key == "Float")
      return set_attribute(static_cast<float>(value));
    return scalar_is_wrong("a fraction");
  }

  bool set_attribute(OnnxAttributeValue value) {
    node_.attributes.insert_or_assign(attribute_name_, std::move(value));
    return true;
  }

  Tensor paired_tensor() const {
    if (pair_.size() != 2)
      fail("attribute \"{}\" of node \"{}\" is no pair of shape and data", attribute_name_,
           node_.name);
    const std::vector<int64_t> dims(pair_[0].begin(), pair_[0].end());
    const int64_t count = checked_count(dims, attribute_name_);
    if (count != static_cast<int64_t>(pair_[1].size())) {
      fail("attribute \"{}\" of node \"{}\" has {} values for the shape [{}]", attribute_name_,
           node_.name, pair_[1].size(), fmt::join(dims, ","));
    }
    return Tensor::of(DType::kFloat, dims, pair_[1]);
  }

  static int64_t checked_count(const std::vector<int64_t>& dims, const std::string& name) {
    int64_t count = 1;
    for (const int64_t dim : dims) {
      if (dim < 0 || __builtin_mul_overflow(count, dim, &count) || count > (int64_t{1} << 48)) {
        fail("tensor \"{}\" has the absurd shape [{}]", name, fmt::join(dims, ","));
      }
    }
    return count;
  }

  void reserve_data() {
    int64_t count = 8;
    for (const int64_t dim : tensor_.shape) {
      if (__builtin_mul_overflow(count, dim, &count)) return;
    }
    const auto bytes =
        static_cast<size_t>(count) / (tensor_.dtype == 7 || tensor_.dtype == 11 ? 1 : 2);
    if (!reading_inputs_ && bytes <= text_size_ / 2) data_->reserve(bytes);
  }

  static void require(const Frame& frame, std::initializer_list<const char*> keys,
                      const std::string& what) {
    for (const char* key : keys) {
      if (frame.keys.count(key) == 0) fail("{} has no \"{}\"", what, key);
    }
  }

  static DType stored_type(int64_t number) {
    for (const DType type : {DType::kFloat, DType::kInt32, DType::kInt64, DType::kDouble}) {
      if (static_cast<int64_t>(type) == number) return type;
    }
    return DType::kUndefined;
  }

  void finish_tensor(const Frame& frame) {
    require(frame, {"name", "dtype", "shape", "data"}, fmt::format("tensor \"{}\"", tensor_.name));
    const int64_t count = checked_count(tensor_.shape, tensor_.name);
    if (reading_inputs_) {
      model_.inputs.push_back({tensor_.name, tensor_.shape});
      return;
    }
    const DType type = stored_type(tensor_.dtype);
    if (type == DType::kUndefined) {
      fail(
          "tensor \"{}\" has the dtype {}; 1 (float), 6 (int32), 7 (int64) and 11 (double) are "
          "known",
          tensor_.name, tensor_.dtype);
    }
    if (data_->size() != static_cast<size_t>(count) * byte_size(type)) {
      fail("tensor \"{}\" has {} bytes, but {}[{}] needs {}", tensor_.name, data_->size(),
           name(type), fmt::join(tensor_.shape, ","), static_cast<size_t>(count) * byte_size(type));
    }
    Tensor tensor(type, tensor_.shape, *data_, data_);
    if (!model_.initializers.emplace(tensor_.name, std::move(tensor)).second) {
      fail("there are two initializers \"{}\"", tensor_.name);
    }
  }

  struct PendingTensor {
    std::string name;
    int64_t dtype = 0;
    std::vector<int64_t> shape;
  };

  size_t text_size_;
  NumrsModel model_;
  bool has_model_ = false, in_checkpoint_ = false, reading_inputs_ = false;
  std::vector<Frame> frames_;
  NumrsNode node_;
  PendingTensor tensor_;
  std::shared_ptr<std::vector<std::byte>> data_;
  std::string attribute_name_;
  std::vector<double> numbers_;
  std::vector<std::string> strings_;
  std::vector<std::vector<double>> pair_;
  std::vector<std::string>* names_ = nullptr;
};

}  // namespace

NumrsModel read_numrs(std::string_view text) {
  NumrsReader reader(text.size());
  Json::sax_parse(text.begin(), text.end(), &reader);
  return reader.take();
}

}  // namespace onnxc
