// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/test_main.h"

#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

#include <csignal>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
  void goesOnWhenTheFileIsReplaced();
  void saysThatTheFileWasWrittenTo();
  void survivesAFileCutShort();
  void leavesOtherBusErrorsAlone();
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

void TestMappedFile::goesOnWhenTheFileIsReplaced() {
  const TemporaryFolder folder;
  writeFile(folder / "file", "some bytes");
  const auto file = MappedFile::open(folder / "file");
  file->checkUnchanged();
  writeFile(folder / "other", "more bytes than before");
  std::filesystem::rename(folder / "other", folder / "file");
  file->checkUnchanged();
  QCOMPARE(text(*file), std::string("some bytes"));
}

void TestMappedFile::saysThatTheFileWasWrittenTo() {
  const TemporaryFolder folder;
  writeFile(folder / "file", "some bytes");
  const auto file = MappedFile::open(folder / "file");
  const auto before = std::filesystem::last_write_time(folder / "file");
  writeFile(folder / "file", "SOME BYTES");
  std::filesystem::last_write_time(folder / "file", before + std::chrono::seconds(1));
  EXPECT_ERROR(file->checkUnchanged(), ErrorKind::Changed, (folder / "file").string() + " was written to");
}

void TestMappedFile::survivesAFileCutShort() {
  const TemporaryFolder folder;
  const std::string content(1 << 20, 'x');
  writeFile(folder / "file", content);
  writeFile(folder / "sound", content);
  const auto sound = MappedFile::open(folder / "sound");
  { MappedFile::open(folder / "sound"); } // its watch is free to be used again
  const auto file = MappedFile::open(folder / "file");
  std::filesystem::resize_file(folder / "file", 5000);
  std::vector<std::thread> threads;
  std::vector<std::ptrdiff_t> kept(4);
  for (std::ptrdiff_t& count : kept)
    threads.emplace_back([&] { count = std::ranges::count(file->bytes(), static_cast<std::byte>('x')); });
  for (std::thread& thread : threads) thread.join();
  for (const std::ptrdiff_t count : kept) QCOMPARE(count, std::ptrdiff_t{5000});
  EXPECT_ERROR(file->checkUnchanged(), ErrorKind::Changed, "it held 1048576 bytes and now holds 5000");

  writeFile(folder / "file", content); // of the old size again: what was read in between is still not what it was
  std::filesystem::last_write_time(folder / "file", std::filesystem::last_write_time(folder / "sound"));
  EXPECT_ERROR(file->checkUnchanged(), ErrorKind::Changed, (folder / "file").string());
  sound->checkUnchanged();
}

void TestMappedFile::leavesOtherBusErrorsAlone() {
  const TemporaryFolder folder;
  writeFile(folder / "file", "some bytes");
  writeFile(folder / "foreign", std::string(100'000, 'x'));
  const auto file = MappedFile::open(folder / "file");
  const pid_t child = ::fork();
  if (child == 0) {
    for (const int output : {1, 2}) ::dup2(::open("/dev/null", O_WRONLY), output); // a crash handler has much to say
    const int descriptor = ::open((folder / "foreign").c_str(), O_RDWR);
    const auto* bytes = static_cast<const volatile char*>(::mmap(nullptr, 100'000, PROT_READ, MAP_SHARED, descriptor, 0));
    if (::ftruncate(descriptor, 0) == 0) (void)bytes[50'000];
    ::_exit(0);
  }
  int status = 0;
  QCOMPARE(::waitpid(child, &status, 0), child);
  QVERIFY(!WIFEXITED(status) || WEXITSTATUS(status) != 0); // by the signal, or as a sanitizer ends it
}

RANKSCOPE_TEST_MAIN(TestMappedFile)
#include "tst_mapped_file.moc"
