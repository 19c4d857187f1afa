// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Option tables: what words exist in a context and what they take, read from schemas/*.json. The parser, the
// linter, the reference and the plan all work from these; no code knows an option that is not in a table.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/language/option.h"
#include "config/language/qnx_version.h"
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
  mode,
  host_path,       // a path of the QNX host, perhaps after '<' or '>', or "|COMMAND"
  integer,         // a number with an optional sign
  tuple,           // parts of other types, joined by commas
  mac,             // six pairs of hexadecimal digits
  priority,        // 1 to 255, perhaps with the letter of a policy
  pci_register,    // OFFSET/SIZE=VALUE or NAME=VALUE
  pass_location,   // GUEST,LENGTH[,FLAGS][=HOST] of `pass loc`
  pass_interrupt,  // GUEST[,FLAG][=HOST] of `pass intr`
};

// Whether '=' may be part of a value; in others it is `key=value`, which is no notation of the language.
bool may_contain_equals(ArgumentType type);
std::string_view to_string(ArgumentType type);  // as the tables write it: "memory-spec"

// What QNX advises against, and what it has instead.
struct Deprecation {
  QnxVersion since = kOldestQnxVersion;
  std::string instead;    // option or words to write instead; may be empty
  bool renaming = false;  // replacing the word by `instead` changes nothing else
  std::string note;       // one sentence; may be empty
};

// From which version of QNX to which something exists, both inclusive.
struct VersionRange {
  QnxVersion since = kOldestQnxVersion;
  QnxVersion until = kNewestQnxVersion;

  bool contains(QnxVersion version) const { return since <= version && version <= until; }
};

// A value, or the values with a prefix, of which there is more to say than of the others.
struct SpecialValue {
  std::string value;   // either the whole value
  std::string prefix;  // or its beginning
  VersionRange versions;
  std::vector<std::string> architectures;  // empty: all
  std::optional<Deprecation> deprecated;
  std::string unsupported;  // as in OptionSpec
  std::string note;         // one sentence about it; may be empty
  bool exact = false;       // has its full effect here, though the option as a whole has not

  bool matches(std::string_view text) const {
    return prefix.empty() ? text == value : text.substr(0, prefix.size()) == prefix;
  }
};

struct ArgumentSpec {
  std::string name;  // for messages and help: "ADDR", "LENGTH"
  ArgumentType type = ArgumentType::text;
  std::vector<std::string> keywords;     // for keyword, keyword_list; words that a number may be, too
  std::optional<std::uint64_t> minimum;  // inclusive, for numbers
  std::optional<std::uint64_t> maximum;
  bool length_required = false;                 // a location must say how long it is (but for pci)
  std::optional<std::uint64_t> default_length;  // bytes that a location without a length takes
  std::vector<ArgumentSpec> parts;              // of a tuple
  bool optional = false;                        // part of a tuple that may be left away, with those after it
  std::vector<SpecialValue> special;

  const SpecialValue* special_value(std::string_view text) const;
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
  bool prose = false;              // its argument is usually several words: forgotten quotes are likely
  std::vector<std::string> blobs;  // words that may stand before it: `initrd load`
  std::vector<SpecialValue> special_blobs;
  std::vector<std::string> also_called;  // what people write by mistake: "interrupt" for `intr`
  std::string unsupported;               // why this build cannot do it, and what can; empty: it can
  VersionRange versions;                 // of QNX that know it
  std::optional<Deprecation> deprecated;
  std::string stands_for;  // another name of this option of the same table; empty: it is what its name says
  std::string assumed;     // what is assumed about it because no documentation is known; empty: nothing
  std::string origin;      // who has it if QNX has not: "Qualcomm"; empty: QNX

  // "loc ADDR[,LENGTH]": how it is written.
  std::string usage() const;
};

// What a device claims besides what its options say.
struct Claim {
  Location::Space space = Location::Space::memory;
  std::optional<std::uint64_t> address;  // fixed; absent: where `loc` says
  std::uint64_t length = 0;              // bytes or ports
  std::uint64_t offset = 0;              // from `loc`, when address is absent
  std::vector<std::string> unless;       // options that give the place instead, if written
  std::vector<std::string> when;         // only if one of these is written; empty: always

  // Whether it is claimed by a device with these options.
  bool holds_with(const std::vector<Option>& options) const;
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
  // "vdev-shmem.so" for a device emulated by us, in qvm's directory of plugins; of a vdev from
  // another directory with its path; empty: the machine's own.
  std::string object;
  // Vdev types that may use its interrupt lines: a PC's HPET takes over the lines of the timer and the clock.
  std::vector<std::string> shares_lines_with;
  std::vector<OptionSpec> variables;  // what `set` knows here
  std::string unsupported;            // a vdev that this build cannot run: why, and what can; empty: it can
  std::string left_out;       // a vdev that a guest can do without, and does here: why; empty: it is there
  VersionRange versions;      // of QNX that have the vdev
  bool open_options = false;  // it has options that are not known: unknown words are no mistakes
  bool implicit = false;      // there without being written, on machines of its architecture
  std::string assumed;        // as in OptionSpec
  std::string origin;         // as in OptionSpec

  // A vdev's: a VM that has it can be started, and then has it.
  bool runs() const { return unsupported.empty() && left_out.empty(); }

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
  // Also of a vdev that this build cannot run (table.unsupported says why): its words are known all the same.
  const OptionTable* vdev(std::string_view type) const;
  std::vector<std::string_view> vdev_names() const;
  // What every vdev understands; the tables of vdev() contain it already.
  const OptionTable& common() const;
  // Only of a vdev that this build cannot run.
  const OptionTable* unsupported_vdev(std::string_view type) const;
  std::vector<std::string_view> unsupported_vdev_names() const;

  // The version of QNX that configurations are judged by; the tables are the same for all.
  QnxVersion version() const { return x_version; }
  void select_version(QnxVersion version) { x_version = version; }

 private:
  Result<void> add_vdev(std::string_view type, std::string_view json);

  std::map<std::string, OptionTable, std::less<>> x_tables;
  std::map<std::string, OptionTable, std::less<>> x_vdevs;
  QnxVersion x_version = kDefaultQnxVersion;
};

}  // namespace qvm::config
