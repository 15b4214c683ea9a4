// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/page_guard.h"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>

#include <csignal>
#include <sys/mman.h>
#include <unistd.h>

namespace rankscope {

/// One watched range. The signal handler walks all of them from any thread at any moment, so they are never freed, only
/// used again, and `end` is 0 whenever `begin` is not that of the mapping it belongs to.
struct Watch final {
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::uintptr_t> end{0};
  std::atomic<bool> torn{false};
  std::atomic<bool> used{true};
  Watch* next = nullptr;
};

namespace {

std::atomic<Watch*> g_watches{nullptr};
std::uintptr_t g_pageSize = 0;
struct sigaction g_before {};

Watch* find(std::uintptr_t address) {
  for (Watch* watch = g_watches.load(); watch; watch = watch->next)
    if (const std::uintptr_t end = watch->end.load(); address < end && address >= watch->begin.load()) return watch;
  return nullptr;
}

/// Runs inside whatever touched the page: nothing but atomics and system calls.
void onBusError(int, siginfo_t* info, void*) {
  const int error = errno;
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  Watch* watch = find(address);
  void* page = reinterpret_cast<void*>(address / g_pageSize * g_pageSize);
  if (watch &&
      ::mmap(page, g_pageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED) {
    watch->torn.store(true);
  } else {
    ::sigaction(SIGBUS, &g_before, nullptr); // the access happens again, and its signal goes there
  }
  errno = error;
}

void installOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    g_pageSize = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    struct sigaction action {};
    action.sa_sigaction = onBusError;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGBUS, &action, &g_before);
  });
}

Watch* take() {
  for (Watch* watch = g_watches.load(); watch; watch = watch->next)
    if (!watch->used.exchange(true)) return watch;
  auto* fresh = new Watch;
  fresh->next = g_watches.load();
  while (!g_watches.compare_exchange_weak(fresh->next, fresh)) {
  }
  return fresh;
}

} // namespace

PageGuard::PageGuard(std::span<const std::byte> mapping) {
  installOnce();
  m_watch = take();
  m_watch->torn.store(false);
  const auto begin = reinterpret_cast<std::uintptr_t>(mapping.data());
  m_watch->begin.store(begin);
  m_watch->end.store(begin + mapping.size());
}

PageGuard::~PageGuard() {
  m_watch->end.store(0);
  m_watch->used.store(false);
}

bool PageGuard::torn() const { return m_watch->torn.load(); }

} // namespace rankscope
