// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The thread that runs libvirt's default event loop, which the embedded driver and all event callbacks need.
#pragma once

#include <memory>

#include "qvm/base/result.h"

namespace qvm::host {

// Shared by all connections of the process: runs while anybody holds it.
class LibvirtEvents {
 public:
  // Safe from any thread. Fails if libvirt refuses its event implementation.
  static Result<std::shared_ptr<LibvirtEvents>> acquire();
  ~LibvirtEvents();
  LibvirtEvents(const LibvirtEvents&) = delete;
  LibvirtEvents& operator=(const LibvirtEvents&) = delete;

 private:
  struct Impl;
  explicit LibvirtEvents(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> x_impl;
};

}  // namespace qvm::host
