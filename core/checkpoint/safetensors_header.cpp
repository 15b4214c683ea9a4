// SPDX-License-Identifier: GPL-3.0-or-later
#include <limits>
#include <optional>
#include <unordered_set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/checkpoint/safetensors_reader.h"

namespace rankscope {

namespace {

using nlohmann::json;

/// Receives the header's JSON piece by piece and refuses the first thing that does not belong.
class HeaderHandler final : public nlohmann::json_sax<json> {
 public:
  explicit HeaderHandler(const std::filesystem::path& file) : m_file(file) {}

  SafetensorsHeader take() { return std::move(m_header); }

  bool null() override { return misplaced("null"); }
  bool boolean(bool) override { return misplaced("a boolean"); }
  bool number_integer(number_integer_t value) override {
    return misplaced(fmt::format("the negative number {}", value));
  }
  bool number_float(number_float_t, const string_t& text) override {
    return misplaced(fmt::format("{}, which is no whole number of 64 bits", text));
  }
  bool binary(binary_t&) override { return misplaced("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (m_place == Place::Shape)
      entry().shape.push_back(value);
    else if (m_place == Place::Offsets)
      takeOffset(value);
    else
      return misplaced(fmt::format("the number {}", value));
    return true;
  }

  bool string(string_t& value) override {
    if (m_place == Place::Metadata)
      m_header.metadata[m_key] = value;
    else if (m_place == Place::Tensor && m_key == "dtype")
      takeDType(value);
    else
      return misplaced(fmt::format("the text \"{}\"", value));
    return true;
  }

  bool start_object(std::size_t) override {
    if (m_place == Place::Outside) {
      m_place = Place::Root;
    } else if (m_place == Place::Root) {
      m_place = m_key == "__metadata__" ? Place::Metadata : Place::Tensor;
      m_hasDType = m_hasShape = false;
      m_offsets = 0;
    } else {
      return misplaced("an object");
    }
    return true;
  }

  bool end_object() override {
    if (m_place == Place::Tensor) {
      if (!m_hasDType) fail("has no dtype");
      if (!m_hasShape) fail("has no shape");
      if (m_offsets == 0) fail("has no data_offsets");
    }
    m_place = m_place == Place::Root ? Place::Outside : Place::Root;
    return true;
  }

  bool start_array(std::size_t) override {
    if (m_place == Place::Tensor && m_key == "shape") {
      m_place = Place::Shape;
      m_hasShape = true;
    } else if (m_place == Place::Tensor && m_key == "data_offsets") {
      m_place = Place::Offsets;
    } else {
      return misplaced("an array");
    }
    return true;
  }

  bool end_array() override {
    if (m_place == Place::Offsets && m_offsets != 2) fail("has data_offsets that are not two numbers");
    m_place = Place::Tensor;
    return true;
  }

  bool key(string_t& key) override {
    m_key = key;
    if (m_place == Place::Root)
      takeName(key);
    else if (m_place == Place::Metadata)
      takeMetadataKey(key);
    else
      takeProperty(key);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    const std::string_view what = error.what();
    const bool encoding = what.find("UTF-8") != what.npos;
    throw Error(ErrorKind::Malformed, fmt::format("{}: the safetensors header is not {} (at byte {} of the header)",
                                                  m_file.string(), encoding ? "UTF-8" : "valid JSON", position));
  }

 private:
  enum class Place { Outside, Root, Metadata, Tensor, Shape, Offsets };

  SafetensorsHeader::Entry& entry() { return m_header.entries.back(); }

  [[noreturn]] void failFile(const std::string& what) const {
    throw Error(ErrorKind::Malformed, fmt::format("{}: {}", m_file.string(), what));
  }
  [[noreturn]] void fail(const std::string& what) { failFile(fmt::format("tensor {} {}", entry().name, what)); }

  [[noreturn]] bool misplaced(const std::string& what) {
    switch (m_place) {
    case Place::Outside:
      failFile("the safetensors header is not a JSON object");
    case Place::Root:
      failFile(fmt::format("the header entry {} is {} instead of an object", m_key, what));
    case Place::Metadata:
      failFile(fmt::format("the metadata entry {} is {} instead of text", m_key, what));
    case Place::Tensor:
      fail(fmt::format("has {} as its {}", what, m_key));
    case Place::Shape:
      fail(fmt::format("has {} in its shape", what));
    case Place::Offsets:
      fail(fmt::format("has {} in its data_offsets", what));
    }
    __builtin_unreachable();
  }

  void takeName(const std::string& name) {
    if (!m_names.insert(name).second) failFile(fmt::format("two tensors are named {}", name));
    if (name == "__metadata__") return;
    if (name.empty()) failFile("a tensor has no name");
    for (const char c : name)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
        failFile(fmt::format("the tensor name {} contains a control character", json(name).dump()));
    m_header.entries.emplace_back().name = name;
  }

  void takeMetadataKey(const std::string& key) {
    if (m_header.metadata.contains(key)) failFile(fmt::format("the metadata holds {} twice", key));
    m_header.metadata[key];
  }

  void takeProperty(const std::string& key) {
    const bool known = key == "dtype" || key == "shape" || key == "data_offsets";
    if (!known) fail(fmt::format("has an unknown property {}", key));
    if (key == "dtype" ? m_hasDType : key == "shape" ? m_hasShape : m_offsets > 0)
      fail(fmt::format("has two values of {}", key));
  }

  void takeDType(const std::string& text) {
    const std::optional<DType> dtype = parseDType(text);
    if (!dtype)
      throw Error(ErrorKind::Unsupported,
                  fmt::format("{}: tensor {} has the unknown dtype {}", m_file.string(), entry().name, text));
    entry().dtype = *dtype;
    m_hasDType = true;
  }

  void takeOffset(std::uint64_t value) {
    if (m_offsets == 0)
      entry().begin = value;
    else
      entry().end = value;
    ++m_offsets;
  }

  const std::filesystem::path& m_file;
  SafetensorsHeader m_header;
  std::unordered_set<std::string> m_names;
  std::string m_key;
  Place m_place = Place::Outside;
  bool m_hasDType = false;
  bool m_hasShape = false;
  int m_offsets = 0;
};

} // namespace

SafetensorsHeader parseSafetensorsHeader(std::string_view text, const std::filesystem::path& file) {
  HeaderHandler handler(file);
  json::sax_parse(text.begin(), text.end(), &handler);
  return handler.take();
}

} // namespace rankscope
