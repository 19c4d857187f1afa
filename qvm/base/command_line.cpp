// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/command_line.h"

#include <sstream>

#include "qvm/base/standard_streams.h"

namespace qvm {

std::optional<int> read_command_line(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::Success& asked) {
    std::ostringstream text;
    app.exit(asked, text, text);
    write_output(text.str());
    return end_output(app.get_name(), 0);
  } catch (const CLI::ParseError& error) {
    write_complaint(app.get_name(), error.what());
    write_error("Try '" + app.get_name() + " --help'.\n");
    return kExitUsage;
  }
}

}  // namespace qvm
