// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/lint/render.h"
#include "config/load.h"
#include "tests/fuzz/checks.h"
#include "tests/fuzz/targets.h"
#include "tests/support/config_text.h"

namespace qvm::fuzz {

std::string check_manifest_input(const std::uint8_t* data, std::size_t size) {
  test::MemoryReader reader;
  reader.files["system.yaml"] = std::string(data, data + size);
  reader.files["a.qvmconf"] = "system a\nram 64M\n";
  reader.files["b.qvmconf"] = "ram 64M vdev shmem loc 0x1000";
  const auto load = [&] { return config::load_manifest("system.yaml", test::shipped_tables(), reader); };
  const config::LoadedSystem system = load();
  if (system.manifest && system.manifest->vms.size() != system.vms.size()) return "not one model per VM";
  if (!system.manifest && !system.diagnostics.has_errors()) return "no manifest and no error";
  if (std::string problem = check_findings(system); !problem.empty()) return problem;
  const config::LoadedSystem again = load();
  const auto text = [](const config::LoadedSystem& one) {
    return render_text(one.diagnostics, one.sources, config::Colors::off);
  };
  return text(again) == text(system) ? "" : "not the same twice";
}

}  // namespace qvm::fuzz
