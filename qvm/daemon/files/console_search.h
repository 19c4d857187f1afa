// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Looks for a text in what a guest has written to its console.
#pragma once

#include <string>

#include "qvm/base/unique_fd.h"

namespace qvm::daemon {

// Reads a console's log as it grows; from the start again when another file has taken its place, as at a
// restart of the VM. Time and memory of a look are bounded whatever the guest writes.
class ConsoleSearch {
 public:
  // text: without line breaks, not empty.
  ConsoleSearch(std::string path, std::string text);

  // Whether the text has come. Takes up what was written since the last call, a bounded amount of it.
  bool look();

 private:
  void open_current();

  std::string x_path;
  std::string x_text;
  UniqueFd x_file;
  std::string x_window;  // the end of what was read: a text may come in two pieces
  bool x_found = false;
};

}  // namespace qvm::daemon
