// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/test_main.h"

#include <cstring>

#include <sys/stat.h>

#include "core/base/error.h"
#include "core/tensor/mapped_file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary.h"

using namespace rankscope;
using namespace rankscope::test;

namespace {

std::string text(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

} // namespace

class TestMappedFile : public QObject {
  Q_OBJECT

 private slots:
  void mapsWholeFile();
  void mapsEmptyFile();
  void stillReadableAfterHintsAndRemoval();
  void namesWhatItCannotOpen();
};

void TestMappedFile::mapsWholeFile() {
  const TemporaryFolder folder;
  writeFile(folder / "file", "some bytes");
  const auto file = MappedFile::open(folder / "file");
  QCOMPARE(text(*file), std::string("some bytes"));
  QCOMPARE(file->path(), folder / "file");
}

void TestMappedFile::mapsEmptyFile() {
  const TemporaryFolder folder;
  writeFile(folder / "file", "");
  QVERIFY(MappedFile::open(folder / "file")->bytes().empty());
}

void TestMappedFile::stillReadableAfterHintsAndRemoval() {
  const TemporaryFolder folder;
  std::string content(100'000, 'x');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31);
  writeFile(folder / "file", content);
  const auto file = MappedFile::open(folder / "file");
  std::filesystem::remove(folder / "file");
  for (const auto part :
       {file->bytes(), file->bytes().subspan(5, 70'000), file->bytes().subspan(99'999), file->bytes().first(0)}) {
    file->prefetch(part);
    file->release(part);
  }
  QCOMPARE(text(*file), content);
}

void TestMappedFile::namesWhatItCannotOpen() {
  const TemporaryFolder folder;
  EXPECT_ERROR(MappedFile::open(folder / "missing"), ErrorKind::NotFound, (folder / "missing").string());
  EXPECT_ERROR(MappedFile::open(folder.path()), ErrorKind::Unreadable, "is not a regular file");
  QVERIFY(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  EXPECT_ERROR(MappedFile::open(folder / "pipe"), ErrorKind::Unreadable, "is not a regular file");
}

RANKSCOPE_TEST_MAIN(TestMappedFile)
#include "tst_mapped_file.moc"
