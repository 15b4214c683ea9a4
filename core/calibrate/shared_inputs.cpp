// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/shared_inputs.h"

namespace rankscope {

namespace {

Role stem(Role role) {
  if (role == Role::Key || role == Role::Value) return Role::Query;
  return role == Role::MlpGate ? Role::MlpUp : role;
}

} // namespace

std::map<LayerId, LayerId> inputOwners(const Model& model) {
  std::map<std::pair<int, Role>, LayerId> byRole;
  for (const LayerId id : model.blockLayers())
    byRole.emplace(std::pair(model.blockOf(id), model.checkpoint().layer(id).role), id);
  std::map<LayerId, LayerId> owners;
  for (const LayerId id : model.blockLayers()) {
    const auto found = byRole.find({model.blockOf(id), stem(model.checkpoint().layer(id).role)});
    owners[id] = found == byRole.end() ? id : found->second;
  }
  return owners;
}

std::vector<std::vector<LayerId>> stagesOf(const Model& model, int block) {
  const std::map<LayerId, LayerId> owners = inputOwners(model);
  std::vector<std::vector<LayerId>> stages;
  std::map<LayerId, std::size_t> stageOf;
  for (const LayerId id : model.blockLayers()) {
    if (model.blockOf(id) != block) continue;
    const auto [found, isNew] = stageOf.emplace(owners.at(id), stages.size());
    if (isNew) stages.emplace_back();
    stages[found->second].push_back(id);
  }
  return stages;
}

} // namespace rankscope
