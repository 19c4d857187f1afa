// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the words of one VM are, before their values are judged: options with their arguments in contexts, in
// the order written, and everything that is no option. Lint rules about the language itself look at this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/language/option_table.h"
#include "config/language/word.h"

namespace qvm::config {

// One stretch of options that belong together. Context 0 is the VM.
struct Context {
  enum class Kind { vm, cpu, reserve, pass, vdev, unknown_vdev };
  Kind kind = Kind::vm;
  const OptionTable* table = nullptr;  // unknown_vdev: what every vdev understands
  std::size_t opener = SIZE_MAX;       // index into items; SIZE_MAX for the VM
  std::string label;                   // for messages: "vdev 'shmem'", "cpu", "the VM"
};

struct ParsedOption {
  const OptionSpec* spec = nullptr;  // never null
  Word word;
  std::size_t context = 0;              // that it belongs to: index into contexts
  std::size_t within = 0;               // that was open when it was read; differs for an option of the VM
  std::vector<Word> arguments;          // fewer than spec's if some are missing
  std::shared_ptr<const Word> blob;     // `initrd` of `initrd load`; few have one, so it is kept apart
  std::shared_ptr<const Word> instead;  // the option found where an argument should have been
  bool misspelled = false;              // word is not spec->name; taken for it so that reading can go on
  bool guessed = false;                 // option of an unknown vdev
  std::vector<Word> stray;  // words after an unquoted argument that were probably meant to belong to it

  bool complete() const { return arguments.size() == spec->arguments.size(); }
};

// A word where an option was expected, and what followed it on its line and is no option either.
struct UnknownWord {
  Word word;
  std::vector<Word> rest;
  std::size_t within = 0;        // context open at this place
  std::size_t items_before = 0;  // how many options were read before it
  bool lone_blob = false;        // `initrd` and no `load` after it
};

struct SyntaxTree {
  SourceRange start;  // of the first source; an empty range at its beginning
  std::vector<Context> contexts;
  std::vector<ParsedOption> items;
  std::vector<UnknownWord> unknown;
  std::vector<std::string> files;  // as opened, in order
  std::vector<Word> nested_files;  // "@path" words inside files
  std::vector<SourceRange> comments;
  bool unreadable = false;  // a file could not be read (reported)
  // Specs made up for the options of unknown vdevs; items point at them.
  std::vector<std::unique_ptr<OptionSpec>> guesses;
};

// The option directly before the word if the word continues its last argument, because of a blank where there
// must be none ("0x1000, 0x100") or because both are key=value ("addr=0x0 size=64M"); else nullptr.
const ParsedOption* continued_by(const UnknownWord& unknown, const SyntaxTree& tree);

}  // namespace qvm::config
