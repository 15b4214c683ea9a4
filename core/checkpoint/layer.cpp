// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/layer.h"

namespace rankscope {

std::string_view name(Role role) {
  switch (role) {
  case Role::Query:
    return "q";
  case Role::Key:
    return "k";
  case Role::Value:
    return "v";
  case Role::FusedQkv:
    return "qkv";
  case Role::AttentionOutput:
    return "o";
  case Role::MlpUp:
    return "mlp_up";
  case Role::MlpGate:
    return "mlp_gate";
  case Role::MlpDown:
    return "mlp_down";
  case Role::Embedding:
    return "embedding";
  case Role::Position:
    return "position";
  case Role::Head:
    return "head";
  case Role::Pooler:
    return "pooler";
  case Role::Other:
    return "other";
  }
  return "other";
}

bool isAttention(Role role) {
  return role == Role::Query || role == Role::Key || role == Role::Value || role == Role::FusedQkv ||
         role == Role::AttentionOutput;
}

bool isMlp(Role role) {
  return role == Role::MlpUp || role == Role::MlpGate || role == Role::MlpDown;
}

std::string_view name(Orientation orientation) {
  return orientation == Orientation::OutIn ? "out_in" : "in_out";
}

} // namespace rankscope
