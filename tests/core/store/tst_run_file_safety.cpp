// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/run_file.h"

#include <filesystem>
#include <thread>

#include <sys/resource.h>
#include <sys/wait.h>
#include <csignal>
#include <unistd.h>

#include "run_fixtures.h"
#include "tests/support/python.h"
#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::test;
namespace fs = std::filesystem;

/// Files that are none, damaged, in use or cut short: nothing is lost and nothing wrong is read.
class TestRunFileSafety final : public QObject, private RunFixture {
  Q_OBJECT

 private slots:
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
  void killedAnywhere();
};

void TestRunFileSafety::refusesOtherModels() {
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

void TestRunFileSafety::refusesWhatIsNoRun() {
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
  QVERIFY(errorOf([&] { open(fresh("absent") / "run.h5"); }) == ErrorKind::Unwritable);
  QVERIFY(!looksLikeRunFile(fresh("absent.h5")));
  if (!pythonHas("h5py")) QSKIP("h5py is not installed: no foreign HDF5 file to try");
  const fs::path foreign = fresh("foreign.h5");
  QVERIFY(runPython("import h5py,sys; h5py.File(sys.argv[1],'w')['x']=[1,2]", {foreign.c_str()}).ok);
  std::string sentence;
  QVERIFY(errorOf([&] { readRun(foreign); }, &sentence) == ErrorKind::Malformed);
  QVERIFY(sentence.find("not a run of Rankscope") != sentence.npos);
}

void TestRunFileSafety::truncatedFiles() {
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
void TestRunFileSafety::flippedBits() {
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

void TestRunFileSafety::newerVersion() {
  if (!pythonHas("h5py")) QSKIP("h5py is not installed");
  const fs::path path = fresh("newer.h5");
  open(path);
  QVERIFY(runPython("import h5py,sys; h5py.File(sys.argv[1],'r+').attrs['version']=3", {path.c_str()}).ok);
  std::string sentence;
  QVERIFY(errorOf([&] { readRun(path); }, &sentence) == ErrorKind::Unsupported);
  QVERIFY(sentence.find("newer Rankscope") != sentence.npos);
}

void TestRunFileSafety::oneWriter() {
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

void TestRunFileSafety::openElsewhere() {
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

void TestRunFileSafety::fullDisk() {
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

void TestRunFileSafety::manyThreads() {
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

void TestRunFileSafety::readingWhileWriting() {
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

/// Records in a loop, says after each what is done, is killed, and is asked what is left.
void TestRunFileSafety::killedAnywhere() {
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

RANKSCOPE_TEST_MAIN(TestRunFileSafety)
#include "tst_run_file_safety.moc"
