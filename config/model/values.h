// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Words to values. Every problem is reported with the part of the word that is to blame (rule A20; A07 and
// A08 for numbers that are understood but read differently by people).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/language/numbers.h"
#include "config/language/option_table.h"
#include "config/language/word.h"
#include "config/model/vm_config.h"
#include "config/text/diagnostic.h"

namespace qvm::config {

struct MemorySpec {
  std::optional<std::uint64_t> start;
  std::uint64_t length = 0;
};

struct LoadSpec {
  std::optional<std::uint64_t> address;
  std::string path;
};

// A part of a word.
struct Slice {
  const Word* word = nullptr;
  std::size_t begin = 0;
  std::size_t end = 0;

  explicit Slice(const Word& whole) : word(&whole), end(whole.text.size()) {}
  Slice(const Word& whole, std::size_t from, std::size_t to) : word(&whole), begin(from), end(to) {}
  std::string_view text() const { return std::string_view(word->text).substr(begin, end - begin); }
  SourceRange where() const { return begin == end ? word->where : word->part(begin, end); }
  // The parts between separators; at least one, some possibly empty.
  std::vector<Slice> split(char separator) const;
};

// All members return nullopt after a report, and without one for words whose substitution failed (reported
// before).
class ValueReader {
 public:
  explicit ValueReader(DiagnosticSink& sink) : x_sink(sink) {}
  // Reports further problems under this rule instead of A20.
  void use_rule(std::string rule) { x_rule = std::move(rule); }

  std::optional<MemorySpec> memory(const Word& word);
  std::optional<LoadSpec> load(const Word& word);
  std::optional<Location> location(const Word& word, Location::Space default_space, bool length_required);
  // bare: a name without a line, or a line without a name, is enough.
  std::optional<InterruptRef> interrupt(const Slice& slice, bool bare);
  std::vector<Located<InterruptRef>> interrupts(const Word& word);

  // The argument as config/language/option.h says; location needs the space that its table has as default.
  Argument argument(const Word& word, const ArgumentSpec& spec, Location::Space default_space,
                    bool bare_interrupt);

 private:
  std::optional<std::uint64_t> number(const Slice& slice, NumberKind kind);
  std::optional<std::uint64_t> limited(const Slice& slice, NumberKind kind, const ArgumentSpec& spec);
  std::optional<bool> boolean(const Word& word, bool tristate);
  std::vector<std::string> numbers(const Word& word, const ArgumentSpec& spec);
  std::vector<std::string> keywords(const Word& word, const ArgumentSpec& spec, bool list);
  std::vector<std::string> region(const Word& word);
  std::vector<std::string> tuple(const Word& word, const ArgumentSpec& spec);
  std::optional<std::string> part(const Slice& slice, const ArgumentSpec& spec);
  bool integer(const Slice& slice);
  void mac(const Word& word);
  void priority(const Word& word);
  void pci_register(const Word& word, const ArgumentSpec& spec);
  std::optional<PassedLocation> pass_location(const Word& word);
  std::optional<PassedLocation> pass_pci(const Word& word);
  bool pass_flags(const Slice& slice, std::string_view known);
  std::optional<PassedInterrupt> pass_interrupt(const Word& word);
  std::optional<Location> pci(const Slice& slice);
  bool check_end(std::uint64_t start, std::uint64_t length, const SourceRange& where);
  void report(const SourceRange& where, std::string message, std::string help = {}, std::string better = {});
  void warn(std::string rule, const SourceRange& where, std::string message, std::string help,
            std::string better);

  DiagnosticSink& x_sink;
  std::string x_rule = "A20";
};

}  // namespace qvm::config
