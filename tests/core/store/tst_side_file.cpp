// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/side_file.h"

#include "core/base/error.h"
#include "core/store/content_hash.h"
#include "run_fixtures.h"
#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::test;

class TestSideFile final : public QObject {
  Q_OBJECT

 private slots:
  void comesBack();
  void everyTruncation();
  void everyFlippedByte();
  void newerVersion();
  void listed();
  void hash();

 private:
  std::filesystem::path write() const {
    const auto path = sideFilePath(m_folder.path(), 7);
    writeSideFile(path, {{{"kind", "test"}, {"value", 0.1}},
                         {{"a", std::as_bytes(std::span(m_a))}, {"b", {}}, {"c", std::as_bytes(std::span(m_c))}},
                         {}});
    return path;
  }

  TemporaryFolder m_folder;
  std::vector<float> m_a{1.5f, -2, 1e-30f};
  std::string m_c = "odd";
};

void TestSideFile::comesBack() {
  const auto record = readSideFile(write());
  QVERIFY(record.has_value());
  QCOMPARE(record->header["kind"].get<std::string>(), std::string("test"));
  QCOMPARE(record->header["value"].get<double>(), 0.1);
  QVERIFY(std::ranges::equal(record->arrays.at("a"), std::as_bytes(std::span(m_a))));
  QVERIFY(record->arrays.at("b").empty());
  QVERIFY(std::ranges::equal(record->arrays.at("c"), std::as_bytes(std::span(m_c))));
  QVERIFY(!readSideFile(m_folder / "absent.part"));
  QVERIFY(!std::filesystem::exists(m_folder / "000000000007.part.new"));
}

void TestSideFile::everyTruncation() {
  const auto path = write();
  const std::string whole = readFile(path);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    writeFile(path, whole.substr(0, size));
    QVERIFY(!readSideFile(path));
  }
}

void TestSideFile::everyFlippedByte() {
  const auto path = write();
  const std::string whole = readFile(path);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    writeFile(path, bad);
    QVERIFY(!readSideFile(path));
  }
}

void TestSideFile::newerVersion() {
  const auto path = write();
  std::string later = readFile(path);
  later[8] = 2;
  later.resize(later.size() - 16);
  ContentHash hash;
  hash.add(std::as_bytes(std::span(later)));
  for (const std::byte byte : hash.digest()) later += static_cast<char>(byte);
  writeFile(path, later);
  QVERIFY(errorOf([&] { readSideFile(path); }) == ErrorKind::Unsupported);
}

void TestSideFile::listed() {
  write();
  for (const char* name : {"000000000012.part", "9.part", "x.part", "12.part.new", "merging.h5", "lock"})
    writeFile(m_folder / name, "");
  QVERIFY((listSideFiles(m_folder.path()) == std::vector<std::uint64_t>{7, 9, 12}));
  QVERIFY(listSideFiles(m_folder / "absent").empty());
}

/// Against the value that xxhsum -H2 prints.
void TestSideFile::hash() {
  QCOMPARE(contentHash({}), std::string("99aa06d3014798d86001c324468d497f"));
}

RANKSCOPE_TEST_MAIN(TestSideFile)
#include "tst_side_file.moc"
