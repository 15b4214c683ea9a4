// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/opening.h"

#include <memory>
#include <new>
#include <utility>

namespace rankscope::ui {

void Opening::start(const QString& name, Read read) {
  m_name = name;
  const int turn = ++m_turn;
  m_threads[turn] = std::jthread([this, turn, wanted = std::move(read)] {
    std::function<void()> outcome;
    const auto failure = [this](const Error& error) { return [this, error] { emit failed(error); }; };
    try {
      outcome = [this, model = wanted()] { emit this->read(model); };
    } catch (const ModelMoved& elsewhere) {
      outcome = [this, elsewhere] { emit moved(elsewhere); };
    } catch (const Error& error) {
      outcome = failure(error);
    } catch (const std::filesystem::filesystem_error& error) {
      outcome = failure(systemError(error.code().value(), "cannot use", error.path1()));
    } catch (const std::bad_alloc&) {
      outcome = failure(Error(ErrorKind::NoSpace, "there is not enough memory for this"));
    } catch (const std::exception& error) {
      outcome = failure(Error(ErrorKind::Unreadable, error.what()));
    }
    QMetaObject::invokeMethod(
        this, [this, turn, outcome] { tell(turn, outcome); }, Qt::QueuedConnection);
  });
  emit changed();
}

void Opening::cancel() {
  if (m_name.isEmpty()) return;
  ++m_turn;
  m_name.clear();
  emit changed();
}

void Opening::tell(int turn, const std::function<void()>& outcome) {
  m_threads.erase(turn); // it has just ended
  if (turn != m_turn) return;
  m_name.clear();
  emit changed();
  outcome();
}

} // namespace rankscope::ui
