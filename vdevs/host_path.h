// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Paths and texts of a configuration on their way to the host.
#pragma once

#include <string>
#include <string_view>

namespace qvm::vdevs {

// path itself if it is absolute, else below directory; "." and "//" are folded, ".." stays (a link may be
// before it).
std::string absolute_path(std::string_view directory, std::string_view path);

// Text that XML 1.0 can carry: valid UTF-8 without control characters other than tab and line feed.
bool is_xml_text(std::string_view text);

}  // namespace qvm::vdevs
