// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/shmem/policy_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "config/language/numbers.h"
#include "qvm/regions/model/access.h"

namespace qvm::vdevs {
namespace {

// "a,b,c" at the commas; an empty text is one empty part.
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

class PolicyReader {
 public:
  PolicyReader(const PlanInput& input, config::DiagnosticSink& sink) : x_input(input), x_sink(sink) {}

  regions::VdevPolicy run();

 private:
  void read(const config::Option& option, const config::Argument& argument);
  void read_substitution(const config::Argument& argument);
  void read_create(const config::Argument& argument);
  std::optional<gid_t> read_group(const std::string& text, const config::Argument& argument);
  std::optional<std::uint32_t> read_mode(const std::string& text, const config::Argument& argument);
  void error(const config::Argument& argument, std::string message, std::string help) {
    add_finding(x_sink, config::Severity::error, kRegionRule, argument.where, std::move(message),
                std::move(help));
  }

  const PlanInput& x_input;
  config::DiagnosticSink& x_sink;
  regions::VdevPolicy x_policy;
};

std::optional<gid_t> PolicyReader::read_group(const std::string& text, const config::Argument& argument) {
  // One less than the largest: that one means "no group" to the kernel.
  constexpr std::uint64_t kLimit = std::numeric_limits<gid_t>::max() - 1;
  const bool digits =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits) {
    const auto number = config::parse_number(text, config::NumberKind::plain);
    if (number && number->value <= kLimit) return static_cast<gid_t>(number->value);
    error(argument, fmt::format("'{}' is not a group: the largest number is {}", text, kLimit), "");
    return std::nullopt;
  }
  if (!x_input.find_group) {
    error(argument, fmt::format("the group '{}' cannot be looked up here", text), "write its number");
    return std::nullopt;
  }
  const auto found = x_input.find_group(text);
  if (!found)
    error(argument, fmt::format("this host has no group '{}'", text), "write its number, or create it");
  return found;
}

std::optional<std::uint32_t> PolicyReader::read_mode(const std::string& text,
                                                     const config::Argument& argument) {
  const auto mode = config::parse_mode(text);
  if (mode) return *mode;
  error(argument, mode.error().message, mode.error().help);
  return std::nullopt;
}

void PolicyReader::read_substitution(const config::Argument& argument) {
  const std::size_t comma = argument.text.find(',');
  if (comma == std::string::npos || comma + 1 == argument.text.size()) {
    error(argument, fmt::format("'{}' says what is replaced but not by what", argument.text),
          "write 'subst ,PREFIX' or 'subst MATCH,PREFIX'");
    return;
  }
  if (!x_policy.substitutions.empty()) {
    // The first that applies is taken, and one without a match always applies.
    const regions::Substitution& before = x_policy.substitutions.back();
    if (before.match.empty()) {
      add_finding(x_sink, config::Severity::warning, kRegionRule, argument.where,
                  fmt::format("this 'subst' is never used: the one at {} takes every name", before.place),
                  "");
    }
  }
  x_policy.substitutions.push_back({argument.text.substr(0, comma), argument.text.substr(comma + 1),
                                    x_input.sources.describe(argument.where)});
}

void PolicyReader::read_create(const config::Argument& argument) {
  const std::vector<std::string> parts = split(argument.text);
  if (parts.size() < 2 || parts.size() > 4) {
    error(argument, fmt::format("'{}' is not of the form NAME,SIZE[,MODE[,GID]]", argument.text), "");
    return;
  }
  regions::CreateSpec create;
  create.name = parts[0];
  create.place = x_input.sources.describe(argument.where);
  if (!regions::is_legal_region_name(create.name)) {
    error(argument, fmt::format("'{}' cannot be the name of a region", create.name),
          fmt::format("use {}", regions::kRegionNameForm));
    return;
  }
  const auto size = config::parse_number(parts[1], config::NumberKind::size);
  if (!size) return error(argument, size.error().message, size.error().help);
  create.bytes = size->value;
  if (create.bytes == 0) return error(argument, fmt::format("region '{}' of no size", create.name), "");
  create.mode = 0666 & ~x_policy.umask;
  create.gid = x_policy.gid;
  if (parts.size() > 2 && !parts[2].empty()) {
    const auto mode = read_mode(parts[2], argument);
    if (!mode) return;
    create.mode = *mode;
  }
  if (parts.size() > 3) {
    create.gid = read_group(parts[3], argument);
    if (!create.gid) return;
  }
  x_policy.creates.push_back(std::move(create));
}

void PolicyReader::read(const config::Option& option, const config::Argument& argument) {
  if (option.name == "allow" || option.name == "deny") {
    x_policy.rules.push_back(
        {option.name == "allow", argument.text, x_input.sources.describe(argument.where)});
  } else if (option.name == "subst") {
    read_substitution(argument);
  } else if (option.name == "create") {
    read_create(argument);
  } else if (option.name == "umask") {
    x_policy.umask = read_mode(argument.text, argument).value_or(x_policy.umask);
  } else if (option.name == "gid") {
    const auto group = read_group(argument.text, argument);
    if (group) x_policy.gid = group;
  }
}

regions::VdevPolicy PolicyReader::run() {
  x_policy.vdev = x_input.id;
  for (const config::Option& option : x_input.vdev.options) {
    if (!option.arguments.empty()) read(option, option.arguments.front());
  }
  return std::move(x_policy);
}

}  // namespace

regions::VdevPolicy read_policy(const PlanInput& input, config::DiagnosticSink& sink) {
  return PolicyReader(input, sink).run();
}

}  // namespace qvm::vdevs
