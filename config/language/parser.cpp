// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/parser.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "config/language/file_words.h"
#include "config/language/key_value.h"
#include "config/language/lexer.h"
#include "config/language/suggest.h"

namespace qvm::config {
namespace {

constexpr std::size_t kVm = 0;
// A suggestion this near, for a word of this length, is taken for what was meant.
constexpr std::size_t kSafeDistance = 1;
constexpr std::size_t kSafeLength = 3;

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_include(const Word& word) {
  return !word.quoted && !word.text.empty() && word.text.front() == '@';
}

// Options are lower-case words; "8259" is the name of a vdev, not of an option.
bool may_be_option(const Word& word) {
  return !word.quoted && !word.text.empty() && word.text.front() >= 'a' && word.text.front() <= 'z';
}

// The options of a table by first letter, last letter and length: tells for nearly every argument that it is
// no option, and finds nearly every option, with one comparison.
class NameIndex {
 public:
  explicit NameIndex(const OptionTable& table) : x_table(&table) {
    for (const OptionSpec& option : table.options) {
      Slot& slot = x_slots[slot_of(option.name)];
      slot.shared = slot.first != nullptr;
      if (!slot.shared) slot.first = &option;
    }
  }

  const OptionTable& table() const { return *x_table; }
  const OptionSpec* find(std::string_view word) const {
    const Slot& slot = x_slots[slot_of(word)];
    if (slot.first == nullptr || slot.first->name == word) return slot.first;
    return slot.shared ? x_table->find(word) : nullptr;
  }

 private:
  struct Slot {
    const OptionSpec* first = nullptr;
    bool shared = false;
  };
  static constexpr std::size_t kSlots = 128;

  static std::size_t slot_of(std::string_view name) {
    if (name.empty()) return 0;
    const auto first = static_cast<unsigned char>(name.front());
    const auto last = static_cast<unsigned char>(name.back());
    return (first + last * 5U + name.size() * 11) % kSlots;
  }

  const OptionTable* x_table;
  std::array<Slot, kSlots> x_slots{};
};

class Parser {
 public:
  Parser(const ParseInput& input, const TableSet& tables, Reader& reader, SourceSet& sources,
         DiagnosticSink& sink)
      : x_tables(tables), x_sources(sources), x_files(input.directory, reader, sources, sink) {
    x_tree.contexts.push_back({Context::Kind::vm, &tables.vm(), SIZE_MAX, "the VM"});
    add_index(tables.vm());
  }

  SyntaxTree run(std::vector<Word> command_line) {
    const SourceRange first = command_line.empty() ? SourceRange{} : command_line.front().where;
    read_words(command_line);
    x_tree.files = x_files.opened();
    x_tree.comments = x_files.take_comments();
    x_tree.unreadable = x_files.unreadable();
    if (!x_tree.start.valid() && first.valid()) x_tree.start = {first.source, first.begin, first.begin};
    return std::move(x_tree);
  }

 private:
  using Words = std::vector<Word>;

  // Arguments never come from beyond these words, and no context outlives them. What is read is moved into
  // the tree: nothing looks back.
  void read_words(Words& words) {
    x_within = kVm;
    // An option has one argument or two, usually; only a guess for memory.
    x_tree.items.reserve(x_tree.items.size() + words.size() * 2 / 3);
    for (std::size_t i = 0; i < words.size();) i = read_one(words, i);
    x_within = kVm;
  }

  std::size_t read_one(Words& words, std::size_t i) {
    const Word& word = words[i];
    if (is_include(word)) {
      include(word);
      return i + 1;
    }
    if (is_blob(words, i))
      return read_option(words, i + 1, *x_tables.vm().find(words[i + 1].text), kVm, &word);
    if (const OptionSpec* own = find(x_within, word)) return read_option(words, i, *own, x_within, nullptr);
    if (const OptionSpec* vm = find(kVm, word)) return read_option(words, i, *vm, kVm, nullptr);
    // Of a vdev that may have any option, `data adc` is one; an option of the VM begins so only before `load`
    // and the like.
    const Context& context = x_tree.contexts[x_within];
    if (context.kind == Context::Kind::unknown_vdev || context.table->open_options) return guess(words, i);
    if (is_blob_word(word)) return read_lone_blob(words, i);
    return read_unknown(words, i);
  }

  void include(const Word& word) {
    x_within = kVm;
    if (!word.on_command_line) x_tree.nested_files.push_back(word);
    if (auto opened = x_files.open(word)) {
      if (!x_tree.start.valid()) x_tree.start = {opened->source, 0, 0};
      read_words(opened->words);
      x_files.close();
    }
  }

  const OptionTable& table(std::size_t context) const { return *x_tree.contexts[context].table; }

  const OptionSpec* find(std::size_t context, const Word& word) const {
    return x_indexes[x_index_of[context]]->find(word.text);
  }

  // For the context that is opened next.
  void add_index(const OptionTable& table) {
    const auto known = std::find_if(x_indexes.begin(), x_indexes.end(),
                                    [&](const auto& index) { return &index->table() == &table; });
    x_index_of.push_back(static_cast<std::size_t>(known - x_indexes.begin()));
    if (known == x_indexes.end()) x_indexes.push_back(std::make_unique<NameIndex>(table));
  }

  bool is_blob_word(const Word& word) const {
    const auto& options = x_tables.vm().options;
    return std::any_of(options.begin(), options.end(),
                       [&](const OptionSpec& option) { return contains(option.blobs, word.text); });
  }

  // `initrd` before `load`.
  bool is_blob(const Words& words, std::size_t i) const {
    if (i + 1 >= words.size() || words[i].quoted) return false;
    const OptionSpec* option = find(kVm, words[i + 1]);
    return option != nullptr && contains(option->blobs, words[i].text);
  }

  const OptionSpec* option_at(const Words& words, std::size_t i) const {
    if (words[i].quoted) return nullptr;
    if (is_blob(words, i)) return find(kVm, words[i + 1]);
    if (const OptionSpec* own = find(x_within, words[i])) return own;
    return find(kVm, words[i]);
  }

  bool starts_item(const Words& words, std::size_t i) const {
    return option_at(words, i) != nullptr || (words[i].on_command_line && is_include(words[i]));
  }

  // Whether words[i], where the index-th argument of spec should be, rather starts the next option.
  bool argument_missing(const Words& words, std::size_t i, const OptionSpec& spec, std::size_t index) const {
    if (i >= words.size()) return true;
    if (words[i].on_command_line && is_include(words[i])) return true;
    const OptionSpec* found = option_at(words, i);
    if (found == nullptr) return false;
    const ArgumentSpec& argument = spec.arguments[index];
    switch (argument.type) {
      case ArgumentType::keyword:
      case ArgumentType::keyword_list:
        return !contains(argument.keywords, words[i].text);
      case ArgumentType::text:
      case ArgumentType::path:
      case ArgumentType::host_path:
      case ArgumentType::pattern:
      case ArgumentType::name: {
        // It could be a value that looks like an option. Then the word after it starts an option; otherwise
        // it is that option's own argument.
        const std::size_t after = i + spec.arguments.size() - index;
        return !found->arguments.empty() && after < words.size() && !starts_item(words, after);
      }
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
      case ArgumentType::region_create:
      case ArgumentType::mode:
      case ArgumentType::integer:
      case ArgumentType::tuple:
      case ArgumentType::mac:
      case ArgumentType::priority:
      case ArgumentType::pci_register:
      case ArgumentType::pass_location:
      case ArgumentType::pass_interrupt:
        return true;
    }
    return true;
  }

  std::size_t read_option(Words& words, std::size_t i, const OptionSpec& spec, std::size_t context,
                          const Word* blob) {
    // Filled where it stays: it is large.
    ParsedOption& item = x_tree.items.emplace_back();
    item.spec = &spec;
    item.context = context;
    item.within = x_within;
    item.misspelled = words[i].text != spec.name;
    item.word = std::move(words[i]);
    item.arguments.reserve(spec.arguments.size());
    if (blob != nullptr) item.blob = std::make_shared<const Word>(*blob);
    std::size_t next = i + 1;
    for (std::size_t index = 0; index < spec.arguments.size(); ++index) {
      if (argument_missing(words, next, spec, index)) {
        if (next < words.size()) item.instead = std::make_shared<const Word>(words[next]);
        break;
      }
      item.arguments.push_back(std::move(words[next++]));
    }
    if (spec.prose && item.complete() && !item.arguments.back().quoted) {
      while (next < words.size() && !starts_item(words, next)) item.stray.push_back(std::move(words[next++]));
    }
    if (spec.opens_context) open_context(x_tree.items.size() - 1);
    return next;
  }

  void open_context(std::size_t opener) {
    const ParsedOption& item = x_tree.items[opener];
    Context context;
    context.opener = opener;
    context.label = item.spec->name;
    if (item.spec->name == "cpu") {
      context.kind = Context::Kind::cpu;
    } else if (item.spec->name == "reserve") {
      context.kind = Context::Kind::reserve;
    } else if (item.spec->name == "pass") {
      context.kind = Context::Kind::pass;
    } else {
      describe_vdev(item, context);
    }
    const bool is_vdev = context.kind == Context::Kind::vdev || context.kind == Context::Kind::unknown_vdev;
    if (!is_vdev) context.table = &x_tables.context(item.spec->name);
    add_index(*context.table);
    x_tree.contexts.push_back(std::move(context));
    x_within = x_tree.contexts.size() - 1;
  }

  void describe_vdev(const ParsedOption& item, Context& context) const {
    context.kind = Context::Kind::unknown_vdev;
    context.table = &x_tables.common();
    if (item.arguments.empty()) return;
    std::string_view written = item.arguments.front().text;
    if (const auto pair = split_key_value(written)) written = pair->value;
    const std::string_view type = vdev_type(written);
    context.label += " '" + std::string(type) + "'";
    const OptionTable* own = x_tables.vdev(type);
    if (own == nullptr) return;
    context.kind = Context::Kind::vdev;
    context.table = own;
  }

  // An option of a vdev that nobody knows: takes one argument, unless the next word cannot be one.
  std::size_t guess(Words& words, std::size_t i) {
    auto spec = std::make_unique<OptionSpec>();
    spec->name = words[i].text;
    spec->repeatable = true;
    const bool has_argument = i + 1 < words.size() && !starts_item(words, i + 1) && !is_include(words[i + 1]);
    if (has_argument) spec->arguments.emplace_back().name = "VALUE";
    x_tree.guesses.push_back(std::move(spec));
    const std::size_t next = read_option(words, i, *x_tree.guesses.back(), x_within, nullptr);
    x_tree.items.back().guessed = true;
    return next;
  }

  // `initrd rootfs`: the word after it was meant as the file.
  std::size_t read_lone_blob(Words& words, std::size_t i) {
    UnknownWord unknown{words[i], {}, x_within, x_tree.items.size(), true};
    std::size_t next = i + 1;
    if (next < words.size() && !starts_item(words, next) && !is_include(words[next]))
      unknown.rest.push_back(words[next++]);
    x_tree.unknown.push_back(std::move(unknown));
    return next;
  }

  std::size_t read_unknown(Words& words, std::size_t i) {
    const Word& word = words[i];
    const auto near = suggest_option(word.text, {&table(x_within), &x_tables.vm()});
    if (near && near->distance <= kSafeDistance && near->name.size() >= kSafeLength && !word.quoted) {
      const OptionSpec* own = table(x_within).find(near->name);
      if (own != nullptr) return read_option(words, i, *own, x_within, nullptr);
      return read_option(words, i, *x_tables.vm().find(near->name), kVm, nullptr);
    }
    UnknownWord unknown{word, {}, x_within, x_tree.items.size(), false};
    // What follows it on its line is its argument, and what cannot be an option.
    std::size_t next = i + 1;
    while (next < words.size() && line_of(words[next]) == line_of(word) && !starts_item(words, next) &&
           !is_include(words[next]) && (unknown.rest.empty() || !may_be_option(words[next]))) {
      unknown.rest.push_back(words[next++]);
    }
    x_tree.unknown.push_back(std::move(unknown));
    return next;
  }

  std::uint32_t line_of(const Word& word) const {
    return x_sources.position(word.where.source, word.where.begin).line;
  }

  const TableSet& x_tables;
  SourceSet& x_sources;
  FileWords x_files;
  SyntaxTree x_tree;
  std::vector<std::unique_ptr<NameIndex>> x_indexes;  // of the tables in use
  std::vector<std::size_t> x_index_of;                // per context, into x_indexes
  std::size_t x_within = kVm;
};

// The command line as a source of its own, so that its words have places: joined by blanks, in quotes where a
// shell would want them.
std::vector<Word> command_line_words(const ParseInput& input, Reader& reader, SourceSet& sources,
                                     DiagnosticSink& sink) {
  std::vector<Word> words;
  if (input.places.size() == input.words.size() && !input.words.empty()) {
    for (std::size_t i = 0; i < input.words.size(); ++i) {
      words.push_back(lex_single(input.words[i], input.places[i], false, reader, sink));
    }
    return words;
  }
  std::string text;
  std::vector<SourceRange> places;
  std::vector<bool> exact;
  for (const std::string& word : input.words) {
    if (!text.empty()) text += ' ';
    const bool plain = !word.empty() && word.find_first_of(" \t\r\n\"'#") == std::string::npos;
    const auto begin = static_cast<std::uint32_t>(text.size());
    text += plain ? word : "'" + word + "'";
    places.push_back({0, begin, static_cast<std::uint32_t>(text.size())});
    exact.push_back(plain);
  }
  const SourceId source = sources.add("<command line>", std::move(text));
  for (std::size_t i = 0; i < input.words.size(); ++i) {
    places[i].source = source;
    words.push_back(lex_single(input.words[i], places[i], exact[i], reader, sink));
  }
  return words;
}

}  // namespace

std::string_view vdev_type(std::string_view word) {
  if (word.starts_with("vdev-") && word.size() > 5) word.remove_prefix(5);
  if (word.ends_with(".so") && word.size() > 3) word.remove_suffix(3);
  return word;
}

SyntaxTree parse(const ParseInput& input, const TableSet& tables, Reader& reader, SourceSet& sources,
                 DiagnosticSink& sink) {
  return Parser(input, tables, reader, sources, sink).run(command_line_words(input, reader, sources, sink));
}

}  // namespace qvm::config
