// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/model/model_builder.h"

#include <algorithm>
#include <array>
#include <limits>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "config/language/exact_value.h"
#include "config/language/file_words.h"
#include "config/language/key_value.h"
#include "config/language/parser.h"
#include "config/model/architecture.h"
#include "config/model/values.h"

namespace qvm::config {
namespace {

constexpr std::size_t kNone = SIZE_MAX;

constexpr std::array kBlobs = {
    std::pair{Load::Blob::guest, "guest"}, std::pair{Load::Blob::initrd, "initrd"},
    std::pair{Load::Blob::data, "data"},   std::pair{Load::Blob::fdt, "fdt"},
    std::pair{Load::Blob::acpi, "acpi"},
};

Load::Blob blob_of(const std::shared_ptr<const Word>& word) {
  if (!word) return Load::Blob::automatic;
  const auto found =
      std::find_if(kBlobs.begin(), kBlobs.end(), [&](const auto& one) { return word->text == one.second; });
  return found == kBlobs.end() ? Load::Blob::automatic : found->first;
}

class Builder {
 public:
  Builder(const SyntaxTree& tree, const TableSet& tables, Reader& reader, const std::string& directory,
          DiagnosticSink& sink)
      : x_tree(tree),
        x_tables(tables),
        x_reader(reader),
        x_directory(directory),
        x_sink(sink),
        x_values(sink) {
    x_objects.assign(tree.contexts.size(), kNone);
    for (std::size_t i = 0; i < tree.contexts.size(); ++i) x_opened_by.emplace(tree.contexts[i].opener, i);
    // The argument is only the first part of what was meant, and reported as such.
    for (const UnknownWord& unknown : tree.unknown) {
      if (continued_by(unknown, tree) != nullptr) x_scattered.insert(unknown.items_before - 1);
    }
    x_vm.where = tree.start;
  }

  VmConfig run() {
    for (std::size_t i = 0; i < x_tree.items.size(); ++i) {
      if (x_scattered.contains(i)) {
        ParsedOption unclear = x_tree.items[i];
        for (Word& word : unclear.arguments) word.unresolved = true;
        add(unclear, i);
      } else {
        add(x_tree.items[i], i);
      }
    }
    for (Vdev& vdev : x_vm.vdevs) complete(vdev);
    x_vm.architecture = architecture_of(x_tree, x_tables).architecture;
    add_implicit();
    return std::move(x_vm);
  }

 private:
  void add(const ParsedOption& item, std::size_t index) {
    if (item.context == 0) {
      vm_option(item, index);
    } else {
      context_option(item);
    }
  }

  // The argument's word with `key=` taken away where that cannot be part of a value.
  Word plain(const Word& word, const ArgumentSpec& spec) const {
    // `key=value` (reported by its rule) is read as the value.
    if (may_contain_equals(spec.type)) return word;
    auto text = without_keys(word.text);
    if (!text) return word;
    Word result = word;
    result.text = *std::move(text);
    result.bytes.assign(result.text.size(), word.where);
    return result;
  }

  Option convert(const ParsedOption& item, Location::Space space, bool bare_interrupt) {
    Option option;
    option.name = item.spec->stands_for.empty() ? item.spec->name : item.spec->stands_for;
    option.where = item.word.where;
    for (std::size_t i = 0; i < item.arguments.size(); ++i) {
      const ArgumentSpec& spec = item.spec->arguments[i];
      option.arguments.push_back(
          x_values.argument(plain(item.arguments[i], spec), spec, space, bare_interrupt));
    }
    return option;
  }

  // Adds an option; one that does not repeat replaces its predecessor.
  static void put(std::vector<Option>& options, const ParsedOption& item, Option option) {
    if (!item.spec->repeatable) {
      std::erase_if(options, [&](const Option& other) {
        if (other.name != option.name) return false;
        return !item.spec->keyed || other.arguments.empty() || option.arguments.empty() ||
               other.arguments.front().text == option.arguments.front().text;
      });
    }
    options.push_back(std::move(option));
  }

  void vm_option(const ParsedOption& item, std::size_t index) {
    const std::string& name = item.spec->name;
    note_unsupported(item);
    if (name == "cpu" || name == "reserve" || name == "pass") {
      open(item, index);
      return;
    }
    if (!item.complete()) {
      if (name == "vdev") open(item, index);
      return;
    }
    if (name == "vdev") {
      open(item, index);
    } else if (name == "ram" || name == "rom") {
      add_memory(item, index);
    } else if (name == "load") {
      add_load(item, index);
    } else if (name == "set") {
      add_variable(item);
    } else {
      add_plain(item);
    }
  }

  void note_unsupported(const ParsedOption& item, const std::string& of = {}) {
    for (std::size_t i = 0; i < item.arguments.size(); ++i) {
      const Word& word = item.arguments[i];
      const SpecialValue* special = item.spec->arguments[i].special_value(word.text);
      if (special != nullptr && !special->unsupported.empty())
        x_vm.unsupported.push_back({item.word.text + " " + word.text, special->unsupported, word.where});
    }
    if (!item.spec->unsupported.empty() && !has_exact_value(item))
      x_vm.unsupported.push_back({of + item.word.text, item.spec->unsupported, item.word.where});
  }

  void add_plain(const ParsedOption& item) {
    const std::string& name = item.spec->name;
    Option option = convert(item, Location::Space::memory, false);
    if (name == "system") {
      if (!option.arguments.front().text.empty()) {
        x_vm.system = Located<std::string>{option.arguments.front().text, option.arguments.front().where};
      }
    } else if (name == "cmdline") {
      Located<std::string> line{option.arguments.front().text, option.arguments.front().where};
      for (const Word& word : item.stray) {
        line.value += " " + word.text;
        line.where.end = word.where.end;
      }
      x_vm.cmdline = std::move(line);
    } else {
      if (name == "dryrun") x_vm.dryrun = true;
      put(x_vm.options, item, std::move(option));
    }
  }

  void open(const ParsedOption& item, std::size_t index) {
    const auto opened = x_opened_by.find(index);
    if (opened == x_opened_by.end()) return;
    const std::size_t context = opened->second;
    if (item.spec->name == "cpu") {
      x_objects[context] = x_vm.cpus.size();
      x_vm.cpus.push_back({item.word.where, {}});
    } else if (item.spec->name == "reserve") {
      x_objects[context] = x_vm.reserves.size();
      x_vm.reserves.push_back({item.word.where, {}, {}, index});
    } else if (item.spec->name == "pass") {
      x_objects[context] = x_vm.passes.size();
      x_vm.passes.push_back({item.word.where, blob_of(item.blob), {}, {}, index});
    } else {
      if (item.arguments.empty()) return;
      const Word type = plain(item.arguments.front(), item.spec->arguments.front());
      x_objects[context] = x_vm.vdevs.size();
      Vdev vdev;
      vdev.type = vdev_type(type.text);
      vdev.where = type.where;
      vdev.table = x_tables.vdev(vdev.type);
      vdev.order = index;
      x_vm.vdevs.push_back(std::move(vdev));
    }
  }

  void add_memory(const ParsedOption& item, std::size_t index) {
    const Word word = plain(item.arguments.front(), item.spec->arguments.front());
    const auto spec = x_values.memory(word);
    if (!spec) return;
    MemoryPiece piece;
    piece.kind = item.spec->name == "rom" ? MemoryPiece::Kind::rom : MemoryPiece::Kind::ram;
    piece.start = spec->start.value_or(x_highest);
    piece.length = spec->length;
    piece.where = word.where;
    piece.order = index;
    const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - piece.start;
    if (piece.length > room) {
      Diagnostic diagnostic;
      diagnostic.rule = "A20";
      diagnostic.where = word.where;
      diagnostic.message = "the memory ends beyond 64 bits";
      x_sink.add(std::move(diagnostic));
      return;
    }
    x_highest = std::max(x_highest, piece.start + piece.length);
    x_vm.memory.push_back(piece);
  }

  void add_load(const ParsedOption& item, std::size_t index) {
    const Word word = plain(item.arguments.front(), item.spec->arguments.front());
    auto spec = x_values.load(word);
    if (!spec) return;
    Load load;
    load.blob = blob_of(item.blob);
    load.address = spec->address;
    load.path = std::move(spec->path);
    load.where = word.where;
    load.order = index;
    if (const auto facts = x_reader.facts(path_from(x_directory, load.path)); facts && facts->regular) {
      load.size = facts->size;
    }
    x_vm.loads.push_back(std::move(load));
  }

  void add_variable(const ParsedOption& item) {
    const Word& name = item.arguments[0];
    SetVariable variable;
    variable.name = name.text;
    variable.where = name.where;
    const Context& context = x_tree.contexts[item.within];
    const OptionSpec* spec = item.within == 0 ? nullptr : context.table->find_variable(name.text);
    if (spec != nullptr) {
      (context.kind == Context::Kind::cpu ? variable.cpu : variable.vdev) = x_objects[item.within];
    } else {
      spec = x_tables.vm().find_variable(name.text);
    }
    static const ArgumentSpec kText;
    x_values.use_rule("G07");
    variable.value = x_values.argument(item.arguments[1], spec == nullptr ? kText : spec->arguments.front(),
                                       Location::Space::memory, false);
    x_values.use_rule("A20");
    std::erase_if(x_vm.variables, [&](const SetVariable& other) {
      return other.name == variable.name && other.cpu == variable.cpu && other.vdev == variable.vdev;
    });
    x_vm.variables.push_back(std::move(variable));
  }

  void context_option(const ParsedOption& item) {
    const Context& context = x_tree.contexts[item.context];
    const std::size_t object = x_objects[item.context];
    if (object == kNone || !item.complete()) return;
    switch (context.kind) {
      case Context::Kind::cpu:
        put(x_vm.cpus[object].options, item, convert(item, Location::Space::memory, false));
        break;
      case Context::Kind::reserve:
        reserve_option(item, x_vm.reserves[object]);
        break;
      case Context::Kind::vdev:
      case Context::Kind::unknown_vdev:
        vdev_option(item, context, x_vm.vdevs[object]);
        break;
      case Context::Kind::pass:
        pass_option(item, x_vm.passes[object]);
        break;
      case Context::Kind::vm:
        break;
    }
  }

  void reserve_option(const ParsedOption& item, Reserve& reserve) {
    for (const Argument& argument : convert(item, Location::Space::memory, true).arguments) {
      if (const auto* location = std::get_if<Location>(&argument.value)) {
        reserve.locations.push_back({*location, argument.where});
      } else if (const auto* interrupt = std::get_if<InterruptRef>(&argument.value)) {
        reserve.interrupts.push_back({*interrupt, argument.where});
      }
    }
  }

  void pass_option(const ParsedOption& item, PassedThrough& pass) {
    note_unsupported(item, "pass ");
    for (const Argument& argument : convert(item, Location::Space::memory, false).arguments) {
      if (const auto* location = std::get_if<PassedLocation>(&argument.value)) {
        pass.locations.push_back({*location, argument.where});
      } else if (const auto* interrupt = std::get_if<PassedInterrupt>(&argument.value)) {
        pass.interrupts.push_back({*interrupt, argument.where});
      }
    }
  }

  void vdev_option(const ParsedOption& item, const Context& context, Vdev& vdev) {
    Option option = convert(item, context.table->default_space, context.table->interrupt_controller);
    if (option.name == "loc" || option.name == "intr") {
      if (!item.spec->repeatable && option.name == "intr") vdev.interrupts.clear();
      for (std::size_t i = 0; i < option.arguments.size(); ++i) place(item, i, option.arguments[i], vdev);
    } else if (option.name == "name" && !option.arguments.empty()) {
      vdev.name = Located<std::string>{option.arguments.front().text, option.arguments.front().where};
    }
    put(vdev.options, item, std::move(option));
  }

  void place(const ParsedOption& item, std::size_t index, const Argument& argument, Vdev& vdev) const {
    if (const auto* location = std::get_if<Location>(&argument.value)) {
      vdev.location = Located<Location>{*location, argument.where};
    } else if (const auto* interrupt = std::get_if<InterruptRef>(&argument.value)) {
      vdev.interrupts.push_back({*interrupt, argument.where});
    } else if (item.spec->arguments[index].type == ArgumentType::interrupt_list) {
      // Read once more for the places of the parts; problems have been reported already.
      DiagnosticSink again;
      for (auto& one :
           ValueReader(again).interrupts(plain(item.arguments[index], item.spec->arguments[index]))) {
        vdev.interrupts.push_back(std::move(one));
      }
    }
  }

  void add_implicit() {
    const std::string_view here = to_string(x_vm.architecture);
    for (const std::string_view type : x_tables.vdev_names()) {
      const OptionTable& table = *x_tables.vdev(type);
      if (!table.implicit) continue;
      const bool exists = table.architectures.empty() ||
                          std::find(table.architectures.begin(), table.architectures.end(), here) !=
                              table.architectures.end();
      const bool written = std::any_of(x_vm.vdevs.begin(), x_vm.vdevs.end(),
                                       [&](const Vdev& vdev) { return vdev.type == type; });
      if (!exists || written) continue;
      Vdev vdev;
      vdev.type = type;
      vdev.where = x_vm.where;
      vdev.table = &table;
      complete(vdev);
      x_vm.implicit.push_back(std::move(vdev));
    }
  }

  // What the table adds to what was written.
  static void complete(Vdev& vdev) {
    if (vdev.table == nullptr) return;
    // A `loc` that could not be understood (reported) is not the default place.
    const bool written = std::any_of(vdev.options.begin(), vdev.options.end(),
                                     [](const Option& option) { return option.name == "loc"; });
    if (!written && vdev.table->default_location) {
      vdev.location = Located<Location>{*vdev.table->default_location, {}};
    }
    if (!vdev.location || vdev.location->value.length) return;
    for (const Claim& claim : vdev.table->claims) {
      if (claim.address || claim.space != vdev.location->value.space || claim.offset != 0 ||
          !claim.holds_with(vdev.options))
        continue;
      vdev.location->value.length = claim.length;
      return;
    }
  }

  const SyntaxTree& x_tree;
  const TableSet& x_tables;
  Reader& x_reader;
  const std::string& x_directory;
  DiagnosticSink& x_sink;
  ValueReader x_values;
  VmConfig x_vm;
  std::vector<std::size_t> x_objects;                        // per context: index of its cpu, reserve or vdev
  std::unordered_map<std::size_t, std::size_t> x_opened_by;  // item to context
  std::unordered_set<std::size_t> x_scattered;               // items
  std::uint64_t x_highest = 0;
};

}  // namespace

VmConfig build_model(const SyntaxTree& tree, const TableSet& tables, Reader& reader,
                     const std::string& directory, DiagnosticSink& sink) {
  return Builder(tree, tables, reader, directory, sink).run();
}

}  // namespace qvm::config
