// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/host_path.h"

#include <algorithm>
#include <vector>

#include "config/text/utf8.h"

namespace qvm::vdevs {
std::string absolute_path(std::string_view directory, std::string_view path) {
  std::string text;
  if (path.substr(0, 1) != "/") text.assign(directory).append("/");
  text.append(path);
  std::vector<std::string_view> parts;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, slash);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    if (part.empty() || part == ".") continue;
    // ".." stays: a symbolic link may be before it.
    parts.push_back(part);
  }
  std::string result;
  for (const std::string_view part : parts) result.append("/").append(part);
  return result.empty() ? "/" : result;
}

bool is_xml_text(std::string_view text) {
  return config::find_non_text(text, "\t\n") == std::string_view::npos;
}

}  // namespace qvm::vdevs
