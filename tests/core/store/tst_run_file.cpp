// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/run_file.h"

#include <filesystem>
#include <thread>

#include <sys/resource.h>
#include <sys/wait.h>
#include <csignal>
#include <unistd.h>

#include "core/base/error.h"
#include "run_fixtures.h"
#include "tests/support/python.h"
#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::test;
namespace fs = std::filesystem;

class TestRunFile final : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase();
  void existsFromTheStart();
  void keepsEveryStorage();
  void keepsFactorsOverMerges();
  void keepsWordsAndErrors();
  void laterRecordsSupersede();
  void nothingOfOtherContentStays();
  void finishedOnlyForTheSameSettings();
  void oddNames();
  void refusesOtherModels();
  void refusesWhatIsNoRun();
  void truncatedFiles();
  void flippedBits();
  void newerVersion();
  void oneWriter();
  void openElsewhere();
  void fullDisk();
  void manyThreads();
  void readingWhileWriting();
  void copies();
  void killedAnywhere();
  void kindsReplaceEachOther();
  void basesReadByPython();
  void readByPython();
  void keepsWhatOthersAdd();

 private:
  const LayerInfo& layer(std::size_t i) const { return m_model->layers()[i]; }
  fs::path fresh(const char* name) const { return m_folder / name; }
  std::unique_ptr<RunFile> open(const fs::path& path) const { return RunFile::open(path, *m_model); }

  TemporaryFolder m_folder;
  std::shared_ptr<const Checkpoint> m_model;
};

void TestRunFile::initTestCase() {
  m_model = openCheckpoint(writeSmallModel(m_folder / "model", SmallFamily::GptNeo));
  QVERIFY(m_model->layers().size() > 10);
}

void TestRunFile::existsFromTheStart() {
  const fs::path path = fresh("start.h5");
  const auto run = open(path);
  QVERIFY(looksLikeRunFile(path));
  const RunContents contents = readRun(path);
  QCOMPARE(contents.layers.size(), m_model->layers().size());
  for (std::size_t i = 0; i < contents.layers.size(); ++i) {
    const LayerRecord& record = contents.layers[i];
    QCOMPARE(record.name, layer(i).name);
    QCOMPARE(record.rows, layer(i).rows);
    QCOMPARE(record.cols, layer(i).cols);
    QVERIFY(record.role == layer(i).role && record.block == layer(i).block && record.dtype == layer(i).dtype);
    QVERIFY(record.singularValues.empty() && !record.compression && record.contentHash.empty());
  }
  QCOMPARE(contents.model.path, m_model->path());
  QCOMPARE(contents.model.bytes, m_model->bytes());
  QCOMPARE(contents.model.architecture, std::string("gpt-neo"));
  QCOMPARE(contents.created.size(), std::size_t{20});
  QCOMPARE(contents.programVersion, std::string(RANKSCOPE_VERSION));
}

void TestRunFile::keepsEveryStorage() {
  std::vector<LayerChoice> choices = allChoices(7);
  for (LayerChoice& choice : baseChoices(7)) choices.push_back(std::move(choice));
  for (std::size_t c = 0; c < choices.size(); ++c) {
    const fs::path path = fresh("storage.h5");
    fs::remove(path);
    const CompressedLayer before = compressed(layer(5), choices[c], static_cast<unsigned>(c));
    {
      const auto run = open(path);
      run->record(before);
      const auto at = run->finished(before.layer, "0011", choices[c]);
      QVERIFY(at && sameStored(at->stored, before.stored));
    }
    const auto run = open(path);
    const auto after = run->finished(before.layer, "0011", choices[c]);
    QVERIFY(after.has_value());
    QVERIFY(sameStored(after->stored, before.stored));
    QCOMPARE(after->quality.cosine, before.quality.cosine);
    QCOMPARE(after->quality.relativeError, before.quality.relativeError);
    QCOMPARE(after->predictedCosine, before.predictedCosine);
    QCOMPARE(after->bytesAfter, before.bytesAfter);
    QVERIFY(after->choice == choices[c]);
  }
}

void TestRunFile::keepsFactorsOverMerges() {
  const fs::path path = fresh("merges.h5");
  const LayerChoice choice{5, {Storage::Int8, ScaleAxis::PerRow, 32}, {Storage::Int8}};
  const CompressedLayer first = compressed(layer(1), choice, 1);
  const CompressedLayer second = compressed(layer(2), choice, 2);
  const auto run = open(path);
  run->record(first);
  run->finish();
  run->record(second);
  run->record(analysed(layer(1), 9));
  run->finish();
  QVERIFY(!fs::exists(path.string() + ".parts/000000000001.part"));
  QVERIFY(sameFactors(run->finished(first.layer, "0011", choice)->stored.factors, first.stored.factors));
  QVERIFY(sameFactors(run->finished(second.layer, "0011", choice)->stored.factors, second.stored.factors));
  QVERIFY(run->spectrum(layer(1).name, "0011")->sigma() == analysed(layer(1), 9).spectrum->sigma());
  QVERIFY(!run->spectrum(layer(1).name, "0012"));
  QVERIFY(!run->spectrum(layer(2).name, "0011"));
}

void TestRunFile::keepsWordsAndErrors() {
  const fs::path path = fresh("words.h5");
  RankPlan plan;
  plan.rules.push_back({Rule::Syntax::Glob, "*attn*", UseRank{4}});
  plan.overrides["transformer.h.0.mlp.c_fc.weight"] = std::nullopt;
  const std::map<std::string, std::string, std::less<>> snapshots{{"before / lunch", "{\"a\":1}"},
                                                                  {"mit Grüßen", "{}"}};
  AnalysedLayer unreadable;
  unreadable.layer = layer(0).id;
  unreadable.contentHash = "77";
  unreadable.error = "NaN at row 3";
  CompressedLayer failed = compressed(layer(0), {}, 0, "77");
  failed.choice.rank = 3;
  failed.error = "layer has a NaN";
  failed.quality = {std::nan(""), std::nan("")};
  {
    const auto run = open(path);
    run->setPlan(plan);
    run->setSnapshots({{"old", "{}"}});
    run->setSnapshots(snapshots);
    QCOMPARE(run->addEvaluation("{\"perplexity\":4.5}"), 1);
    QCOMPARE(run->addEvaluation("{\"perplexity\":5.5}"), 2);
    run->record(unreadable);
    run->record(failed);
    run->finish();
    QCOMPARE(run->addEvaluation("{}"), 3);
  }
  const RunContents contents = readRun(path);
  QVERIFY(parsePlan(contents.planJson, "test") == plan);
  QVERIFY(contents.snapshots == snapshots);
  QCOMPARE(contents.evaluations.size(), std::size_t{3});
  QCOMPARE(contents.evaluations.at("2"), std::string("{\"perplexity\":5.5}"));
  QCOMPARE(contents.layers[0].spectrumError, unreadable.error);
  QCOMPARE(contents.layers[0].compression->error, failed.error);
  QVERIFY(std::isnan(contents.layers[0].compression->quality.cosine));
  QVERIFY(!contents.layers[0].compression->hasFactors);
  const auto again = open(path)->finished(failed.layer, "77", failed.choice);
  QVERIFY(again && again->error == failed.error && !again->stored.factors);
}

void TestRunFile::laterRecordsSupersede() {
  const fs::path path = fresh("later.h5");
  const LayerChoice small{3, {Storage::F16}, {Storage::F16}};
  const LayerChoice large{9, {Storage::Int4, ScaleAxis::PerRow, 32}, {Storage::Int4}};
  const CompressedLayer last = compressed(layer(4), large, 5);
  {
    const auto run = open(path);
    run->record(compressed(layer(4), small, 1));
    run->finish();
    run->record(last);
    QVERIFY(!run->finished(layer(4).id, "0011", small));
  }
  {
    const auto run = open(path);
    QVERIFY(sameFactors(run->finished(layer(4).id, "0011", large)->stored.factors, last.stored.factors));
    run->record(compressed(layer(4), {}, 0));
  }
  const RunContents contents = readRun(path);
  QVERIFY(!contents.layers[4].compression->hasFactors && !contents.layers[4].compression->choice.rank);
}

void TestRunFile::nothingOfOtherContentStays() {
  const fs::path path = fresh("content.h5");
  const LayerChoice choice{3, {Storage::F16}, {Storage::F16}};
  const auto run = open(path);
  run->record(analysed(layer(3), 1, "aa"));
  run->record(compressed(layer(3), choice, 1, "aa"));
  run->finish();
  run->record(analysed(layer(3), 2, "bb"));
  QVERIFY(!run->finished(layer(3).id, "aa", choice));
  QVERIFY(!run->finished(layer(3).id, "bb", choice));
  QVERIFY(!run->contents().layers[3].compression);
  run->finish();
  QVERIFY(!readRun(path).layers[3].compression);
  QCOMPARE(readRun(path).layers[3].contentHash, std::string("bb"));
}

void TestRunFile::finishedOnlyForTheSameSettings() {
  const auto run = open(fresh("same.h5"));
  const LayerChoice choice{6, {Storage::Int8}, {Storage::Int8, ScaleAxis::PerColumn}};
  run->record(compressed(layer(2), choice, 1));
  QVERIFY(run->finished(layer(2).id, "0011", choice));
  QVERIFY(!run->finished(layer(2).id, "0012", choice));
  QVERIFY(!run->finished(layer(3).id, "0011", choice));
  for (const LayerChoice& other :
       {LayerChoice{5, choice.formatA, choice.formatB}, LayerChoice{6, {Storage::Int4}, choice.formatB},
        LayerChoice{6, choice.formatA, choice.formatA},
        LayerChoice{6, {Storage::Int8, ScaleAxis::PerRow, 32}, choice.formatB},
        LayerChoice{std::nullopt, choice.formatA, choice.formatB}})
    QVERIFY(!run->finished(layer(2).id, "0011", other));
  run->record(compressed(layer(3), {std::nullopt, {Storage::Int8}, {}}, 1));
  QVERIFY(run->finished(layer(3).id, "0011", {std::nullopt, {Storage::F16}, {}})); // dense is dense
}

void TestRunFile::oddNames() {
  std::vector<SmallTensor> tensors;
  const std::vector<std::string> names{"a/b.weight",     ".", "..", "100%.weight", "a%2Fb.weight", "ünïcödé ☃.weight",
                                       "x y\"<&>.weight"};
  for (const std::string& name : names) tensors.push_back(randomTensor(name, {5, 3}));
  writeTensors(fresh("odd.safetensors"), tensors);
  const auto model = openCheckpoint(fresh("odd.safetensors"));
  QCOMPARE(model->layers().size(), names.size());
  const fs::path path = fresh("odd.h5");
  {
    const auto run = RunFile::open(path, *model);
    for (const LayerInfo& info : model->layers()) run->record(analysed(info, static_cast<unsigned>(info.id.value)));
  }
  const RunContents contents = readRun(path);
  for (const LayerInfo& info : model->layers()) {
    QCOMPARE(contents.layers[info.id.value].name, info.name);
    QVERIFY(contents.layers[info.id.value].singularValues ==
            analysed(info, static_cast<unsigned>(info.id.value)).spectrum->sigma());
    const auto& diagnostics = contents.layers[info.id.value].diagnostics;
    QCOMPARE(diagnostics.at("stable_rank"),
             analysed(info, static_cast<unsigned>(info.id.value)).spectrum->stableRank());
    QVERIFY(diagnostics.contains("break_even_rank") && diagnostics.contains("noise_edge"));
  }
}

void TestRunFile::refusesOtherModels() {
  const fs::path path = fresh("other.h5");
  open(path);
  SmallShape shape;
  for (const auto change : {0, 1, 2, 3}) {
    SmallShape other = shape;
    if (change == 0) other.blocks = 3;
    if (change == 1) other.intermediate = 48;
    if (change == 2) other.dtype = DType::BF16;
    if (change == 3) other.prefixed = false;
    const auto model =
        openCheckpoint(writeSmallModel(m_folder / ("other" + std::to_string(change)), SmallFamily::GptNeo, other));
    std::string sentence;
    QVERIFY(errorOf([&] { RunFile::open(path, *model); }, &sentence) == ErrorKind::BadRequest);
    QVERIFY2(sentence.find("other.h5") != sentence.npos, sentence.c_str());
  }
  QVERIFY(open(path) != nullptr);
}

void TestRunFile::refusesWhatIsNoRun() {
  const fs::path text = fresh("notes.h5");
  writeFile(text, "these are my notes, not a run file");
  const fs::path empty = fresh("empty.h5");
  writeFile(empty, "");
  for (const fs::path& path : {text, empty}) {
    QVERIFY(errorOf([&] { readRun(path); }) == ErrorKind::Malformed);
    QVERIFY(errorOf([&] { open(path); }) == ErrorKind::Malformed);
    QVERIFY(!fs::exists(path.string() + ".parts"));
  }
  QCOMPARE(readFile(text), std::string("these are my notes, not a run file"));
  QVERIFY(errorOf([&] { readRun(fresh("absent.h5")); }) == ErrorKind::NotFound);
  QVERIFY(errorOf([&] { open(fresh("absent") / "run.h5"); }) == ErrorKind::NotFound);
  QVERIFY(!looksLikeRunFile(fresh("absent.h5")));
  if (!pythonHas("h5py")) QSKIP("h5py is not installed: no foreign HDF5 file to try");
  const fs::path foreign = fresh("foreign.h5");
  QVERIFY(runPython("import h5py,sys; h5py.File(sys.argv[1],'w')['x']=[1,2]", {foreign.c_str()}).ok);
  std::string sentence;
  QVERIFY(errorOf([&] { readRun(foreign); }, &sentence) == ErrorKind::Malformed);
  QVERIFY(sentence.find("not a run of Rankscope") != sentence.npos);
}

void TestRunFile::truncatedFiles() {
  const fs::path path = fresh("whole.h5");
  {
    const auto run = open(path);
    for (std::size_t i = 0; i < 4; ++i) run->record(analysed(layer(i), 1));
    run->record(compressed(layer(1), {4, {Storage::F16}, {Storage::F16}}, 3));
  }
  const std::string whole = readFile(path);
  const fs::path cut = fresh("cut.h5");
  for (std::size_t size = 0; size < whole.size(); size += 1 + size / 40) {
    writeFile(cut, whole.substr(0, size));
    QVERIFY2(errorOf([&] { readRun(cut); }) == ErrorKind::Malformed, qPrintable(QString::number(size)));
  }
}

/// Whatever is wrong in a file: an Error or the truth, never a crash, and never other numbers.
void TestRunFile::flippedBits() {
  const fs::path path = fresh("whole.h5");
  std::string whole = readFile(path);
  const RunContents truth = readRun(path);
  std::mt19937 random(4);
  int noticed = 0;
  for (int i = 0; i < 300; ++i) {
    const std::size_t at = random() % whole.size();
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ (1 << random() % 8));
    writeFile(fresh("flipped.h5"), bad);
    try {
      const RunContents read = readRun(fresh("flipped.h5"));
      for (std::size_t l = 0; l < read.layers.size(); ++l)
        QVERIFY(l >= truth.layers.size() || read.layers[l].singularValues == truth.layers[l].singularValues);
    } catch (const Error&) {
      ++noticed;
    }
  }
  QVERIFY(noticed > 0);
}

void TestRunFile::newerVersion() {
  if (!pythonHas("h5py")) QSKIP("h5py is not installed");
  const fs::path path = fresh("newer.h5");
  open(path);
  QVERIFY(runPython("import h5py,sys; h5py.File(sys.argv[1],'r+').attrs['version']=3", {path.c_str()}).ok);
  std::string sentence;
  QVERIFY(errorOf([&] { readRun(path); }, &sentence) == ErrorKind::Unsupported);
  QVERIFY(sentence.find("newer Rankscope") != sentence.npos);
}

void TestRunFile::oneWriter() {
  const fs::path path = fresh("writer.h5");
  {
    const auto run = open(path);
    std::string sentence;
    QVERIFY(errorOf([&] { open(path); }, &sentence) == ErrorKind::InUse);
    QVERIFY2(sentence.find("writer.h5") != sentence.npos, sentence.c_str());
    fs::create_symlink(path, fresh("link.h5"));
    QVERIFY(errorOf([&] { open(fresh("link.h5")); }) == ErrorKind::InUse);
    QVERIFY(errorOf([&] { copyRun(path, path); }) == std::nullopt);
    readRun(path);
  }
  QVERIFY(!fs::exists(path.string() + ".parts"));
  open(fresh("link.h5"))->record(analysed(layer(0), 1));
  QVERIFY(fs::is_symlink(fresh("link.h5")));
  QVERIFY(!readRun(path).layers[0].singularValues.empty());
}

void TestRunFile::openElsewhere() {
  if (!pythonHas("h5py")) QSKIP("h5py is not installed");
  const fs::path path = fresh("elsewhere.h5");
  open(path);
  QProcess holder;
  holder.start(kPython,
               {"-c",
                "import h5py,sys\nf=h5py.File(sys.argv[1],sys.argv[2])\nprint('ready',flush=True)\nsys.stdin.read()",
                path.c_str(), "r+"});
  QVERIFY(holder.waitForReadyRead());
  std::string sentence;
  QVERIFY(errorOf([&] { readRun(path); }, &sentence) == ErrorKind::InUse);
  QVERIFY(sentence.find("open for writing in another program") != sentence.npos);
  QVERIFY(errorOf([&] { open(path); }) == ErrorKind::InUse);
  holder.closeWriteChannel();
  QVERIFY(holder.waitForFinished());

  // One who only reads disturbs nobody, and goes on reading the file as it was.
  holder.start(kPython, {"-c",
                         "import h5py,sys\nf=h5py.File(sys.argv[1],sys.argv[2])\nprint('ready',flush=True)\n"
                         "sys.stdin.read()\nprint(len(f['layers']))",
                         path.c_str(), "r"});
  QVERIFY(holder.waitForReadyRead());
  holder.readAllStandardOutput();
  open(path)->record(analysed(layer(0), 1));
  QVERIFY(!readRun(path).layers[0].singularValues.empty());
  holder.closeWriteChannel();
  QVERIFY(holder.waitForFinished());
  QCOMPARE(holder.readAllStandardOutput().trimmed().toInt(), static_cast<int>(m_model->layers().size()));
}

void TestRunFile::fullDisk() {
  const fs::path path = fresh("full.h5");
  open(path)->record(analysed(layer(0), 1));
  const std::string before = readFile(path);
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    int problems = 0;
    auto run = open(path);
    run->record(analysed(layer(1), 1));
    const struct rlimit small { before.size() - 100, before.size() - 100 };
    ::setrlimit(RLIMIT_FSIZE, &small);
    std::string sentence;
    if (errorOf([&] { run->finish(); }, &sentence) != ErrorKind::NoSpace) problems |= 1;
    if (sentence.find("full.h5") == sentence.npos) problems |= 2;
    const struct rlimit tiny { 200, 200 };
    ::setrlimit(RLIMIT_FSIZE, &tiny);
    if (errorOf([&] { run->record(analysed(layer(2), 1)); }) != ErrorKind::NoSpace) problems |= 4;
    run.reset();
    ::_exit(problems);
  }
  int status = 0;
  QCOMPARE(::waitpid(child, &status, 0), child);
  QVERIFY(WIFEXITED(status));
  QCOMPARE(WEXITSTATUS(status), 0);
  QVERIFY(readFile(path) == before);
  const RunContents contents = readRun(path);
  QVERIFY(!contents.layers[0].singularValues.empty() && !contents.layers[1].singularValues.empty());
  QVERIFY(contents.layers[2].singularValues.empty());
}

void TestRunFile::manyThreads() {
  const fs::path path = fresh("threads.h5");
  const LayerChoice choice{3, {Storage::F32}, {Storage::F32}};
  {
    const auto run = open(path);
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (std::size_t i = t; i < m_model->layers().size(); i += 4) {
          run->record(analysed(layer(i), static_cast<unsigned>(i)));
          run->record(compressed(layer(i), choice, static_cast<unsigned>(i)));
          if (i % 5 == 0) run->finish();
          run->finished(layer(i).id, "0011", choice);
        }
      });
  }
  const auto run = open(path);
  for (const LayerInfo& info : m_model->layers()) {
    const auto seed = static_cast<unsigned>(info.id.value);
    QVERIFY(sameFactors(run->finished(info.id, "0011", choice)->stored.factors,
                        compressed(info, choice, seed).stored.factors));
    QVERIFY(run->spectrum(info.name, "0011")->sigma() == analysed(info, seed).spectrum->sigma());
  }
}

void TestRunFile::readingWhileWriting() {
  const fs::path path = fresh("reading.h5");
  const auto run = open(path);
  std::atomic<std::size_t> recorded = 0;
  std::jthread writer([&] {
    for (std::size_t i = 0; i < m_model->layers().size(); ++i) {
      run->record(analysed(layer(i), 1));
      recorded = i + 1;
      if (i % 2 == 0) run->finish();
    }
  });
  for (std::size_t known = 0; known < m_model->layers().size();) {
    known = recorded;
    const RunContents contents = readRun(path);
    const auto found =
        std::ranges::count_if(contents.layers, [](const LayerRecord& l) { return !l.singularValues.empty(); });
    QVERIFY2(static_cast<std::size_t>(found) >= known, qPrintable(QString("%1 of %2").arg(found).arg(known)));
  }
}

void TestRunFile::copies() {
  const fs::path from = fresh("from.h5");
  const fs::path to = fresh("to.h5");
  const LayerChoice choice{4, {Storage::BF16}, {Storage::BF16}};
  const CompressedLayer merged = compressed(layer(1), choice, 1);
  const CompressedLayer pending = compressed(layer(2), choice, 2);
  const auto run = open(from);
  run->record(merged);
  run->finish();
  run->record(pending);
  copyRun(from, to);
  const auto copy = open(to);
  QVERIFY(sameFactors(copy->finished(layer(1).id, "0011", choice)->stored.factors, merged.stored.factors));
  QVERIFY(sameFactors(copy->finished(layer(2).id, "0011", choice)->stored.factors, pending.stored.factors));
  QVERIFY(errorOf([&] { copyRun(from, to); }) == ErrorKind::InUse);
  QVERIFY(errorOf([&] { copyRun(fresh("absent.h5"), fresh("never.h5")); }) == ErrorKind::NotFound);
  QVERIFY(!fs::exists(fresh("never.h5")) && !fs::exists(fresh("never.h5.parts")));
}

/// Records in a loop, says after each what is done, is killed, and is asked what is left.
void TestRunFile::killedAnywhere() {
  const LayerChoice choice{5, {Storage::Int8, ScaleAxis::PerRow, 32}, {Storage::Int8}};
  std::mt19937 random(7);
  for (int round = 0; round < 25; ++round) {
    const fs::path path = fresh("killed.h5");
    if (round % 5 == 0) fs::remove_all(path), fs::remove_all(path.string() + ".parts");
    int pipe[2];
    QCOMPARE(::pipe(pipe), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto run = open(path);
      for (unsigned i = 0;; ++i) {
        const LayerInfo& info = layer(i % m_model->layers().size());
        run->record(compressed(info, choice, i));
        if (::write(pipe[1], &i, sizeof i) != sizeof i) ::_exit(1);
        if (i % 7 == 6) run->finish();
      }
    }
    ::close(pipe[1]);
    std::this_thread::sleep_for(std::chrono::microseconds(10'000 + random() % 200'000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    std::map<std::size_t, unsigned> last; // layer -> seed of the last record that returned
    for (unsigned i = 0; ::read(pipe[0], &i, sizeof i) == sizeof i;) last[i % m_model->layers().size()] = i;
    ::close(pipe[0]);
    if (!fs::exists(path)) continue; // killed before it began
    readRun(path);
    const auto run = open(path);
    for (const auto& [index, seed] : last) {
      const auto found = run->finished(LayerId{index}, "0011", choice);
      QVERIFY(found.has_value());
      const bool asRecorded = sameFactors(found->stored.factors, compressed(layer(index), choice, seed).stored.factors);
      const unsigned next = seed + static_cast<unsigned>(m_model->layers().size()); // on disk, but not said so yet
      QVERIFY(asRecorded || sameFactors(found->stored.factors, compressed(layer(index), choice, next).stored.factors));
    }
  }
}

/// What a layer had before is gone once another kind of result is merged, and bases are told from factors when
/// resuming.
void TestRunFile::kindsReplaceEachOther() {
  const fs::path path = fresh("kinds.h5");
  LayerChoice factors{7, {Storage::F16}, {Storage::F16}}, base, both = factors;
  base.base = both.base = StorageFormat{Storage::Int4, ScaleAxis::PerRow, 32, Storage::F16};
  both.biasShift = true;
  unsigned seed = 1;
  for (const LayerChoice& choice : {both, factors, base, both, base, factors}) {
    const CompressedLayer result = compressed(layer(5), choice, ++seed);
    {
      const auto run = open(path);
      run->record(result);
      run->finish();
    }
    const auto run = open(path);
    for (const LayerChoice& asked : {factors, base, both}) {
      const auto found = run->finished(result.layer, "0011", asked);
      QCOMPARE(found.has_value(), asked == choice);
      if (found) QVERIFY(sameStored(found->stored, result.stored));
    }
    QVERIFY(run->contents().layers[5].compression->choice == choice);
    QVERIFY(run->contents().layers[5].compression->hasFactors);
  }
}

/// The base, the factors and the shift by h5py, and the version that older programs refuse.
void TestRunFile::basesReadByPython() {
  if (!pythonHas("h5py, numpy")) QSKIP("h5py or numpy is not installed");
  const fs::path path = fresh("bases.h5");
  LayerChoice choice{3, {Storage::F16}, {Storage::F16}};
  choice.base = StorageFormat{Storage::Int3, ScaleAxis::PerRow, 32, Storage::F16};
  choice.biasShift = true;
  choice.method = "aware 0123";
  const CompressedLayer result = compressed(layer(5), choice, 9);
  {
    const auto run = open(path);
    run->record(result);
  }
  const RowMatrixF base = load(*result.stored.base);
  const QString script = R"(
import h5py, sys, numpy as np
f = h5py.File(sys.argv[1], 'r')
assert f.attrs['version'] == 2
g = f['layers'][sys.argv[2]]
assert g.attrs['base'] == 'int3' and g.attrs['base_group'] == 32 and g.attrs['rank'] == 3 and g.attrs['method'] == 'aware 0123'
d, s = g['base'], g['base_scale'][()]
m, n = d.attrs['rows'], d.attrs['cols']
assert s.dtype == np.float16 and d.attrs['scales'] == 'f16' and d.dtype == np.uint8
bits = np.unpackbits(d[()], axis=1, bitorder='little').reshape(m, -1, 3).astype(np.int8)
codes = bits[:, :, 0] + 2 * bits[:, :, 1] - 4 * bits[:, :, 2]
w = codes[:, :n] * np.repeat(s.astype(np.float32), 32, 1)[:, :n]
assert g['factor_a'].shape == (m, 3) and g['factor_b'].shape == (3, n)
print(repr(float(np.abs(w.astype(np.float64)).sum())), repr(float(w[m - 1, n - 1])), repr(float(g['bias_shift'][()].sum())))
)";
  const Output output = runPython(script, {path.c_str(), layer(5).name.c_str()});
  QVERIFY2(output.ok, output.problem);
  const QStringList found = QString(output.out).split(' ');
  QVERIFY(std::abs(found[0].toDouble() - base.cast<double>().cwiseAbs().sum()) < 1e-9 * found[0].toDouble());
  QCOMPARE(found[1].toFloat(), base(base.rows() - 1, base.cols() - 1));
  float shift = 0;
  for (const float value : result.stored.biasShift) shift += value;
  QCOMPARE(found[2].toFloat(), shift);
}

void TestRunFile::readByPython() {
  if (!pythonHas("h5py, numpy")) QSKIP("h5py or numpy is not installed");
  const fs::path path = fresh("python.h5");
  const std::vector<LayerChoice> choices = allChoices(7);
  QJsonArray expected;
  {
    const auto run = open(path);
    run->setPlan({});
    run->addEvaluation("{\"x\": 1}");
    for (std::size_t i = 0; i < std::min(choices.size(), m_model->layers().size()); ++i) {
      const auto seed = static_cast<unsigned>(i);
      const CompressedLayer result = compressed(layer(i), choices[i], seed);
      run->record(analysed(layer(i), seed));
      run->record(result);
      const RowMatrixF a = load(result.stored.factors->a);
      expected.append(QJsonObject{{"name", layer(i).name.c_str()},
                                  {"sum", a.cast<double>().cwiseAbs().sum()},
                                  {"last", a(a.rows() - 1, a.cols() - 1)},
                                  {"sigma", analysed(layer(i), seed).spectrum->sigma().back()},
                                  {"cosine", result.quality.cosine}});
    }
  }
  const QString script = R"(
import h5py, json, sys, numpy as np
f = h5py.File(sys.argv[1], 'r')
assert f.attrs['format'] == 'rankscope-run' and f.attrs['version'] == 1, dict(f.attrs)
assert isinstance(f.attrs['model_path'], str) and f.attrs['model_bytes'].dtype == np.int64
def scales(d, s, shape):
    if s is None: return 1.0
    s, g, m, n = s[()], d.attrs['group'], *shape
    if d.attrs['axis'] == 'row': return s[:, None] if g == 0 else np.repeat(s, g, 1)[:, :n]
    return s[None, :] if g == 0 else np.repeat(s, g, 0)[:m]
def dense(g, name):
    d = g[name]; m, n = d.attrs['rows'], d.attrs['cols']; x = d[()]
    if d.attrs['storage'] == 'int4':
        lo, hi = (x & 15).astype(np.int8), (x >> 4).astype(np.int8)
        x = np.stack([lo, hi], 2).reshape(m, -1)[:, :n]; x = np.where(x > 7, x - 16, x)
    return x.astype(np.float32) * scales(d, g.get(name + '_scale'), (m, n))
for e in json.loads(sys.argv[2]):
    g = f['layers'][e['name']]
    assert g.attrs['name'] == e['name'] and g.attrs['rank'] == 7 and g.attrs['cosine'] == e['cosine']
    s = g['singular_values']; assert s.dtype == np.float64 and s[-1] == e['sigma'] and len(s) == min(g.attrs['rows'], g.attrs['cols'])
    a = dense(g, 'factor_a'); assert a.shape == (g.attrs['rows'], 7)
    np.testing.assert_allclose(np.abs(a.astype(float)).sum(), e['sum'], rtol=1e-12)
    np.testing.assert_allclose(a[-1, -1], e['last'], rtol=1e-7)
    assert g.attrs['verdict'] in ('EXCELLENT', 'GOOD', 'FAIR', 'POOR', 'CRITICAL')
    json.loads(g.attrs['choice'])
assert json.loads(f['plan'].attrs['json'])['format'] == 'rankscope-plan'
assert json.loads(f['evaluation/1'].attrs['json']) == {'x': 1}
)";
  const Output output = runPython(script, {path.c_str(), QJsonDocument(expected).toJson(QJsonDocument::Compact)});
  QVERIFY2(output.ok, output.problem);
  const Output dump = runProgram("h5dump", {path.c_str()});
  if (!dump.ok && dump.out.isEmpty()) QSKIP("h5dump is not installed");
  QVERIFY2(dump.ok, dump.problem);
  QVERIFY(dump.out.contains("rankscope-run"));
}

void TestRunFile::keepsWhatOthersAdd() {
  if (!pythonHas("h5py")) QSKIP("h5py is not installed");
  const fs::path path = fresh("added.h5");
  {
    const auto run = open(path);
    run->addEvaluation("{}");
  }
  QVERIFY(
      runPython(
          "import h5py,sys\nf=h5py.File(sys.argv[1],'r+')\nf['evaluation/1/logits']=[1.5,2.5]\nf['mine/notes']=[7]\n"
          "f['layers']['" +
              QString::fromStdString(layer(2).name) + "']['activations']=[3]",
          {path.c_str()})
          .ok);
  {
    const auto run = open(path);
    run->record(analysed(layer(2), 1));
  }
  const Output output =
      runPython("import h5py,sys\nf=h5py.File(sys.argv[1],'r')\nprint(f['evaluation/1/logits'][1], f['mine/notes'][0], "
                "f['layers']['" +
                    QString::fromStdString(layer(2).name) + "']['activations'][0])",
                {path.c_str()});
  QVERIFY2(output.ok, output.problem);
  QCOMPARE(output.out.trimmed(), QByteArray("2.5 7 3"));
}

RANKSCOPE_TEST_MAIN(TestRunFile)
#include "tst_run_file.moc"
