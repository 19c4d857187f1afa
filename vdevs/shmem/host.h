// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the shmem device needs of the machine around it; narrow, so that tests can fake it.
#pragma once

#include <cstdint>
#include <string_view>

namespace qvm::shmem {

class ControlPage;

struct MapRequest {
  int fd = -1;              // borrowed for the call
  std::uint64_t bytes = 0;  // of data, whole pages
  enum class Access { read_only, read_write } access = Access::read_only;
  ControlPage* page =
      nullptr;  // whose read and write answer the control page; read-only: hears of stores, too
};

enum class MapError { none, no_memory, too_many, other };

// map and unmap are called only from guest accesses and reset, set_line also from Device::events().
class Host {
 public:
  virtual ~Host() = default;
  // Puts a control page and, directly after it, the data into the guest's space; sets the control page's
  // address.
  virtual MapError map(const MapRequest& request, std::uint64_t& control_address) = 0;
  // From its return on nothing calls the control page.
  virtual void unmap(std::uint64_t control_address) = 0;
  virtual void set_line(bool high) = 0;
  // The number of the line as the guest knows it now, 0 if there is none. Called only from guest accesses.
  virtual std::uint32_t line_number() = 0;
  virtual void log_info(std::string_view text) = 0;
  virtual void log_warning(std::string_view text) = 0;
};

}  // namespace qvm::shmem
