// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The host's side of a serial device: opened files, pipes, terminals and programs.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"

namespace qvm::relay {

// As vdevs::Relay, without what only its starter needs.
struct Options {
  std::string input;
  std::string output;
  std::string command;
  std::string directory;  // of the command
  bool terminal = false;
  std::optional<std::uint32_t> delay;  // seconds; UINT32_MAX: for ever
  std::uint32_t batch_us = 0;
};

// Descriptors do not block, but those of regular files.
struct HostEnds {
  UniqueFd input;                          // absent: none
  std::uint64_t input_bytes = UINT64_MAX;  // that are to be read: a file may get the output, too
  UniqueFd output;                         // absent: what the guest writes is lost
  std::string terminal;                    // "/dev/pts/5": where programs find a pseudo terminal
  pid_t command = 0;                       // leader of a process group of its own; a child
};

// With the rights of this process. Fails with what could not be opened and why, and then has changed nothing
// but that an output file may have been made or emptied.
Result<HostEnds> open_host_ends(const Options& options);

}  // namespace qvm::relay
