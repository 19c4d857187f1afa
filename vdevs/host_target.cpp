// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/host_target.h"

#include <fmt/format.h>

#include "vdevs/host_path.h"

namespace qvm::vdevs {

Result<HostTarget> find_host_target(const PlanInput& input, const std::string& path,
                                    const config::SourceRange& where) {
  const config::HostMapEntry* mapped = input.find_host_path ? input.find_host_path(path) : nullptr;
  if (mapped == nullptr) return HostTarget{path, false, where};
  if (mapped->kind != config::HostMapEntry::Kind::path)
    return fail(fmt::format("network '{}' stands for '{}'", mapped->target.value, path));
  return HostTarget{mapped->target.value, true, mapped->target.where};
}

Result<std::string> host_file(const PlanInput& input, const std::string& path) {
  std::string absolute = absolute_path(input.working_directory, path);
  if (!is_xml_text(absolute)) return fail("a file name must be UTF-8 text without control characters");
  return absolute;
}

}  // namespace qvm::vdevs
