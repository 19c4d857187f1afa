// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/fuzz/checks.h"

#include "config/lint/render.h"
#include "config/load.h"
#include "tests/fuzz/targets.h"
#include "tests/support/config_text.h"

namespace qvm::fuzz {
namespace {

config::LoadedSystem load_two_vms(const std::string& text) {
  test::MemoryReader reader;
  reader.variables["A"] = "ram 64M \"";
  reader.files["vm"] = text;
  reader.files["other"] = "vdev shmem loc";
  config::VmInput from_file;
  from_file.words = {"@vm"};
  config::VmInput inline_words;
  inline_words.words = {text.substr(0, 64), "@vm", text.substr(0, 8)};
  return config::load_vms({from_file, inline_words}, test::shipped_tables(), reader);
}

}  // namespace

std::string check_config_input(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const config::LoadedSystem system = load_two_vms(text);
  if (system.vms.size() != 2 || system.names.size() != 2) return "not one model per VM";
  if (std::string problem = check_findings(system); !problem.empty()) return problem;
  const config::LoadedSystem again = load_two_vms(text);
  if (render_text(again.diagnostics, again.sources, config::Colors::off) !=
      render_text(system.diagnostics, system.sources, config::Colors::off)) {
    return "not the same twice";
  }
  return {};
}

}  // namespace qvm::fuzz
