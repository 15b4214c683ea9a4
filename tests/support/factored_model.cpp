// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/factored_model.h"

#include "tests/support/temporary.h"

namespace rankscope::test {

SmallTensor codes(std::string name, std::vector<std::uint64_t> shape, DType dtype, int modulus) {
  SmallTensor tensor = randomTensor(std::move(name), std::move(shape));
  for (std::size_t i = 0; i < tensor.values.size(); ++i)
    tensor.values[i] = static_cast<double>((i * 7 + 3) % static_cast<std::size_t>(modulus));
  tensor.spec.dtype = dtype;
  return tensor;
}

FactoredExport::FactoredExport() {
  SmallShape shape;
  shape.blocks = 1;
  model = smallModel(SmallFamily::Gpt2, shape);
  erase(kUp);
  erase(kQkv);
}

void FactoredExport::erase(const std::string& name) {
  std::erase_if(model.tensors, [&](const SmallTensor& tensor) { return tensor.spec.name == name; });
}

void FactoredExport::write(const std::filesystem::path& folder) const {
  writeModel(folder, model);
  writeFile(folder / "rankscope.json", toJson(manifest));
}

} // namespace rankscope::test
