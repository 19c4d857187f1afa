// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Versions of QNX's hypervisor whose language is known.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace qvm::config {

// Ordered: a later version is greater.
enum class QnxVersion { v7_0, v7_1, v8_0 };

inline constexpr QnxVersion kOldestQnxVersion = QnxVersion::v7_0;
inline constexpr QnxVersion kNewestQnxVersion = QnxVersion::v8_0;
inline constexpr QnxVersion kDefaultQnxVersion = QnxVersion::v8_0;
inline constexpr std::array kQnxVersions = {QnxVersion::v7_0, QnxVersion::v7_1, QnxVersion::v8_0};

std::string_view to_string(QnxVersion version);  // "7.1"
std::optional<QnxVersion> parse_qnx_version(std::string_view text);

}  // namespace qvm::config
