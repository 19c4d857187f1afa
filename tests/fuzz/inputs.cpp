// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/fuzz/inputs.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/support/config_text.h"

namespace qvm::fuzz {
namespace {

namespace fs = std::filesystem;

std::size_t below(std::mt19937& random, std::size_t limit) {
  return limit == 0 ? 0 : random() % limit;
}

template <std::size_t Size>
std::string pick(std::mt19937& random, const char* const (&choices)[Size]) {
  return choices[below(random, Size)];
}

std::string gap(std::mt19937& random) {
  static constexpr const char* kBlanks[] = {" ",      " ",         "\n",      "\n    ",  "\t",
                                            " \\\n ", "\n\n\n",    "\r\n",    "   ",     "\v",
                                            " # c\n", "\n  # c\n", "\n#\n\n", " #\\\n ", "\n\n# d\n\n# e\n"};
  if (below(random, 40) == 0) return " # qvm-lint: ignore=A07,A09 (generated)\n";
  if (below(random, 40) == 0) return "\n# qvm-lint: ignore=A08 (generated)\n";
  return pick(random, kBlanks);
}

std::string argument(std::mt19937& random) {
  static constexpr const char* kArguments[] = {"64M",
                                               "0x1000,0x1000",
                                               "ioapic:5",
                                               "\"two  words\"",
                                               "\"over\n  lines # x\"",
                                               "a\\",
                                               "x\\\ny",
                                               "$env{A}",
                                               "$env{B}",
                                               "guest",
                                               "on",
                                               "name,4K,0640",
                                               "@x",
                                               "#no",
                                               "\"\"",
                                               "a\"b c\"d",
                                               "loc",
                                               "ram",
                                               "\"\\\"\"",
                                               "a#b",
                                               "\xc3\xa4",
                                               "0x2000,4K"};
  return pick(random, kArguments);
}

void add_option(std::string& text, const config::OptionTable& table, std::mt19937& random) {
  if (table.options.empty()) return;
  const config::OptionSpec& option = table.options[below(random, table.options.size())];
  if (!option.blobs.empty() && below(random, 2) == 0)
    text += option.blobs[below(random, option.blobs.size())] + gap(random);
  text += option.name;
  const std::size_t wrong = below(random, 12);
  for (std::size_t i = 0; i < option.arguments.size() + (wrong == 0 ? 1 : 0) - (wrong == 1 && i == 0 ? 1 : 0);
       ++i)
    text += gap(random) + argument(random);
  text += gap(random);
}

}  // namespace

std::vector<std::string> texts_of(const std::vector<std::string>& folders, const std::string& extension) {
  std::vector<std::string> result;
  for (const std::string& folder : folders) {
    for (const auto& entry : fs::directory_iterator(fs::path(QVM_SOURCE_DIR) / folder)) {
      if (entry.path().extension() != extension) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      std::ostringstream text;
      text << file.rdbuf();
      result.push_back(text.str());
    }
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::string mutate(std::string text, const std::vector<std::string>& texts, std::mt19937& random) {
  static constexpr const char* kPieces[] = {"\"",
                                            "#",
                                            "\\\n",
                                            "$env{A}",
                                            "$env{",
                                            "@other",
                                            "@vm",
                                            ",",
                                            ":",
                                            "=",
                                            " ",
                                            "\n",
                                            "\xff",
                                            "0x",
                                            "vdev ",
                                            "cpu ",
                                            "loc ",
                                            "set ",
                                            "foo bar baz ",
                                            " # qvm-lint: ignore=A07 (x)\n",
                                            "\\",
                                            "'",
                                            "- ",
                                            "{",
                                            "[",
                                            "&a ",
                                            "*a",
                                            "ffffffffffffffff",
                                            "\r\n",
                                            "%",
                                            "? ",
                                            "!!",
                                            "|\n  ",
                                            "\n# qvm-lint: ignore-file=A09 (y)\n",
                                            "99999999999999999999G"};
  for (std::size_t i = 1 + below(random, 4); i > 0; --i) {
    const std::size_t at = below(random, text.size() + 1);
    const std::size_t length = below(random, std::min<std::size_t>(text.size() - at + 1, 24));
    const std::string& other = texts[below(random, texts.size())];
    switch (below(random, 4)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, pick(random, kPieces));
        break;
      case 2:
        text.insert(at, text.substr(at, length));
        break;
      default:
        text.replace(at, length, other.substr(below(random, other.size() + 1), length));
        break;
    }
  }
  return text;
}

std::string generate(std::mt19937& random) {
  const config::TableSet& tables = test::shipped_tables();
  const auto types = tables.vdev_names();
  std::string text = below(random, 2) == 0 ? "system a" + gap(random) : gap(random);
  for (std::size_t i = 1 + below(random, 12); i > 0; --i) {
    const config::OptionTable* context = nullptr;
    switch (below(random, 6)) {
      case 0:
        text += "cpu" + gap(random);
        context = &tables.context("cpu");
        break;
      case 1:
        text += "reserve" + gap(random);
        context = &tables.context("reserve");
        break;
      case 2:
      case 3: {
        const std::string_view type = types[below(random, types.size())];
        text += "vdev" + gap(random) + std::string(type) + gap(random);
        context = tables.vdev(type);
        break;
      }
      case 4:
        text += "vdev" + gap(random) + "acme" + gap(random);
        context = &tables.common();
        break;
      default:
        add_option(text, tables.vm(), random);
        break;
    }
    for (std::size_t options = below(random, 5); context != nullptr && options > 0; --options)
      add_option(text, below(random, 6) == 0 ? tables.vm() : *context, random);
    if (below(random, 30) == 0) text += "loq" + gap(random) + argument(random) + gap(random);
  }
  return text;
}

}  // namespace qvm::fuzz
