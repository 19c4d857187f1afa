// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/option_table.h"

#include <algorithm>
#include <cassert>
#include <filesystem>
#include <utility>

#include "config/language/option_table_json.h"
#include "config/language/word.h"
#include "config/text/reader.h"
#include "schemas/embedded.h"

namespace qvm::config {
namespace {

const OptionSpec* find_in(const std::vector<OptionSpec>& options, std::string_view name) {
  const auto found = std::find_if(options.begin(), options.end(),
                                  [&](const OptionSpec& option) { return option.name == name; });
  return found == options.end() ? nullptr : &*found;
}

const OptionTable* find_in(const std::map<std::string, OptionTable, std::less<>>& tables,
                           std::string_view name) {
  const auto found = tables.find(name);
  return found == tables.end() ? nullptr : &found->second;
}

std::vector<std::string_view> names_of(const std::map<std::string, OptionTable, std::less<>>& tables) {
  std::vector<std::string_view> names;
  for (const auto& [name, table] : tables) names.push_back(name);
  return names;
}

// A vdev's own description of an option overrides the common one.
void merge(OptionTable& table, const OptionTable& common) {
  for (const OptionSpec& option : common.options) {
    if (table.find(option.name) == nullptr) table.options.push_back(option);
  }
  for (const OptionSpec& variable : common.variables) {
    if (table.find_variable(variable.name) == nullptr) table.variables.push_back(variable);
  }
  if (table.runs()) return;
  // Whatever its options would do: without the device they do nothing.
  for (std::vector<OptionSpec>* options : {&table.options, &table.variables}) {
    for (OptionSpec& option : *options) {
      option.effect = "none";
      option.effect_note = "this build does not have the device";
    }
  }
}

}  // namespace

std::string OptionSpec::usage() const {
  std::string text = name;
  for (const ArgumentSpec& argument : arguments) text += " " + argument.name;
  return text;
}

bool may_contain_equals(ArgumentType type) {
  switch (type) {
    case ArgumentType::text:
    case ArgumentType::path:
    case ArgumentType::host_path:
    case ArgumentType::pattern:
    case ArgumentType::pci_register:
    case ArgumentType::pass_location:
    case ArgumentType::pass_interrupt:
      return true;
    case ArgumentType::boolean:
    case ArgumentType::tristate:
    case ArgumentType::number:
    case ArgumentType::address:
    case ArgumentType::size:
    case ArgumentType::memory_spec:
    case ArgumentType::load_spec:
    case ArgumentType::location:
    case ArgumentType::interrupt:
    case ArgumentType::interrupt_list:
    case ArgumentType::number_list:
    case ArgumentType::keyword:
    case ArgumentType::keyword_list:
    case ArgumentType::region_create:
    case ArgumentType::name:
    case ArgumentType::mode:
    case ArgumentType::integer:
    case ArgumentType::tuple:
    case ArgumentType::mac:
    case ArgumentType::priority:
      return false;
  }
  return false;
}

const SpecialValue* ArgumentSpec::special_value(std::string_view text) const {
  const auto found = std::find_if(special.begin(), special.end(),
                                  [&](const SpecialValue& one) { return one.matches(text); });
  return found == special.end() ? nullptr : &*found;
}

bool Claim::holds_with(const std::vector<Option>& options) const {
  const auto is_written = [&](const std::string& name) {
    return std::any_of(options.begin(), options.end(),
                       [&](const Option& option) { return option.name == name; });
  };
  return std::none_of(unless.begin(), unless.end(), is_written) &&
         (when.empty() || std::any_of(when.begin(), when.end(), is_written));
}

const OptionSpec* OptionTable::find(std::string_view option) const {
  return find_in(options, option);
}

const OptionSpec* OptionTable::find_variable(std::string_view variable) const {
  return find_in(variables, variable);
}

Result<void> TableSet::add_vdev(std::string_view type, std::string_view json) {
  auto file = parse_table_file(std::string(type) + ".json", type, json);
  if (!file) return tl::unexpected<Error>(std::move(file.error()));
  merge(file->table, common());
  x_vdevs.insert_or_assign(std::string(type), std::move(file->table));
  return {};
}

Result<TableSet> TableSet::shipped() {
  constexpr std::string_view kVdevFolder = "vdevs/";
  TableSet set;
  for (const char* name : {"vm", "vdev-common"}) {
    const auto text = schemas::embedded_file(std::string(name) + ".json");
    if (!text) return fail(std::string("this build lacks schemas/") + name + ".json");
    auto file = parse_table_file(std::string(name) + ".json", name, *text);
    if (!file) return tl::unexpected<Error>(std::move(file.error()));
    for (auto& [context, table] : file->contexts) set.x_tables.insert_or_assign(context, std::move(table));
    set.x_tables.insert_or_assign(name, std::move(file->table));
  }
  for (const char* name : {"cpu", "reserve", "pass"}) {
    if (set.x_tables.find(name) == set.x_tables.end())
      return fail(std::string("vm.json: /contexts/") + name + ": is missing");
  }
  for (const schemas::EmbeddedFile& file : schemas::embedded_files()) {
    if (!file.name.starts_with(kVdevFolder)) continue;
    const std::string_view type =
        file.name.substr(kVdevFolder.size(), file.name.rfind('.') - kVdevFolder.size());
    if (auto added = set.add_vdev(type, file.text); !added)
      return tl::unexpected<Error>(std::move(added.error()));
  }
  return set;
}

void TableSet::add_directory(const std::string& directory, std::vector<Error>& failures) {
  std::error_code error;
  std::vector<std::filesystem::path> paths;
  for (auto entry = std::filesystem::directory_iterator(directory, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() == ".json") paths.push_back(entry->path());
  }
  if (error) {
    failures.push_back(Error::from_errno("read the plugin directory '" + directory + "'", error.value()));
    return;
  }
  std::sort(paths.begin(), paths.end());
  HostReader reader;
  for (const std::filesystem::path& path : paths) {
    const std::string type = path.stem().string();
    auto text = reader.read(path.string(), kMaximumFileBytes);
    if (!text) {
      failures.push_back(std::move(text.error()));
    } else if (auto added = add_vdev(type, *text); !added) {
      failures.push_back(std::move(added.error()).with_context("option table in '" + directory + "'"));
    } else if (OptionTable& table = x_vdevs.find(type)->second; !table.object.empty()) {
      // A vdev is dropped in whole: its object is beside its table.
      table.object = (std::filesystem::absolute(path, error).parent_path() / table.object).string();
    }
  }
}

const OptionTable& TableSet::vm() const {
  return context("vm");
}

const OptionTable& TableSet::common() const {
  return context("vdev-common");
}

const OptionTable& TableSet::context(std::string_view name) const {
  const OptionTable* table = find_in(x_tables, name);
  assert(table != nullptr);
  return *table;
}

const OptionTable* TableSet::vdev(std::string_view type) const {
  return find_in(x_vdevs, type);
}

std::vector<std::string_view> TableSet::vdev_names() const {
  return names_of(x_vdevs);
}

const OptionTable* TableSet::unsupported_vdev(std::string_view type) const {
  const OptionTable* table = vdev(type);
  return table == nullptr || table->unsupported.empty() ? nullptr : table;
}

std::vector<std::string_view> TableSet::unsupported_vdev_names() const {
  std::vector<std::string_view> names = vdev_names();
  std::erase_if(names, [&](std::string_view name) { return unsupported_vdev(name) == nullptr; });
  return names;
}

}  // namespace qvm::config
