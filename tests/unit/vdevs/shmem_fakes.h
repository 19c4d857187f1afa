// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A machine and a region manager that exist only in a test, for the shmem device.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "qvm/regions/client/client.h"
#include "vdevs/shmem/device.h"
#include "vdevs/shmem/host.h"

namespace qvm::shmem::testing {

// A connection whose peers are the test.
class FakeConnection : public regions::Connection {
 public:
  FakeConnection(std::string name, std::uint64_t pages, unsigned index)
      : attached(1u << index), x_name(std::move(name)), x_pages(pages), x_index(index) {}

  unsigned index() const override { return x_index; }
  std::uint64_t pages() const override { return x_pages; }
  int data_fd() const override { return 1000 + static_cast<int>(x_index); }
  bool writable() const override { return is_writable; }
  const std::string& name() const override { return x_name; }
  std::uint32_t read_status() override {
    ++status_reads;
    const std::uint32_t status = attached << 16 | senders;
    senders = 0;
    changed = false;
    if (after_read) after_read();
    return status;
  }
  bool pending() const override { return senders != 0 || changed; }
  void notify(std::uint32_t targets) override {
    notified.push_back(targets);
    if (on_notify) on_notify();
  }

  // What a peer does to this connection.
  void signal_from(unsigned peer) { senders |= 1u << peer; }
  void peer_came(unsigned peer) {
    attached |= 1u << peer;
    changed = true;
  }
  void peer_went(unsigned peer) {
    attached &= ~(1u << peer);
    changed = true;
  }

  std::uint32_t attached;
  std::uint32_t senders = 0;
  bool changed = false;
  bool is_writable = true;
  unsigned status_reads = 0;
  std::vector<std::uint32_t> notified;
  std::function<void()> on_notify;
  std::function<void()> after_read;  // runs between the guest's read and the look at what is pending

 private:
  std::string x_name;
  std::uint64_t x_pages;
  unsigned x_index;
};

// Answers attaches as told; by default every region exists with as many pages as asked for.
class FakeClient : public regions::Client {
 public:
  int event_fd() const override { return -1; }
  void process() override {
    if (on_process) on_process();
  }
  regions::AttachResult attach(const regions::AttachRequest& request,
                               std::chrono::milliseconds deadline) override {
    requests.push_back(request);
    deadlines.push_back(deadline);
    if (on_attach) on_attach();
    if (refuse != regions::Status::ok) return {refuse, nullptr};
    const std::uint64_t pages = existing_pages != 0 ? existing_pages : request.pages;
    if (pages == 0) return {regions::Status::unknown_failure, nullptr};
    owned.push_back(
        std::make_unique<FakeConnection>(request.name, pages, next_index++ % regions::kMaxClients));
    owned.back()->is_writable = writable;
    live.push_back(owned.back().get());
    return {regions::Status::ok, owned.back().get()};
  }
  void detach(regions::Connection* connection) override {
    ++detaches;
    std::erase(live, connection);
    std::erase_if(owned, [connection](const auto& mine) { return mine.get() == connection; });
  }
  const std::vector<regions::Connection*>& connections() const override { return live; }

  FakeConnection& at(std::size_t i) { return *owned.at(i); }

  regions::Status refuse = regions::Status::ok;
  std::uint64_t existing_pages = 0;  // 0: what the request says
  bool writable = true;
  unsigned next_index = 0;
  unsigned detaches = 0;
  std::function<void()> on_process;
  std::function<void()> on_attach;
  std::vector<regions::AttachRequest> requests;
  std::vector<std::chrono::milliseconds> deadlines;
  std::vector<std::unique_ptr<FakeConnection>> owned;
  std::vector<regions::Connection*> live;
};

// Guest-physical space: control pages at addresses that are never used twice.
class FakeHost : public Host {
 public:
  MapError map(const MapRequest& request, std::uint64_t& control_address) override {
    if (refuse != MapError::none) return refuse;
    maps.push_back(request);
    control_address = next;
    pages[next] = request.page;
    next += request.bytes + kPageBytes;
    return MapError::none;
  }
  void unmap(std::uint64_t control_address) override { pages.erase(control_address); }
  void set_line(bool high) override { line.push_back(high); }
  std::uint32_t line_number() override { return number; }
  void log_info(std::string_view text) override { log.emplace_back(text); }
  void log_warning(std::string_view text) override { warnings.emplace_back(text); }

  // A guest access within the window.
  std::uint64_t read(std::uint64_t address, unsigned width) {
    const auto found = pages.find(address / kPageBytes * kPageBytes);
    return found == pages.end() ? ~std::uint64_t{0} : found->second->read(address % kPageBytes, width);
  }
  void write(std::uint64_t address, unsigned width, std::uint64_t value) {
    const auto found = pages.find(address / kPageBytes * kPageBytes);
    if (found != pages.end()) found->second->write(address % kPageBytes, width, value);
  }
  bool line_high() const { return !line.empty() && line.back(); }

  MapError refuse = MapError::none;
  std::uint64_t next = 0x80000000;
  std::uint32_t number = 10;
  std::vector<MapRequest> maps;
  std::vector<bool> line;  // every level set, in order
  std::vector<std::string> log;
  std::vector<std::string> warnings;
  std::map<std::uint64_t, ControlPage*> pages;
};

// A device between the two, and what a driver does with it.
struct Machine {
  explicit Machine(DeviceConfig config = {.max_connections = 64}) : device(host, client, config) {}

  std::uint64_t read(std::uint64_t offset, unsigned width = 4) { return device.factory_read(offset, width); }
  void write(std::uint64_t offset, std::uint64_t value, unsigned width = 4) {
    device.factory_write(offset, width, value);
  }
  void write_name(std::string_view name) {
    for (std::size_t i = 0; i < name.size(); ++i) write(kName + i, static_cast<unsigned char>(name[i]), 1);
    if (name.size() < kNameBytes) write(kName + name.size(), 0, 1);
  }
  // Returns the control page's address, 0 on failure.
  std::uint64_t attach(std::string_view name, std::uint32_t pages = 1) {
    write_name(name);
    write(kSize, pages);
    return read(kShmem, 8);
  }

  FakeHost host;
  FakeClient client;
  Device device;
};

}  // namespace qvm::shmem::testing
