// SPDX-License-Identifier: GPL-3.0-or-later
// How fluid the window is on a model of 1,004 layers: how long the event loop keeps others waiting while it is put on
// screen, analysed and compressed, and how long one step of a dragged rank takes until all views are painted.
// Run it under a real platform: xvfb-run -s "-screen 0 1600x1000x24" build/release/tests/ui_latency
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>

#include <time.h>

#include <qcustomplot.h>

#include <QApplication>
#include <QComboBox>
#include <QElapsedTimer>
#include <QTreeView>

#include "tests/support/small_models.h"
#include "tests/ui/ui_models.h"
#include "tests/ui/window_test.h"
#include "ui/document/plan_tools.h"
#include "ui/file_actions.h"
#include "ui/main_window.h"
#include "ui/panels/curve_panel.h"
#include "ui/panels/layers_panel.h"
#include "ui/plots/rank_plot.h"

using namespace rankscope;
using namespace rankscope::ui;

namespace {

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())))];
}

void report(const char* what, const std::vector<double>& milliseconds) {
  std::printf("%-48s median %6.2f ms   99th percentile %6.2f ms   largest %6.2f ms   (%zu)\n", what,
              percentile(milliseconds, 0.5), percentile(milliseconds, 0.99), percentile(milliseconds, 1.0),
              milliseconds.size());
}

/// Milliseconds of processor time that the calling thread has had.
double processorTime() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

struct Times {
  std::vector<double> waited; ///< by the clock: what a person sees; grows when the machine has other work
  std::vector<double> worked; ///< processor time of the window's thread
};

void report(const char* what, const Times& times) {
  report(what, times.waited);
  report("  of it processor time of the window's thread", times.worked);
}

/// Asks the event loop for its attention every 4 ms and notes how long it took to get it, and what the loop worked
/// since it gave its attention last.
Times loopDelays(const std::function<void()>& work) {
  Times delays;
  double last = processorTime();
  QObject receiver;
  std::jthread asker([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      const auto asked = std::chrono::steady_clock::now();
      QMetaObject::invokeMethod(
          &receiver,
          [&delays, &last, asked] {
            delays.waited.push_back(
                std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - asked).count());
            const double now = processorTime();
            delays.worked.push_back(now - std::exchange(last, now));
          },
          Qt::QueuedConnection);
      std::this_thread::sleep_for(std::chrono::milliseconds(4));
    }
  });
  work();
  asker.request_stop();
  asker.join();
  QApplication::processEvents();
  return delays;
}

Times dragSteps(RankPlot& plot, int steps) {
  Times times;
  QElapsedTimer clock;
  const auto send = [&](QEvent::Type type, double rank) {
    const QPoint at = plot.pixelOf(rank, plot.canvas()->yAxis->range().center());
    QMouseEvent event(type, at, plot.canvas()->mapToGlobal(at),
                      type == QEvent::MouseMove ? Qt::NoButton : Qt::LeftButton, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(plot.canvas(), &event);
  };
  send(QEvent::MouseButtonPress, static_cast<double>(*plot.cursorRank()));
  for (int step = 0; step < steps; ++step) {
    clock.start();
    const double before = processorTime();
    send(QEvent::MouseMove, 2 + step % 28);
    QApplication::processEvents();
    QApplication::sendPostedEvents();
    times.waited.push_back(static_cast<double>(clock.nsecsElapsed()) / 1e6);
    times.worked.push_back(processorTime() - before);
  }
  send(QEvent::MouseButtonRelease, 10);
  return times;
}

/// Every layer selected, then one of them again, until all is painted.
Times selections(Document& document, const std::vector<LayerId>& all, int steps) {
  Times times;
  QElapsedTimer clock;
  for (int step = 0; step < steps; ++step) {
    document.select({all.front()}, all.front());
    QApplication::processEvents();
    clock.start();
    const double before = processorTime();
    document.select(all, all.front());
    QApplication::processEvents();
    QApplication::sendPostedEvents();
    times.waited.push_back(static_cast<double>(clock.nsecsElapsed()) / 1e6);
    times.worked.push_back(processorTime() - before);
  }
  return times;
}

} // namespace

int main(int argc, char** argv) {
  useBestBlasCoreType(argv);
  const test::TemporaryFolder home;
  for (const char* place : {"XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"})
    qputenv(place, home.path().string().c_str());
  QApplication application(argc, argv);
  applyTheme(application, ThemeChoice::Light);
  const auto model = test::writeSmallModel(home / "thousand", test::SmallFamily::GptNeo,
                                           {.blocks = 167, .hidden = 64, .intermediate = 160});
  MainWindow window;
  window.resize(1500, 950);
  window.show();
  const bool exposed = QTest::qWaitForWindowExposed(&window);
  if (!exposed) return 1;
  report("event loop while the model is put on screen", loopDelays([&] {
           test::opened(window.files(), QString::fromStdString(model.string()));
           QTest::qWait(500);
         }));
  report("event loop while analysing", loopDelays([&] { test::waitIdle(window.jobs(), 600000); }));
  window.tools().applyPreset(Preset::Uniform, 0.25);
  QApplication::processEvents();
  report("event loop while compressing", loopDelays([&] {
           window.document().compress();
           test::waitIdle(window.jobs(), 600000);
         }));
  std::printf("%zu layers\n", window.document().layerCount());
  const auto reopen = [&](const char* what) {
    report(what, loopDelays([&] {
             test::opened(window.files(), QString::fromStdString(model.string()));
             test::waitIdle(window.jobs(), 600000);
           }));
  };
  reopen("event loop while its run is opened in its place");
  QComboBox& groups = *window.layers().groupBox();
  report("event loop while the table is grouped", loopDelays([&] {
           groups.setCurrentIndex(1);
           QTest::qWait(200);
         }));
  reopen("the same, grouped");
  groups.setCurrentIndex(0);
  const auto drag = [&](const char* what, int steps) { report(what, dragSteps(window.spectrum().plot(), steps)); };
  drag("one step of a drag, everything painted", 300);
  const std::vector<LayerId> all = window.document().scope();
  report("every layer selected, everything painted", selections(window.document(), all, 20));
  drag("one step of a drag of every layer", 100);
  return 0;
}
