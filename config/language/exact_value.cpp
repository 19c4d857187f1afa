// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/exact_value.h"

namespace qvm::config {

bool has_exact_value(const ParsedOption& item) {
  for (std::size_t i = 0; i < item.arguments.size(); ++i) {
    const SpecialValue* special = item.spec->arguments[i].special_value(item.arguments[i].text);
    if (special != nullptr && special->exact) return true;
  }
  return false;
}

}  // namespace qvm::config
