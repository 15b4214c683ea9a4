// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/stored_layer.h"

#include <cassert>

namespace rankscope {

std::uint64_t StoredLayer::bytes() const {
  return (base ? base->bytes() : 0) + (factors ? factors->a.bytes() + factors->b.bytes() : 0) +
         biasShift.size() * sizeof(float);
}

ExpandedRows::ExpandedRows(const StoredLayer& layer) : m_base(layer.base) {
  assert(!layer.empty());
  if (!layer.factors) return;
  m_a = load(layer.factors->a).cast<double>();
  m_b = load(layer.factors->b).cast<double>();
}

RowMatrixD ExpandedRows::rows(std::int64_t first, std::int64_t count) const {
  RowMatrixD result;
  if (m_base) result = loadRows(*m_base, first, count).cast<double>();
  if (m_a.size() == 0) return result;
  if (m_base)
    result.noalias() += m_a.middleRows(first, count) * m_b;
  else
    result.noalias() = m_a.middleRows(first, count) * m_b;
  return result;
}

} // namespace rankscope
