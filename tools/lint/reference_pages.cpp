// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "tools/lint/reference.h"

namespace qvm::lint {
namespace {

using config::OptionSpec;
using config::OptionTable;
using config::TableSet;

// "from 7.1 on", "in 7.1 only"; empty: all versions.
std::string versions_text(const config::VersionRange& versions) {
  const std::string since(to_string(versions.since));
  const std::string until(to_string(versions.until));
  const bool first = versions.since == config::kOldestQnxVersion;
  const bool last = versions.until == config::kNewestQnxVersion;
  if (first && last) return {};
  if (first) return "up to " + until;
  if (last) return "from " + since + " on";
  return since == until ? "in " + since + " only" : "from " + since + " to " + until;
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string code(std::string_view text) {
  return fmt::format("`{}`", text);
}

std::string codes(const std::vector<std::string>& words) {
  return fmt::format("`{}`", fmt::join(words, "`, `"));
}

void add(std::string& page, std::string_view title, const std::string& text) {
  if (!text.empty()) page += fmt::format("- {}: {}\n", title, text);
}

std::string deprecation_text(const config::Deprecation& deprecation) {
  std::string text = deprecation.since == config::kOldestQnxVersion
                         ? "in all versions"
                         : fmt::format("since {}", to_string(deprecation.since));
  if (!deprecation.instead.empty()) text += fmt::format("; write {} instead", code(deprecation.instead));
  if (!deprecation.note.empty()) text += fmt::format(" ({})", deprecation.note);
  return text;
}

std::string range_text(const config::ArgumentSpec& argument) {
  if (argument.minimum && argument.maximum)
    return fmt::format(", {} to {}", *argument.minimum, *argument.maximum);
  if (argument.minimum) return fmt::format(", at least {}", *argument.minimum);
  if (argument.maximum) return fmt::format(", at most {}", *argument.maximum);
  return {};
}

std::string argument_text(const config::ArgumentSpec& argument) {
  std::string text =
      fmt::format("{} ({}{})", code(argument.name), to_string(argument.type), range_text(argument));
  if (argument.length_required) text += ", with its length";
  if (argument.default_length)
    text += fmt::format(", {:#x} bytes long if that is not said", *argument.default_length);
  if (!argument.keywords.empty()) text += ": " + codes(argument.keywords);
  for (std::size_t i = 0; i < argument.parts.size(); ++i) {
    text += (i == 0 ? ": " : ", ") + argument_text(argument.parts[i]);
    if (argument.parts[i].optional) text += ", which may be left away";
  }
  return text;
}

void add_special(std::string& page, const config::SpecialValue& special) {
  std::vector<std::string> facts;
  if (!special.note.empty()) facts.push_back(special.note);
  if (const std::string versions = versions_text(special.versions); !versions.empty())
    facts.push_back(versions);
  if (!special.architectures.empty()) facts.push_back("on " + joined(special.architectures) + " only");
  if (special.deprecated) facts.push_back("deprecated " + deprecation_text(*special.deprecated));
  if (special.exact) facts.emplace_back("has its full effect here");
  if (!special.unsupported.empty()) facts.push_back("cannot be started here: " + special.unsupported);
  const std::string shown = special.prefix.empty() ? code(special.value) : code(special.prefix) + "...";
  page += fmt::format("- {}: {}\n", shown, fmt::join(facts, "; "));
}

std::string effect_text(const OptionSpec& option) {
  if (!option.unsupported.empty()) return "cannot be started here: " + option.unsupported;
  if (option.effect == "none") return "no effect: " + option.effect_note;
  if (option.effect == "approximated") return "approximated: " + option.effect_note;
  return option.effect == "mapped" ? "the same effect" : "";
}

void add_option(std::string& page, const OptionSpec& option, std::string_view prefix, bool device_runs) {
  page += fmt::format("### {}\n\n{}\n\n", code(std::string(prefix) + option.usage()), option.documentation);
  if (!option.blobs.empty()) add(page, "before it may stand", codes(option.blobs));
  for (const config::SpecialValue& special : option.special_blobs) add_special(page, special);
  for (const config::ArgumentSpec& argument : option.arguments)
    add(page, "argument", argument_text(argument));
  for (const config::ArgumentSpec& argument : option.arguments) {
    for (const config::SpecialValue& special : argument.special) add_special(page, special);
  }
  if (!option.default_text.empty()) add(page, "default", code(option.default_text));
  if (option.required) page += "- required\n";
  if (option.repeatable) page += "- every occurrence counts\n";
  if (option.keyed) page += "- with the same first argument, the last one counts\n";
  if (!option.stands_for.empty()) add(page, "the same as", code(option.stands_for));
  add(page, "versions of QNX", versions_text(option.versions));
  add(page, "machines", joined(option.architectures));
  if (option.deprecated) add(page, "deprecated", deprecation_text(*option.deprecated));
  if (!option.origin.empty()) add(page, "not QNX's, but of", option.origin);
  add(page, "assumed", option.assumed);
  if (device_runs) add(page, "on this host", effect_text(option));
  page += "\n";
}

void add_options(std::string& page, const std::vector<const OptionSpec*>& options, std::string_view title,
                 std::string_view prefix, bool device_runs) {
  if (options.empty()) return;
  page += fmt::format("## {}\n\n", title);
  for (const OptionSpec* option : options) add_option(page, *option, prefix, device_runs);
}

std::vector<const OptionSpec*> all_of(const std::vector<OptionSpec>& options) {
  std::vector<const OptionSpec*> result;
  for (const OptionSpec& option : options) result.push_back(&option);
  return result;
}

// Those that are not just what every vdev has.
std::vector<const OptionSpec*> own(const std::vector<OptionSpec>& options,
                                   const std::vector<OptionSpec>& common) {
  std::vector<const OptionSpec*> result;
  for (const OptionSpec& option : options) {
    const bool shared = std::any_of(common.begin(), common.end(), [&](const OptionSpec& other) {
      return other.name == option.name && other.documentation == option.documentation;
    });
    if (!shared) result.push_back(&option);
  }
  return result;
}

std::string_view space_text(config::Location::Space space) {
  switch (space) {
    case config::Location::Space::memory:
      return "memory";
    case config::Location::Space::io:
      return "I/O ports";
    case config::Location::Space::pci:
      return "PCI";
  }
  return "memory";
}

std::string claim_text(const config::Claim& claim) {
  std::string text =
      fmt::format("{:#x} {} ", claim.length, claim.space == config::Location::Space::io ? "ports" : "bytes");
  if (claim.address) {
    text += fmt::format("at {:#x}", *claim.address);
  } else if (claim.offset != 0) {
    text += fmt::format("{:#x} behind `loc`", claim.offset);
  } else {
    text += "at `loc`";
  }
  if (!claim.when.empty()) text += " with " + codes(claim.when);
  if (!claim.unless.empty()) text += " without " + codes(claim.unless);
  return text;
}

std::string on_this_host(const OptionTable& table) {
  if (!table.unsupported.empty()) return "cannot be started: " + table.unsupported;
  return table.left_out.empty() ? "runs" : "left out: " + table.left_out;
}

ReferencePage vdev_page(const OptionTable& table, const OptionTable& common) {
  ReferencePage page{fmt::format("vdev-{}.md", table.name), {}};
  const bool runs = table.runs();
  page.text += fmt::format("# vdev {}\n\n{}\n\n", table.name, table.documentation);
  add(page.text, "on this host", on_this_host(table));
  add(page.text, "machines", joined(table.architectures));
  add(page.text, "versions of QNX", versions_text(table.versions));
  add(page.text, "not QNX's, but of", table.origin);
  std::string place;
  if (table.default_location)
    place = fmt::format("{} at {:#x}, if `loc` is not given", space_text(table.default_location->space),
                        table.default_location->address);
  if (table.location_required) place = "`loc` is required";
  if (table.interrupt_required_with_location) place = "a PCI device; with `loc` and `intr` at an address";
  add(page.text, "place", place);
  std::vector<std::string> claims;
  for (const config::Claim& claim : table.claims) claims.push_back(claim_text(claim));
  add(page.text, "takes", joined(claims));
  if (table.interrupt_controller)
    add(page.text, "interrupt controller", fmt::format("lines 0 to {}", table.interrupt_lines - 1));
  if (table.implicit) page.text += "- there without being written\n";
  if (!table.shares_lines_with.empty())
    add(page.text, "may use the interrupt lines of", codes(table.shares_lines_with));
  add(page.text, "assumed", table.assumed);
  page.text += "\nBesides what [every vdev](vdev-common.md) understands:\n\n";
  const auto options = own(table.options, common.options);
  if (options.empty()) page.text += "nothing.\n\n";
  add_options(page.text, options, "Options", "", runs);
  add_options(page.text, own(table.variables, common.variables), "Variables", "set ", runs);
  return page;
}

ReferencePage index_page(const TableSet& tables) {
  ReferencePage page{"index.md", {}};
  page.text +=
      "# Reference of the configuration language\n\n"
      "Made from the option tables in `schemas/`, which the parser, the linter and the launcher work "
      "with.\n\n"
      "- [Options and variables of the VM](vm.md), with those of `cpu`, `reserve` and `pass`\n"
      "- [What every vdev understands](vdev-common.md)\n\n"
      "| vdev | what it is | machines | on this host |\n| --- | --- | --- | --- |\n";
  for (const std::string_view name : tables.vdev_names()) {
    const OptionTable& table = *tables.vdev(name);
    const std::string here = on_this_host(table);
    page.text += fmt::format("| [{0}](vdev-{0}.md) | {1} | {2} | {3} |\n", name, table.documentation,
                             table.architectures.empty() ? "all" : joined(table.architectures),
                             here.substr(0, here.find(':')));
  }
  return page;
}

}  // namespace

std::vector<ReferencePage> reference_pages(const TableSet& tables) {
  std::vector<ReferencePage> pages{index_page(tables)};
  ReferencePage vm{"vm.md", {}};
  vm.text += fmt::format("# Options of the VM\n\n{}\n\n", tables.vm().documentation);
  add_options(vm.text, all_of(tables.vm().options), "Options", "", true);
  for (const char* context : {"cpu", "reserve", "pass"}) {
    const OptionTable& table = tables.context(context);
    const bool runs = tables.vm().find(context)->unsupported.empty();
    add_options(vm.text, all_of(table.options), fmt::format("After `{}`", context), "", runs);
  }
  add_options(vm.text, all_of(tables.vm().variables), "Variables", "set ", true);
  pages.push_back(std::move(vm));
  ReferencePage common{"vdev-common.md", {}};
  common.text += fmt::format("# Every vdev\n\n{}\n\n", tables.common().documentation);
  add_options(common.text, all_of(tables.common().options), "Options", "", true);
  add_options(common.text, all_of(tables.common().variables), "Variables", "set ", true);
  pages.push_back(std::move(common));
  for (const std::string_view name : tables.vdev_names())
    pages.push_back(vdev_page(*tables.vdev(name), tables.common()));
  for (ReferencePage& page : pages) {
    while (page.text.ends_with("\n\n")) page.text.pop_back();
  }
  return pages;
}

}  // namespace qvm::lint
