// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Option tables: what words exist in a context and what they take, read from schemas/*.json. The parser, the
// linter,
// `--help` and the plan all work from these; no code knows an option that is not in a table.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/vm_config.h"
#include "qvm/base/result.h"

namespace qvm::config {

enum class ArgumentType {
  text,
  path,
  boolean,
  tristate,
  number,
  address,
  size,
  memory_spec,
  load_spec,
  location,
  interrupt,
  interrupt_list,
  number_list,
  keyword,
  keyword_list,
  region_create,
  pattern,
  name,
  mode
};

std::string_view to_string(ArgumentType type);  // as the tables write it: "memory-spec"

struct ArgumentSpec {
  std::string name;  // for messages and help: "ADDR", "LENGTH"
  ArgumentType type = ArgumentType::text;
  std::vector<std::string> keywords;     // for keyword, keyword_list
  std::optional<std::uint64_t> minimum;  // inclusive, for numbers
  std::optional<std::uint64_t> maximum;
  bool length_required = false;  // a location must say how long it is (but for pci)
};

struct OptionSpec {
  std::string name;
  std::vector<ArgumentSpec> arguments;  // its arity is their number
  bool repeatable = false;
  bool required = false;
  bool opens_context = false;              // cpu, vdev, reserve, pass
  std::vector<std::string> architectures;  // empty: all; else "x86_64", "aarch64"
  std::string default_text;                // as it would be written; empty: none
  std::string effect;         // "mapped", "approximated", "none": what becomes of it on this host
  std::string effect_note;    // one sentence for approximated and none
  std::string documentation;  // one sentence
  // Given twice with the same first argument, the last one wins; with different ones, both count (`set`).
  bool keyed = false;
  bool prose = false;                    // its argument is usually several words: forgotten quotes are likely
  std::vector<std::string> blobs;        // words that may stand before it: `initrd load`
  std::vector<std::string> also_called;  // what people write by mistake: "interrupt" for `intr`
  std::string unsupported;               // why this version cannot do it; empty: it can

  // "loc ADDR[,LENGTH]": how it is written.
  std::string usage() const;
};

// What a device claims besides what its options say.
struct Claim {
  Location::Space space = Location::Space::memory;
  std::optional<std::uint64_t> address;  // fixed; absent: where `loc` says
  std::uint64_t length = 0;              // bytes or ports
  std::uint64_t offset = 0;              // from `loc`, when address is absent
};

class OptionTable {
 public:
  // name: a vdev type, or "vm", "cpu", "reserve" for the contexts of the language itself. Failures name the
  // JSON path.
  static Result<OptionTable> from_json(std::string_view name, std::string_view json);

  std::string name;
  std::string documentation;
  std::vector<std::string> architectures;
  std::vector<OptionSpec> options;  // own and, for vdevs, the common ones
  std::vector<Claim> claims;
  std::optional<Location> default_location;
  Location::Space default_space = Location::Space::memory;
  bool interrupt_controller = false;
  std::uint32_t interrupt_lines = 0;              // of a controller
  bool location_required = false;                 // MMIO-only devices
  bool interrupt_required_with_location = false;  // shmem and virtio in their MMIO form
  // "vdev-shmem.so" for a device emulated by us, in the launcher's directory of plugins; of a vdev from
  // another directory with its path; empty: the machine's own.
  std::string object;
  // Vdev types that may use its interrupt lines: a PC's HPET takes over the lines of the timer and the clock.
  std::vector<std::string> shares_lines_with;
  std::vector<OptionSpec> variables;  // what `set` knows here
  std::string unsupported;            // a vdev of QNX's that this version cannot do: why; empty: it can

  const OptionSpec* find(std::string_view option) const;
  const OptionSpec* find_variable(std::string_view variable) const;
};

// The tables this build ships, plus NAME.json files of plugin directories.
class TableSet {
 public:
  // The shipped ones, compiled in.
  static Result<TableSet> shipped();
  // Adds DIRECTORY/*.json, their objects being in DIRECTORY, too; one failure per file, in failures, the rest
  // is taken.
  void add_directory(const std::string& directory, std::vector<Error>& failures);

  const OptionTable& vm() const;
  const OptionTable& context(std::string_view name) const;  // "cpu", "reserve", "pass"
  const OptionTable* vdev(std::string_view type) const;
  std::vector<std::string_view> vdev_names() const;
  // What every vdev understands; the tables of vdev() contain it already.
  const OptionTable& common() const;
  // A vdev of QNX's that this version cannot do (table.unsupported says why): its words are known all the
  // same.
  const OptionTable* unsupported_vdev(std::string_view type) const;
  std::vector<std::string_view> unsupported_vdev_names() const;

 private:
  Result<void> add_vdev(std::string_view type, std::string_view json);

  std::map<std::string, OptionTable, std::less<>> x_tables;
  std::map<std::string, OptionTable, std::less<>> x_vdevs;
  std::map<std::string, OptionTable, std::less<>> x_unsupported;
};

}  // namespace qvm::config
