// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/fuzz/config_input.h"

#include "config/load.h"
#include "config/render.h"
#include "tests/support/config_text.h"

namespace qvm::fuzz {
namespace {

using config::SourceRange;

config::LoadedSystem load(const std::string& text) {
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

bool inside(const SourceRange& where, const config::SourceSet& sources) {
  return !where.valid() || (where.begin <= where.end && where.end <= sources.text(where.source).size());
}

std::string check_places(const config::LoadedSystem& system) {
  for (const config::Diagnostic& one : system.diagnostics.all()) {
    if (one.message.empty() || one.rule.empty()) return "a finding without text or rule";
    if (!one.where.valid()) return "a finding without a place: " + one.message;
    if (!inside(one.where, system.sources)) return "a finding outside its source: " + one.message;
    for (const config::Note& note : one.notes) {
      if (!inside(note.where, system.sources)) return "a note outside its source: " + note.text;
    }
    if (one.fix && !inside(one.fix->where, system.sources)) return "a fix outside its source: " + one.message;
  }
  return {};
}

}  // namespace

std::string check_config_input(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const config::LoadedSystem system = load(text);
  if (system.vms.size() != 2 || system.names.size() != 2) return "not one model per VM";
  if (std::string problem = check_places(system); !problem.empty()) return problem;
  const std::string rendered = render_text(system.diagnostics, system.sources, config::Colors::off);
  for (const char c : rendered) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f) return "a control character in the output";
  }
  if (render_json(system.diagnostics, system.sources).empty()) return "no JSON";
  const config::LoadedSystem again = load(text);
  if (render_text(again.diagnostics, again.sources, config::Colors::off) != rendered)
    return "not the same twice";
  return {};
}

}  // namespace qvm::fuzz
