// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// vdev shmem: one factory page and the control pages of the regions attached through it. Knows no QEMU.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "qvm/base/log_budget.h"
#include "qvm/regions/client/client.h"
#include "vdevs/shmem/host.h"
#include "vdevs/shmem/registers.h"

namespace qvm::shmem {

class Device;

// The registers in front of one attached region. Made and destroyed by its Device.
class ControlPage {
 public:
  ControlPage(Device& device, regions::Connection& connection) : x_device(device), x_connection(connection) {}

  // A guest access of width 1, 2, 4 or 8 at any offset within the page. write may destroy this object
  // (detach).
  std::uint64_t read(std::uint64_t offset, unsigned width);
  void write(std::uint64_t offset, unsigned width, std::uint64_t value);
  // A guest's store to the data of a read-only region, which has changed nothing.
  void ignored_store(std::uint64_t offset, unsigned width);

 private:
  friend class Device;
  Device& x_device;
  regions::Connection& x_connection;
  std::uint64_t x_address = 0;
  std::uint64_t x_ignored = 0;         // stores
  std::uint64_t x_ignored_logged = 0;  // of them
};

struct DeviceConfig {
  std::size_t max_connections = 64;  // of this device; above that attaching answers client_max
};

// Any thread may call any member; one mutex makes them atomic, so that an attach sees one snapshot of the
// name.
//
// Registers that do something when written (size, find, notify, detach) act on a store that covers their
// lowest byte; bytes of the register that the store does not cover count as 0. A store that covers only upper
// bytes of such a register is ignored. One store that covers several registers acts in the order of their
// addresses, after its bytes of name and flags are in place.
class Device {
 public:
  // host and client are borrowed and outlive the device.
  Device(Host& host, regions::Client& client, const DeviceConfig& config);
  ~Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  // A guest access to the factory page, of width 1, 2, 4 or 8 at any offset within it.
  std::uint64_t factory_read(std::uint64_t offset, unsigned width);
  void factory_write(std::uint64_t offset, unsigned width, std::uint64_t value);

  // The client's descriptor is readable: takes in what came and sets the line.
  void events();

  // Power-on state: everything is detached, all registers are 0, the line is low.
  void reset();

 private:
  friend class ControlPage;
  std::uint64_t control_read(ControlPage& page, std::uint64_t offset, unsigned width);
  void ignored_store(ControlPage& page, std::uint64_t offset, unsigned width);
  void control_write(ControlPage& page, std::uint64_t offset, unsigned width, std::uint64_t value);

  // All of these: x_mutex held.
  void attach(std::uint32_t pages);
  void find(std::uint32_t number);
  void detach(ControlPage& page);
  void log_ignored(ControlPage& page, const std::string& what);
  void describe(const ControlPage& page);
  void answer(regions::Status failure);
  regions::AttachRequest request(std::uint32_t pages) const;
  bool anything_pending() const;
  void update_line();
  void set_line(bool high);

  Host& x_host;
  regions::Client& x_client;
  const DeviceConfig x_config;

  std::mutex x_mutex;                                 // taken after QEMU's lock; guards everything below
  std::vector<std::unique_ptr<ControlPage>> x_pages;  // in order of attach
  bool x_line_high = false;
  LogBudget x_log_budget;
  std::uint64_t x_shmem = 0;
  std::uint32_t x_status = 0;
  std::uint32_t x_size = 0;
  std::uint32_t x_find = 0;
  std::uint32_t x_flags = 0;
  std::array<char, kNameBytes> x_name{};
};

}  // namespace qvm::shmem
