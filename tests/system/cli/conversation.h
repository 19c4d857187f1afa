// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the freestanding guests of the hello conversation say.
#pragma once

#include <string>

namespace qvm::test {

// Expects of what `qvm up` wrote that one guest has attached, greeted, heard and answered the other, and
// left. prefix: that of the guest's lines, "left  | ".
void expect_conversation(const std::string& out, const std::string& prefix, const std::string& own,
                         const std::string& peer);

}  // namespace qvm::test
