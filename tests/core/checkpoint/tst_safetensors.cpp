// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/test_main.h"

#include <algorithm>
#include <iterator>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/checkpoint/safetensors_reader.h"
#include "core/checkpoint/safetensors_writer.h"
#include "tests/support/expect_error.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"

using namespace rankscope;
using namespace rankscope::test;

namespace {

/// A file of any header text, correctly framed, with `dataBytes` bytes of data.
std::string crafted(std::string_view header, std::size_t dataBytes) {
  std::string file(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) file[i] = static_cast<char>(header.size() >> (8 * i) & 0xff);
  file += header;
  for (std::size_t i = 0; i < dataBytes; ++i) file += static_cast<char>(i * 37 + 11);
  return file;
}

std::string tensor(std::string_view name, std::string_view dtype, std::string_view shape, std::string_view offsets) {
  return fmt::format(R"("{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{}]}})", name, dtype, shape, offsets);
}

} // namespace

class TestSafetensors : public QObject {
  Q_OBJECT

 private slots:
  void readsByteExactFile();
  void acceptsUnusualFiles_data();
  void acceptsUnusualFiles();
  void refusesCraftedFiles_data();
  void refusesCraftedFiles();
  void refusesTruncationAtEveryByte();
  void survivesEveryByteChanged();
  void randomFilesRoundTrip();
  void headerIsDeterministicAndAligned();
  void writerRefuses();
  void writerRemovesUnfinishedFile();
  void writerNeverReplacesAFile();
  void writesFromManyThreads();
};

void TestSafetensors::readsByteExactFile() {
  const TemporaryFolder folder;
  const std::string header = "{\"__metadata__\":{\"made\":\"by hand\"}," + tensor("b", "I16", "2,1", "6,10") + "," +
                             tensor("a.weight", "BF16", "1,3", "0,6") + "}  ";
  writeFile(folder / "x.safetensors", crafted(header, 10));
  const SafetensorsFile file = readSafetensors(folder / "x.safetensors");
  QCOMPARE(file.metadata.size(), std::size_t{1});
  QCOMPARE(file.metadata.at("made"), std::string("by hand"));
  QCOMPARE(file.tensors.size(), std::size_t{2});
  const TensorView& a = file.tensors[0];
  QCOMPARE(a.name, std::string("a.weight"));
  QVERIFY(a.dtype == DType::BF16);
  QVERIFY((a.shape == std::vector<std::uint64_t>{1, 3}));
  QCOMPARE(a.bytes.size(), std::size_t{6});
  for (std::size_t i = 0; i < 6; ++i)
    QCOMPARE(std::to_integer<int>(a.bytes[i]), static_cast<int>((i * 37 + 11) & 0xff));
  QCOMPARE(file.tensors[1].name, std::string("b"));
  QCOMPARE(std::to_integer<int>(file.tensors[1].bytes[0]), (6 * 37 + 11) & 0xff);
}

void TestSafetensors::acceptsUnusualFiles_data() {
  QTest::addColumn<QString>("header");
  QTest::addColumn<int>("dataBytes");
  QTest::addColumn<int>("tensors");
  const auto row = [](const char* what, const std::string& header, int dataBytes, int tensors) {
    QTest::newRow(what) << QString::fromStdString(header) << dataBytes << tensors;
  };
  row("no tensors", "{}", 0, 0);
  row("scalar", "{" + tensor("s", "F32", "", "0,4") + "}", 4, 1);
  row("empty tensors between others",
      "{" + tensor("a", "F32", "0,7", "4,4") + "," + tensor("b", "F32", "1", "0,4") + "," +
          tensor("c", "F32", "1", "4,8") + "}",
      8, 3);
  row("five dimensions", "{" + tensor("a", "U8", "1,2,1,3,1", "0,6") + "}", 6, 1);
  row("name beyond ASCII", "{" + tensor("größe.重み", "F64", "1", "0,8") + "}", 8, 1);
  row("escaped name", "{" + tensor("a\\u0062\\/c", "F64", "1", "0,8") + "}", 8, 1);
  row("white space everywhere",
      "{ \"a\" : { \"shape\" : [ 2 ] , \"data_offsets\" : [ 0 , 2 ] , \"dtype\" : \"BOOL\" } } \n\t ", 2, 1);
  row("8-bit floats", "{" + tensor("a", "F8_E4M3", "2", "0,2") + "," + tensor("b", "F8_E5M2", "1", "2,3") + "}", 3, 2);
}

void TestSafetensors::acceptsUnusualFiles() {
  QFETCH(QString, header);
  QFETCH(int, dataBytes);
  QFETCH(int, tensors);
  const TemporaryFolder folder;
  writeFile(folder / "x.safetensors", crafted(header.toStdString(), static_cast<std::size_t>(dataBytes)));
  QCOMPARE(readSafetensors(folder / "x.safetensors").tensors.size(), static_cast<std::size_t>(tensors));
}

void TestSafetensors::refusesCraftedFiles_data() {
  QTest::addColumn<QByteArray>("content");
  QTest::addColumn<QString>("sentence");
  const auto raw = [](const char* what, const std::string& content, const char* sentence) {
    QTest::newRow(what) << QByteArray::fromStdString(content) << QString::fromUtf8(sentence);
  };
  const auto header = [&](const char* what, const std::string& text, std::size_t data, const char* sentence) {
    raw(what, crafted(text, data), sentence);
  };
  const auto one = [&](const char* what, const std::string& entry, std::size_t data, const char* sentence) {
    header(what, "{" + entry + "}", data, sentence);
  };
  raw("empty", "", "the file is empty");
  raw("seven bytes", "\x01\x02\x03\x04\x05\x06\x07", "too short to be safetensors");
  raw("header beyond the limit", std::string("\x01\xe1\xf5\x05\0\0\0\0{", 9),
      "claims a header of 100000001 bytes, 100000000 are allowed");
  raw("header length of all ones", std::string(8, '\xff') + "{}", "claims a header of 18446744073709551615 bytes");
  raw("header longer than the file", std::string("\x10\0\0\0\0\0\0\0{}", 10),
      "cut short: its header takes 16 bytes and only 2 follow");
  header("empty header", "", 0, "does not begin with {");
  header("header begins with white space", " {}", 0, "does not begin with {");
  header("header is an array", "[]", 0, "does not begin with {");
  header("broken JSON", "{\"a\":}", 0, "is not valid JSON (at byte 6 of the header)");
  header("text after the object", "{}x", 0, "is not valid JSON");
  header("unclosed", "{", 0, "is not valid JSON");
  header("not UTF-8", "{\"\xff\":1}", 0, "is not UTF-8");
  header("deep nesting", "{\"a\":" + std::string(100000, '['), 0,
         "the header entry a is an array instead of an object");

  header("metadata is text", R"({"__metadata__":"x"})", 0,
         "the header entry __metadata__ is the text \"x\" instead of an object");
  header("metadata value is a number", R"({"__metadata__":{"k":1}})", 0,
         "the metadata entry k is the number 1 instead of text");
  header("metadata value is an object", R"({"__metadata__":{"k":{}}})", 0,
         "the metadata entry k is an object instead of text");
  header("metadata twice", R"({"__metadata__":{},"__metadata__":{}})", 0, "two tensors are named __metadata__");
  header("metadata key twice", R"({"__metadata__":{"k":"1","k":"2"}})", 0, "the metadata holds k twice");

  one("entry is a number", R"("a":1)", 0, "the header entry a is the number 1 instead of an object");
  one("no name", tensor("", "F32", "1", "0,4"), 4, "a tensor has no name");
  one("control character in the name", tensor("a\\u0000b", "F32", "1", "0,4"), 4, "contains a control character");
  one("two tensors of a name", tensor("a", "U8", "1", "0,1") + "," + tensor("a", "U8", "1", "1,2"), 2,
      "two tensors are named a");
  one("no dtype", R"("a":{"shape":[1],"data_offsets":[0,1]})", 1, "tensor a has no dtype");
  one("no shape", R"("a":{"dtype":"U8","data_offsets":[0,1]})", 1, "tensor a has no shape");
  one("no offsets", R"("a":{"dtype":"U8","shape":[1]})", 1, "tensor a has no data_offsets");
  one("empty offsets", tensor("a", "U8", "1", ""), 1, "tensor a has data_offsets that are not two numbers");
  one("one offset", tensor("a", "U8", "1", "0"), 1, "tensor a has data_offsets that are not two numbers");
  one("three offsets", tensor("a", "U8", "1", "0,1,1"), 1, "tensor a has data_offsets that are not two numbers");
  one("dtype twice", R"("a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]})", 1,
      "tensor a has two values of dtype");
  one("shape twice", R"("a":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]})", 1,
      "tensor a has two values of shape");
  one("offsets twice", R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"data_offsets":[0,1]})", 1,
      "tensor a has two values of data_offsets");
  one("unknown property", R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"stride":[1]})", 1,
      "tensor a has an unknown property stride");
  one("unknown dtype", tensor("a", "F7", "1", "0,1"), 1, "tensor a has the unknown dtype F7");
  one("dtype is a number", R"("a":{"dtype":3,"shape":[1],"data_offsets":[0,1]})", 1,
      "tensor a has the number 3 as its dtype");
  one("dtype is null", R"("a":{"dtype":null,"shape":[1],"data_offsets":[0,1]})", 1, "tensor a has null as its dtype");
  one("shape is text", R"("a":{"dtype":"U8","shape":"1","data_offsets":[0,1]})", 1,
      "tensor a has the text \"1\" as its shape");
  one("negative extent", tensor("a", "U8", "-1", "0,1"), 1, "tensor a has the negative number -1 in its shape");
  one("fractional extent", tensor("a", "U8", "1.5", "0,1"), 1,
      "tensor a has 1.5, which is no whole number of 64 bits in its shape");
  one("huge extent", tensor("a", "U8", "99999999999999999999", "0,1"), 1, "no whole number of 64 bits in its shape");
  one("negative offset", tensor("a", "U8", "1", "-1,0"), 1, "tensor a has the negative number -1 in its data_offsets");
  one("array in the shape", tensor("a", "U8", "[1]", "0,1"), 1, "tensor a has an array in its shape");
  one("boolean in the shape", tensor("a", "U8", "true", "0,1"), 1, "tensor a has a boolean in its shape");

  one("size overflows", tensor("a", "F32", "4294967296,4294967296", "0,0"), 0,
      "tensor a has a shape whose size does not fit into 64 bits");
  one("size overflows by the element", tensor("a", "F64", "2305843009213693952", "0,0"), 0,
      "does not fit into 64 bits");
  one("ends before it begins", tensor("a", "U8", "1", "1,0"), 1, "tensor a ends (at 0) before it begins (at 1)");
  one("range too small", tensor("a", "F32", "2,3", "0,23"), 23,
      "tensor a takes 24 bytes by its shape [2, 3] of F32, but its data_offsets span 23");
  one("range too large", tensor("a", "F16", "2,3", "0,24"), 24,
      "tensor a takes 12 bytes by its shape [2, 3] of F16, but its data_offsets span 24");
  one("overlap", tensor("a", "U8", "4", "0,4") + "," + tensor("b", "U8", "4", "3,7"), 7, "tensors a and b overlap");
  one("same range twice", tensor("a", "U8", "4", "0,4") + "," + tensor("b", "U8", "4", "0,4"), 4, "overlap");
  one("hole at the beginning", tensor("a", "U8", "4", "2,6"), 6, "2 bytes before tensor a belong to no tensor");
  one("hole in the middle", tensor("a", "U8", "4", "0,4") + "," + tensor("b", "U8", "1", "7,8"), 8,
      "3 bytes before tensor b belong to no tensor");
  one("trailing bytes", tensor("a", "U8", "4", "0,4"), 9, "5 bytes after the last tensor belong to no tensor");
  one("data cut short", tensor("a", "U8", "4", "0,4"), 3,
      "cut short: tensor a ends at byte 4 of the data, but there are only 3");
  header("data without tensors", "{}", 3, "3 bytes after the last tensor belong to no tensor");
}

void TestSafetensors::refusesCraftedFiles() {
  QFETCH(QByteArray, content);
  QFETCH(QString, sentence);
  const TemporaryFolder folder;
  const auto path = folder / "crafted.safetensors";
  writeFile(path, content.toStdString());
  const bool unknownDType = sentence.contains("unknown dtype");
  EXPECT_ERROR(readSafetensors(path), unknownDType ? ErrorKind::Unsupported : ErrorKind::Malformed,
               sentence.toStdString());
  EXPECT_ERROR(readSafetensors(path), unknownDType ? ErrorKind::Unsupported : ErrorKind::Malformed, path.string());
}

void TestSafetensors::refusesTruncationAtEveryByte() {
  const TemporaryFolder folder;
  const std::vector<SmallTensor> tensors{randomTensor("a.weight", {2, 3}),
                                         randomTensor("b.weight", {1, 4}, 1, DType::BF16)};
  writeTensors(folder / "whole.safetensors", tensors);
  const std::string whole = readFile(folder / "whole.safetensors");
  QCOMPARE(readSafetensors(folder / "whole.safetensors").tensors.size(), std::size_t{2});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    writeFile(folder / "cut.safetensors", whole.substr(0, length));
    EXPECT_ERROR(readSafetensors(folder / "cut.safetensors"), ErrorKind::Malformed, "cut.safetensors");
  }
}

void TestSafetensors::survivesEveryByteChanged() {
  const TemporaryFolder folder;
  writeTensors(folder / "whole.safetensors",
               std::vector{randomTensor("a.weight", {2, 3}), randomTensor("b", {3}, 1, DType::F16)});
  const std::string whole = readFile(folder / "whole.safetensors");
  const std::size_t data = 4 * 6 + 2 * 3;
  int refused = 0, accepted = 0;
  for (std::size_t i = 0; i < whole.size() - data; ++i)
    for (const char change : {'\x01', '\x10', '\x80'}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ change);
      writeFile(folder / "damaged.safetensors", damaged);
      try {
        const SafetensorsFile file = readSafetensors(folder / "damaged.safetensors");
        ++accepted; // a letter of a name or of the metadata
        std::size_t covered = 0;
        for (const TensorView& view : file.tensors) covered += view.bytes.size();
        QCOMPARE(covered, data);
      } catch (const Error&) {
        ++refused;
      }
    }
  QVERIFY(refused > 3 * accepted);
}

void TestSafetensors::randomFilesRoundTrip() {
  const TemporaryFolder folder;
  constexpr DType kTypes[]{DType::F64, DType::F32, DType::F16,  DType::BF16,   DType::I64,
                           DType::I32, DType::I16, DType::I8,   DType::U64,    DType::U32,
                           DType::U16, DType::U8,  DType::Bool, DType::F8E4M3, DType::F8E5M2};
  std::mt19937 random(7);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
  for (int round = 0; round < 80; ++round) {
    std::vector<TensorSpec> specs(below(12));
    for (std::size_t i = 0; i < specs.size(); ++i) {
      specs[i] = {fmt::format("t{}.\"\\ü{}", below(1000), i), kTypes[below(std::size(kTypes))], {}};
      for (std::size_t d = below(4); d > 0; --d) specs[i].shape.push_back(below(6));
    }
    Metadata metadata;
    for (std::size_t i = below(3); i > 0; --i) metadata[fmt::format("k{}\n", i)] = fmt::format("\"{}\"", below(100));
    const auto path = folder / fmt::format("{}.safetensors", round);
    std::map<std::string, std::vector<std::byte>> written;
    SafetensorsWriter writer(path, specs, metadata);
    for (auto spec = specs.rbegin(); spec != specs.rend(); ++spec) {
      std::vector<std::byte>& bytes = written[spec->name] = std::vector<std::byte>(tensorBytes(*spec));
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
      const std::size_t cut = bytes.empty() ? 0 : below(bytes.size());
      writer.write(spec->name, std::span(bytes).subspan(cut), cut);
      writer.write(spec->name, std::span(bytes).first(cut));
    }
    writer.finish();

    const SafetensorsFile file = readSafetensors(path);
    QVERIFY(file.metadata == metadata);
    QCOMPARE(file.tensors.size(), specs.size());
    QCOMPARE(std::filesystem::file_size(path), writer.fileBytes());
    for (const TensorSpec& spec : specs) {
      const auto found = std::ranges::find(file.tensors, spec.name, &TensorView::name);
      QVERIFY(found != file.tensors.end());
      QVERIFY(found->dtype == spec.dtype && found->shape == spec.shape);
      QVERIFY(std::ranges::equal(found->bytes, written[spec.name]));
      QCOMPARE(reinterpret_cast<std::uintptr_t>(found->bytes.data()) % byteSize(spec.dtype), std::uintptr_t{0});
    }
  }
}

void TestSafetensors::headerIsDeterministicAndAligned() {
  const std::vector<TensorSpec> specs{{"b", DType::I8, {3}}, {"a", DType::F32, {2, 1}}};
  const SafetensorsLayout layout = layOutSafetensors(specs, {{"format", "pt"}});
  const std::string json = R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
                           R"("b":{"dtype":"I8","shape":[3],"data_offsets":[8,11]}})";
  QCOMPARE(layout.header.size() % 8, std::size_t{0});
  QCOMPARE(layout.header.substr(8, json.size()), json);
  QCOMPARE(layout.header.find_first_not_of(' ', 8 + json.size()), std::string::npos);
  QCOMPARE(layout.offsets[1], layout.header.size());
  QCOMPARE(layout.offsets[0], layout.header.size() + 8);
  QCOMPARE(layout.fileBytes, layout.header.size() + 11);
}

void TestSafetensors::writerRefuses() {
  const TemporaryFolder folder;
  const std::vector<TensorSpec> twice{{"a", DType::F32, {1}}, {"a", DType::F32, {1}}};
  EXPECT_ERROR(layOutSafetensors(twice), ErrorKind::BadRequest, "two tensors to be written are named a");
  EXPECT_ERROR(layOutSafetensors(std::vector<TensorSpec>{{"", DType::F32, {1}}}), ErrorKind::BadRequest,
               "cannot be named");
  EXPECT_ERROR(layOutSafetensors(std::vector<TensorSpec>{{"__metadata__", DType::F32, {1}}}), ErrorKind::BadRequest,
               "cannot be named");
  EXPECT_ERROR(layOutSafetensors(std::vector<TensorSpec>{{"\xff", DType::F32, {1}}}), ErrorKind::BadRequest,
               "not UTF-8");
  EXPECT_ERROR(layOutSafetensors(std::vector<TensorSpec>{{"a", DType::F32, {1ull << 62}}}), ErrorKind::BadRequest,
               "tensor a is too large");
  SafetensorsWriter writer(folder / "x.safetensors", {{"a", DType::F32, {2}}});
  const std::vector<std::byte> bytes(8);
  EXPECT_ERROR(writer.write("b", bytes), ErrorKind::BadRequest, "b was not announced");
  EXPECT_ERROR(writer.write("a", bytes, 1), ErrorKind::BadRequest, "more bytes than tensor a");
  EXPECT_ERROR(writer.finish(), ErrorKind::Unwritable, "tensor a was not written in full");
  EXPECT_ERROR(SafetensorsWriter(folder / "missing" / "x.safetensors", {}), ErrorKind::Unwritable,
               "missing/x.safetensors");
}

void TestSafetensors::writerRemovesUnfinishedFile() {
  const TemporaryFolder folder;
  { const SafetensorsWriter writer(folder / "x.safetensors", {{"a", DType::F32, {2}}}); }
  QVERIFY(!std::filesystem::exists(folder / "x.safetensors"));
}

void TestSafetensors::writerNeverReplacesAFile() {
  const TemporaryFolder folder;
  writeFile(folder / "x.safetensors", "precious");
  EXPECT_ERROR(SafetensorsWriter(folder / "x.safetensors", {{"a", DType::F32, {2}}}), ErrorKind::Unwritable,
               "x.safetensors");
  QCOMPARE(readFile(folder / "x.safetensors"), std::string("precious"));
}

void TestSafetensors::writesFromManyThreads() {
  const TemporaryFolder folder;
  std::vector<TensorSpec> specs;
  for (int i = 0; i < 8; ++i) specs.push_back({fmt::format("t{}", i), DType::U8, {1000}});
  SafetensorsWriter writer(folder / "x.safetensors", specs);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&, i] {
        const std::vector<std::byte> part(10, static_cast<std::byte>(i + 1));
        for (std::size_t at = 0; at < 1000; at += 10) writer.write(fmt::format("t{}", i), part, at);
      });
  }
  writer.finish();
  const SafetensorsFile file = readSafetensors(folder / "x.safetensors");
  for (std::size_t i = 0; i < 8; ++i)
    QVERIFY(std::ranges::all_of(file.tensors[i].bytes,
                                [&](std::byte byte) { return byte == static_cast<std::byte>(i + 1); }));
}

RANKSCOPE_TEST_MAIN(TestSafetensors)
#include "tst_safetensors.moc"
