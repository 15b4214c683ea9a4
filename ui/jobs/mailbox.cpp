// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/jobs/mailbox.h"

#include <QTimer>

namespace rankscope::ui {

namespace {
constexpr int kCollectMs = 25;
}

void Mailbox::post(Letter letter) {
  bool first = false;
  {
    const std::lock_guard lock(m_mutex);
    first = m_letters.empty();
    m_letters.push_back(std::move(letter));
  }
  if (!first) return;
  QMetaObject::invokeMethod(
      this, [this] { QTimer::singleShot(kCollectMs, this, &Mailbox::open); }, Qt::QueuedConnection);
}

void Mailbox::open() {
  std::vector<Letter> letters;
  {
    const std::lock_guard lock(m_mutex);
    letters.swap(m_letters);
  }
  if (letters.empty()) return;
  for (const Letter& letter : letters) letter();
  emit emptied();
}

} // namespace rankscope::ui
