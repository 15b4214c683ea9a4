// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/spectrum/spectrum_cache.h"

#include <thread>

#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;
namespace fs = std::filesystem;

static SpectrumCache::Key keyNamed(const std::string& hash) {
  return {hash, DType::BF16, 3, 5};
}
static SpectrumCache::Entry someEntry(double first = 4) {
  return {Spectrum(3, 5, {first, 2, 0.1}), {.largest = 3.5, .kurtosis = 7.25}};
}

static std::vector<fs::path> filesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files.push_back(entry.path());
  return files;
}

class TestSpectrumCache : public QObject {
  Q_OBJECT

 private slots:
  void whatWasSavedIsFound() {
    const test::TemporaryFolder folder;
    const SpectrumCache cache(folder.path());
    QVERIFY(!cache.load(keyNamed("abc")));
    cache.save(keyNamed("abc"), someEntry());
    const auto found = SpectrumCache(folder.path()).load(keyNamed("abc"));
    QVERIFY(found);
    QCOMPARE(found->spectrum.sigma(), (std::vector<double>{4, 2, 0.1}));
    QCOMPARE(found->spectrum.cols(), 5);
    QCOMPARE(found->entries.largest, 3.5);
    QCOMPARE(found->entries.kurtosis, 7.25);
  }

  void shapeAndTypeBelongToTheKey() {
    const test::TemporaryFolder folder;
    const SpectrumCache cache(folder.path());
    cache.save(keyNamed("abc"), someEntry());
    QVERIFY(!cache.load({"abc", DType::F16, 3, 5}));
    QVERIFY(!cache.load({"abc", DType::BF16, 5, 3}));
    QVERIFY(!cache.load({"abd", DType::BF16, 3, 5}));
  }

  void everyDamagedByteIsNoticedAndCleared() {
    const test::TemporaryFolder folder;
    const SpectrumCache cache(folder.path());
    cache.save(keyNamed("abc"), someEntry());
    const fs::path file = filesIn(folder.path()).front();
    const std::string sound = test::readFile(file);
    for (std::size_t i = 0; i < sound.size(); ++i) {
      std::string damaged = sound;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
      test::writeFile(file, damaged);
      QVERIFY(!cache.load(keyNamed("abc")));
      QVERIFY(!fs::exists(file));
    }
    for (std::size_t size = 0; size < sound.size(); ++size) {
      test::writeFile(file, sound.substr(0, size));
      QVERIFY(!cache.load(keyNamed("abc")));
    }
    test::writeFile(file, sound);
    QVERIFY(cache.load(keyNamed("abc")));
  }

  void leastRecentlyUsedGoesFirst() {
    const test::TemporaryFolder folder;
    const SpectrumCache cache(folder.path(), 250); // an entry takes 72 bytes
    for (const char* hash : {"a", "b", "c", "d", "e"}) {
      cache.save(keyNamed(hash), someEntry());
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    QVERIFY(cache.load(keyNamed("a")));
    cache.prune();
    QCOMPARE(filesIn(folder.path()).size(), std::size_t(3));
    QVERIFY(cache.load(keyNamed("a")));
    QVERIFY(!cache.load(keyNamed("b")));
    QVERIFY(!cache.load(keyNamed("c")));
    QVERIFY(cache.load(keyNamed("e")));
  }

  void concurrentWritersNeverShowHalfAFile() {
    const test::TemporaryFolder folder;
    std::vector<std::thread> threads;
    std::atomic<int> wrong = 0;
    for (int writer = 0; writer < 4; ++writer)
      threads.emplace_back([&] {
        const SpectrumCache cache(folder.path());
        for (int i = 0; i < 200; ++i) {
          cache.save(keyNamed("shared"), someEntry());
          const auto found = cache.load(keyNamed("shared"));
          if (!found || found->spectrum.sigma() != std::vector<double>{4, 2, 0.1}) ++wrong;
        }
      });
    for (auto& thread : threads) thread.join();
    QCOMPARE(wrong.load(), 0);
    QCOMPARE(filesIn(folder.path()).size(), std::size_t(1));
  }

  void noFolderAndUnwritableFolderAreHarmless() {
    const SpectrumCache none{fs::path()};
    none.save(keyNamed("abc"), someEntry());
    QVERIFY(!none.load(keyNamed("abc")));
    none.prune();
    const test::TemporaryFolder folder;
    test::writeFile(folder / "file", "in the way");
    const SpectrumCache blocked(folder / "file");
    blocked.save(keyNamed("abc"), someEntry());
    QVERIFY(!blocked.load(keyNamed("abc")));
    blocked.prune();
  }

  void folderFollowsTheEnvironment() {
    const QByteArray before = qgetenv("RANKSCOPE_CACHE_DIR");
    qputenv("RANKSCOPE_CACHE_DIR", "/somewhere");
    QCOMPARE(userCacheFolder(), fs::path("/somewhere"));
    qputenv("RANKSCOPE_CACHE_DIR", "");
    QVERIFY(userCacheFolder().empty());
    qunsetenv("RANKSCOPE_CACHE_DIR");
    qputenv("XDG_CACHE_HOME", "/caches");
    QCOMPARE(userCacheFolder(), fs::path("/caches/rankscope"));
    qunsetenv("XDG_CACHE_HOME");
    qputenv("HOME", "/home/someone");
    QCOMPARE(userCacheFolder(), fs::path("/home/someone/.cache/rankscope"));
    qputenv("RANKSCOPE_CACHE_DIR", before);
  }
};

RANKSCOPE_TEST_MAIN(TestSpectrumCache)
#include "tst_spectrum_cache.moc"
