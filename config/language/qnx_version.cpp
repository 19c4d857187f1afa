// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/qnx_version.h"

namespace qvm::config {

std::string_view to_string(QnxVersion version) {
  switch (version) {
    case QnxVersion::v7_0:
      return "7.0";
    case QnxVersion::v7_1:
      return "7.1";
    case QnxVersion::v8_0:
      return "8.0";
  }
  return "8.0";
}

std::optional<QnxVersion> parse_qnx_version(std::string_view text) {
  for (const QnxVersion version : kQnxVersions) {
    if (text == to_string(version)) return version;
  }
  return std::nullopt;
}

}  // namespace qvm::config
