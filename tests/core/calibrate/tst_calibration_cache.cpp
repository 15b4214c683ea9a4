// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/calibration_cache.h"

#include <fstream>

#include "core/base/error.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"
#include "tests/support/token_sequences.h"

using namespace rankscope;
using test::SmallFamily;
namespace fs = std::filesystem;

namespace {

double distance(const Calibration& a, const Calibration& b) {
  double most = a.layers.size() == b.layers.size() ? 0 : 1e9;
  for (const auto& [layer, ignored] : a.layers) {
    const Moments x = a.at(layer), y = b.at(layer);
    most = std::max({most, (*x.inputs - *y.inputs).norm() / x.inputs->norm(),
                     (*x.inputMean - *y.inputMean).norm() / x.inputMean->norm(),
                     (x.gradients - y.gradients).norm() / x.gradients.norm()});
  }
  return most;
}

std::vector<fs::path> files(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) found.push_back(entry.path());
  return found;
}

} // namespace

class TestCalibrationCache final : public QObject {
  Q_OBJECT

 private slots:
  void givesBackWhatWasMeasured();
  void goesInGroupsWhereMemoryIsShort();
  void damageAndOtherOptionsAreMisses();
  void staysBelowItsLimit();
};

void TestCalibrationCache::givesBackWhatWasMeasured() {
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", SmallFamily::Llama)));
  const CalibrationCache cache(folder / "cache");
  const Calibration direct = calibrate(model, test::tokenSequences(8, 16, 5));
  QVERIFY(distance(direct, calibrateCached(model, test::tokenSequences(8, 16, 5), {}, cache)) == 0);
  int reports = 0;
  const Progress progress(std::stop_token(), [&](double, std::string_view) { ++reports; });
  const Calibration again =
      calibrateCached(model, test::tokenSequences(8, 16, 5), {}, cache, std::uint64_t{2} << 30, progress);
  QCOMPARE(reports, 1); // nothing was run
  QVERIFY(distance(direct, again) == 0);
  QCOMPARE(again.tokens, direct.tokens);
  QCOMPARE(again.coversWidth(), direct.coversWidth());
}

/// No memory at all: block by block, everything lies in the cache.
void TestCalibrationCache::goesInGroupsWhereMemoryIsShort() {
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", SmallFamily::GptNeo)));
  QVERIFY(momentBytes(model, 0, true) > momentBytes(model, 0, false));
  const Calibration calibration =
      calibrateCached(model, test::tokenSequences(8, 16, 5), {}, CalibrationCache(folder / "cache"), 1);
  for (const auto& [layer, moments] : calibration.layers) QVERIFY(!moments.inputs);
  QVERIFY(distance(calibrate(model, test::tokenSequences(8, 16, 5)), calibration) == 0);
  QVERIFY_THROWS_EXCEPTION(Error,
                           calibrateCached(model, test::tokenSequences(8, 16, 5), {}, CalibrationCache(fs::path()), 1));
}

void TestCalibrationCache::damageAndOtherOptionsAreMisses() {
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", SmallFamily::Llama)));
  const CalibrationCache cache(folder / "cache");
  const Calibration direct = calibrateCached(model, test::tokenSequences(8, 16, 5), {}, cache);
  for (const fs::path& file : files(folder / "cache")) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(40);
    stream.put('x');
  }
  QVERIFY(distance(direct, calibrateCached(model, test::tokenSequences(8, 16, 5), {}, cache)) == 0);
  for (const fs::path& file : files(folder / "cache")) fs::resize_file(file, 12);
  QVERIFY(distance(direct, calibrateCached(model, test::tokenSequences(8, 16, 5), {}, cache)) == 0);
  CalibrationOptions other;
  other.seed = 2;
  QVERIFY(CalibrationCache::keyOf(model, test::tokenSequences(8, 16, 5), {}) !=
          CalibrationCache::keyOf(model, test::tokenSequences(8, 16, 5), other));
  auto text = test::tokenSequences(8, 16, 5);
  text[3][2] ^= 1;
  QVERIFY(CalibrationCache::keyOf(model, test::tokenSequences(8, 16, 5), {}) !=
          CalibrationCache::keyOf(model, text, {}));
}

void TestCalibrationCache::staysBelowItsLimit() {
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", SmallFamily::Llama)));
  const CalibrationCache cache(folder / "cache", 1);
  calibrateCached(model, test::tokenSequences(8, 16, 5), {}, cache);
  const std::size_t one = files(folder / "cache").size();
  QVERIFY(one > 0);
  CalibrationOptions other;
  other.seed = 2;
  calibrateCached(model, test::tokenSequences(8, 16, 5), other, cache);
  QCOMPARE(files(folder / "cache").size(), one);
  cache.prune();
  QVERIFY(files(folder / "cache").empty());
}

RANKSCOPE_TEST_MAIN(TestCalibrationCache)
#include "tst_calibration_cache.moc"
