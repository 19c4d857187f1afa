// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/model/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "config/language/suggest.h"

namespace qvm::config {
namespace {

std::string join(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace

std::vector<Slice> Slice::split(char separator) const {
  std::vector<Slice> parts;
  std::size_t from = begin;
  for (std::size_t i = begin; i < end; ++i) {
    if (word->text[i] != separator) continue;
    parts.emplace_back(*word, from, i);
    from = i + 1;
  }
  parts.emplace_back(*word, from, end);
  return parts;
}

void ValueReader::report(const SourceRange& where, std::string message, std::string help,
                         std::string better) {
  Diagnostic diagnostic;
  diagnostic.rule = x_rule;
  diagnostic.where = where;
  diagnostic.message = std::move(message);
  diagnostic.help = std::move(help);
  if (!better.empty()) diagnostic.fix = Fix{where, std::move(better)};
  x_sink.add(std::move(diagnostic));
}

void ValueReader::warn(std::string rule, const SourceRange& where, std::string message, std::string help,
                       std::string better) {
  Diagnostic diagnostic;
  diagnostic.severity = Severity::warning;
  diagnostic.rule = std::move(rule);
  diagnostic.where = where;
  diagnostic.message = std::move(message);
  diagnostic.help = std::move(help);
  diagnostic.fix = Fix{where, std::move(better)};
  x_sink.add(std::move(diagnostic));
}

std::optional<std::uint64_t> ValueReader::number(const Slice& slice, NumberKind kind) {
  if (slice.text().empty()) {
    report(slice.where(), slice.word->text.empty() ? "the argument is empty"
                                                   : fmt::format("'{}' has an empty part", slice.word->text));
    return std::nullopt;
  }
  const auto parsed = parse_number(slice.text(), kind);
  if (!parsed) {
    const NumberProblem& problem = parsed.error();
    // Digits that need a prefix are the other half of "address written without 0x".
    const std::string rule = std::exchange(x_rule, problem.better.starts_with("0x") ? "A07" : x_rule);
    report(slice.where(), problem.message, problem.help, problem.better);
    x_rule = rule;
    return std::nullopt;
  }
  if (parsed->base_matters && parsed->suffix != 0) {
    const std::string better = "0d" + std::string(slice.text());
    warn("A08", slice.where(),
         fmt::format(
             "address '{}' is read as decimal, 0x{:x}; QNX's rule for addresses could read it as hexadecimal",
             slice.text(), parsed->value),
         "write " + better + " or the address in hexadecimal with 0x", better);
  } else if (parsed->base_matters) {
    const std::string better = "0x" + std::string(slice.text());
    warn("A07", slice.where(), fmt::format("address '{}' without a prefix is hexadecimal", slice.text()),
         fmt::format("write {}, or 0d before a decimal address", better), better);
  }
  return parsed->value;
}

std::optional<std::uint64_t> ValueReader::limited(const Slice& slice, NumberKind kind,
                                                  const ArgumentSpec& spec) {
  const auto value = number(slice, kind);
  if (!value) return value;
  if (spec.minimum && *value < *spec.minimum) {
    report(slice.where(), fmt::format("'{}' is less than {}", slice.text(), *spec.minimum));
    return std::nullopt;
  }
  if (spec.maximum && *value > *spec.maximum) {
    report(slice.where(), fmt::format("'{}' is more than {}", slice.text(), *spec.maximum));
    return std::nullopt;
  }
  return value;
}

bool ValueReader::check_end(std::uint64_t start, std::uint64_t length, const SourceRange& where) {
  if (length - 1 <= std::numeric_limits<std::uint64_t>::max() - start) return true;
  report(where, "the range ends beyond 64 bits");
  return false;
}

std::optional<MemorySpec> ValueReader::memory(const Word& word) {
  if (word.unresolved) return std::nullopt;
  const auto parts = Slice(word).split(',');
  if (parts.size() > 2) {
    report(word.where, fmt::format("'{}' has {} parts", word.text, parts.size()),
           "write [START,]LENGTH without blanks");
    return std::nullopt;
  }
  MemorySpec spec;
  bool good = true;
  if (parts.size() == 2) {
    spec.start = number(parts[0], NumberKind::address);
    good = spec.start.has_value();
  }
  const auto length = number(parts.back(), NumberKind::size);
  if (!good || !length) return std::nullopt;
  spec.length = *length;
  if (spec.length == 0) {
    report(parts.back().where(), "the length is 0");
    return std::nullopt;
  }
  if (spec.start && !check_end(*spec.start, spec.length, word.where)) return std::nullopt;
  return spec;
}

std::optional<LoadSpec> ValueReader::load(const Word& word) {
  if (word.unresolved) return std::nullopt;
  const std::size_t comma = word.text.find(',');
  LoadSpec spec;
  // A path may contain commas: only something like a number before the first one is an address.
  if (comma == std::string::npos || !looks_like_number(std::string_view(word.text).substr(0, comma))) {
    spec.path = word.text;
  } else {
    spec.address = number(Slice(word, 0, comma), NumberKind::address);
    if (!spec.address) return std::nullopt;
    spec.path = word.text.substr(comma + 1);
  }
  if (spec.path.empty()) {
    report(word.where, "no file is named");
    return std::nullopt;
  }
  return spec;
}

std::optional<bool> ValueReader::boolean(const Word& word, bool tristate) {
  for (const char* yes : {"on", "1", "yes", "true"}) {
    if (word.text == yes) return true;
  }
  for (const char* no : {"off", "0", "no", "false"}) {
    if (word.text == no) return false;
  }
  if (tristate && word.text == "auto") return std::nullopt;
  report(
      word.where, fmt::format("'{}' is neither on nor off{}", word.text, tristate ? " nor auto" : ""),
      tristate ? "write on, off or auto" : "write on or off (1, yes, true and 0, no, false mean the same)");
  return std::nullopt;
}

std::vector<std::string> ValueReader::numbers(const Word& word, const ArgumentSpec& spec) {
  std::vector<std::string> result;
  for (const Slice& part : Slice(word).split(',')) {
    if (const auto value = limited(part, NumberKind::plain, spec)) result.push_back(std::to_string(*value));
  }
  return result;
}

std::vector<std::string> ValueReader::keywords(const Word& word, const ArgumentSpec& spec, bool list) {
  std::vector<std::string> result;
  for (const Slice& part : list ? Slice(word).split(',') : std::vector{Slice(word)}) {
    if (std::find(spec.keywords.begin(), spec.keywords.end(), part.text()) != spec.keywords.end()) {
      result.emplace_back(part.text());
      continue;
    }
    const std::vector<std::string_view> candidates(spec.keywords.begin(), spec.keywords.end());
    const auto near = suggest(part.text(), candidates);
    report(part.where(), fmt::format("'{}' is none of {}", part.text(), join(spec.keywords)),
           near ? fmt::format("did you mean '{}'?", near->name) : "", near ? std::string(near->name) : "");
  }
  return result;
}

std::vector<std::string> ValueReader::region(const Word& word) {
  const auto parts = Slice(word).split(',');
  if (parts.size() < 2 || parts.size() > 4) {
    report(word.where, fmt::format("'{}' is not a region", word.text),
           "write NAME,SIZE[,MODE[,GID]] without blanks");
    return {};
  }
  const auto bytes = number(parts[1], NumberKind::size);
  std::string mode;
  if (parts.size() > 2 && !parts[2].text().empty()) {
    const auto bits = parse_mode(parts[2].text());
    if (!bits) {
      report(parts[2].where(), bits.error().message, bits.error().help);
      return {};
    }
    mode = fmt::format("{:o}", *bits);
  }
  if (!bytes) return {};
  return {std::string(parts[0].text()), std::to_string(*bytes), mode,
          parts.size() > 3 ? std::string(parts[3].text()) : ""};
}

Argument ValueReader::argument(const Word& word, const ArgumentSpec& spec, Location::Space default_space,
                               bool bare_interrupt) {
  Argument argument;
  argument.text = word.text;
  argument.where = word.where;
  if (word.unresolved) return argument;
  const auto set = [&argument](auto&& value) {
    if (value) argument.value = *std::forward<decltype(value)>(value);
  };
  const auto set_list = [&argument](std::vector<std::string> list) {
    if (!list.empty()) argument.value = std::move(list);
  };
  const auto set_number = [&](std::optional<std::uint64_t> number) {
    if (number) argument.clear_number = clear_number(word.text, *number);
    set(number);
  };
  switch (spec.type) {
    case ArgumentType::boolean:
      set(boolean(word, false));
      break;
    case ArgumentType::tristate:
      set(boolean(word, true));
      break;
    case ArgumentType::number:
      if (std::find(spec.keywords.begin(), spec.keywords.end(), word.text) != spec.keywords.end()) break;
      set_number(limited(Slice(word), NumberKind::plain, spec));
      break;
    case ArgumentType::address:
      set_number(limited(Slice(word), NumberKind::address, spec));
      break;
    case ArgumentType::size:
      set_number(limited(Slice(word), NumberKind::size, spec));
      break;
    case ArgumentType::location:
      set(location(word, default_space, spec.length_required));
      if (auto* place = std::get_if<Location>(&argument.value);
          place != nullptr && !place->length && place->space != Location::Space::pci) {
        place->length = spec.default_length;
      }
      break;
    case ArgumentType::interrupt:
      set(interrupt(Slice(word), bare_interrupt));
      break;
    case ArgumentType::interrupt_list: {
      std::vector<std::string> parts;
      for (const auto& one : interrupts(word))
        parts.push_back(fmt::format("{}:{}", one.value.controller, *one.value.line));
      set_list(std::move(parts));
      break;
    }
    case ArgumentType::number_list:
      set_list(numbers(word, spec));
      break;
    case ArgumentType::keyword:
      keywords(word, spec, false);
      break;
    case ArgumentType::keyword_list:
      set_list(keywords(word, spec, true));
      break;
    case ArgumentType::region_create:
      set_list(region(word));
      break;
    case ArgumentType::mode:
      if (const auto bits = parse_mode(word.text)) {
        argument.value = std::uint64_t{*bits};
      } else {
        report(word.where, bits.error().message, bits.error().help);
      }
      break;
    case ArgumentType::name:
      if (word.text.empty()) report(word.where, "the name is empty");
      break;
    case ArgumentType::tuple:
      set_list(tuple(word, spec));
      break;
    case ArgumentType::integer:
      integer(Slice(word));
      break;
    case ArgumentType::mac:
      mac(word);
      break;
    case ArgumentType::priority:
      priority(word);
      break;
    case ArgumentType::pci_register:
      pci_register(word, spec);
      break;
    case ArgumentType::pass_location:
      set(pass_location(word));
      break;
    case ArgumentType::pass_interrupt:
      set(pass_interrupt(word));
      break;
    case ArgumentType::host_path:
      if (word.text.find_first_not_of("<>") == std::string::npos) report(word.where, "no path is named");
      break;
    case ArgumentType::text:
    case ArgumentType::path:
    case ArgumentType::pattern:
    case ArgumentType::memory_spec:
    case ArgumentType::load_spec:
      break;
  }
  return argument;
}

}  // namespace qvm::config
