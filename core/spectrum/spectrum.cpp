// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/spectrum/spectrum.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <numeric>

namespace rankscope {

Spectrum::Spectrum(std::int64_t rows, std::int64_t cols, std::vector<double> sigma)
    : m_rows(rows), m_cols(cols), m_sigma(std::move(sigma)) {
  assert(rows > 0 && cols > 0 && fullRank() == std::min(rows, cols));
  assert(std::is_sorted(m_sigma.begin(), m_sigma.end(), std::greater<>()) && m_sigma.back() >= 0);
  m_largest = m_sigma.front();
  m_tailEnergy.assign(m_sigma.size() + 1, 0.0);
  if (m_largest == 0) return;
  for (std::size_t r = m_sigma.size(); r-- > 0;) {
    const double relative = m_sigma[r] / m_largest;
    m_tailEnergy[r] = m_tailEnergy[r + 1] + relative * relative;
  }
}

/// Share of ‖W‖² beyond the first `rank` values.
static double tailShare(const std::vector<double>& tail, std::int64_t rank) {
  const auto r = std::clamp<std::int64_t>(rank, 0, static_cast<std::int64_t>(tail.size()) - 1);
  return tail.front() > 0 ? tail[static_cast<std::size_t>(r)] / tail.front() : 0.0;
}

double Spectrum::energyAt(std::int64_t rank) const {
  return 1 - tailShare(m_tailEnergy, rank);
}
double Spectrum::cosineAt(std::int64_t rank) const {
  return std::sqrt(energyAt(rank));
}
double Spectrum::relativeErrorAt(std::int64_t rank) const {
  return std::sqrt(tailShare(m_tailEnergy, rank));
}

/// Smallest rank in [1, fullRank] for which `reached`, which must hold at the full rank and from some rank on.
template <class Reached>
static std::int64_t smallestRank(std::int64_t fullRank, Reached reached) {
  std::int64_t low = 1;
  std::int64_t high = fullRank;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (reached(middle))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

std::int64_t Spectrum::rankForCosine(double cosine) const {
  return smallestRank(fullRank(), [&](std::int64_t rank) {
    // 1 − tiny rounds to 1 long before the tail is zero.
    return cosine >= 1 ? m_tailEnergy[static_cast<std::size_t>(rank)] == 0 : cosineAt(rank) >= cosine;
  });
}

std::int64_t Spectrum::rankForEnergy(double energy) const {
  return smallestRank(fullRank(), [&](std::int64_t rank) {
    return energy >= 1 ? m_tailEnergy[static_cast<std::size_t>(rank)] == 0 : energyAt(rank) >= energy;
  });
}

double Spectrum::frobeniusNorm() const {
  return m_largest * std::sqrt(m_tailEnergy.front());
}
double Spectrum::stableRank() const {
  return m_tailEnergy.front();
}

double Spectrum::effectiveRank(Weight weight) const {
  if (m_largest == 0) return 0;
  const auto weightOf = [&](double sigma) {
    const double relative = sigma / m_largest;
    return weight == Weight::Sigma ? relative : relative * relative;
  };
  double sum = 0;
  for (auto s = m_sigma.rbegin(); s != m_sigma.rend(); ++s) sum += weightOf(*s);
  double entropy = 0;
  for (auto s = m_sigma.rbegin(); s != m_sigma.rend(); ++s) {
    const double p = weightOf(*s) / sum;
    if (p > 0) entropy -= p * std::log(p);
  }
  return std::exp(entropy);
}

double breakEvenRank(std::int64_t rows, std::int64_t cols) {
  return static_cast<double>(rows) * static_cast<double>(cols) / static_cast<double>(rows + cols);
}

} // namespace rankscope
