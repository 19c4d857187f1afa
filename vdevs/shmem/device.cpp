// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/shmem/device.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

namespace qvm::shmem {

namespace {

using regions::Status;

// The vCPU waits this long at most, with QEMU's lock held.
constexpr std::chrono::milliseconds kAttachDeadline{2000};
constexpr std::uint32_t kPermissionBits = 0666;
// A mode that permits nothing, told apart from 0, which asks for the default.
constexpr std::uint32_t kModeOfNobody = 0111;

// The bytes of a guest store at their place in a page.
class Store {
 public:
  Store(std::uint64_t offset, unsigned width, std::uint64_t value)
      : x_offset(offset), x_end(offset + width), x_value(value) {}

  bool covers(std::uint64_t position) const { return position >= x_offset && position < x_end; }
  std::uint8_t byte(std::uint64_t position) const {
    return static_cast<std::uint8_t>(x_value >> (8 * (position - x_offset)));
  }
  // What an acting register of 4 bytes at `position` is told, if anything.
  std::optional<std::uint32_t> command(std::uint64_t position) const {
    if (!covers(position)) return std::nullopt;
    return merged(position, 0);
  }
  // A passive register's new value.
  std::uint32_t merged(std::uint64_t position, std::uint32_t old) const {
    for (unsigned i = 0; i < 4; ++i) {
      if (!covers(position + i)) continue;
      old &= ~(std::uint32_t{0xff} << (8 * i));
      old |= std::uint32_t{byte(position + i)} << (8 * i);
    }
    return old;
  }

 private:
  std::uint64_t x_offset;
  std::uint64_t x_end;
  std::uint64_t x_value;
};

// `width` bytes at `offset` of a page whose first bytes are `image`; the rest reads 0.
std::uint64_t slice(std::string_view image, std::uint64_t offset, unsigned width) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < width && offset + i < image.size(); ++i) {
    value |= std::uint64_t{static_cast<std::uint8_t>(image[offset + i])} << (8 * i);
  }
  return value;
}

template <class T>
void put(char* image, std::uint64_t offset, T value) {
  for (unsigned i = 0; i < sizeof value; ++i) image[offset + i] = static_cast<char>(value >> (8 * i));
}

}  // namespace

std::uint64_t ControlPage::read(std::uint64_t offset, unsigned width) {
  return x_device.control_read(*this, offset, width);
}
void ControlPage::write(std::uint64_t offset, unsigned width, std::uint64_t value) {
  x_device.control_write(*this, offset, width, value);
}

void ControlPage::ignored_store(std::uint64_t offset, unsigned width) {
  x_device.ignored_store(*this, offset, width);
}

Device::Device(Host& host, regions::Client& client, const DeviceConfig& config)
    : x_host(host), x_client(client), x_config(config) {}

std::uint64_t Device::factory_read(std::uint64_t offset, unsigned width) {
  const std::lock_guard guard(x_mutex);
  std::array<char, kFactoryEnd> image{};
  put(image.data(), kSignature, kSignatureValue);
  put(image.data(), kShmem, x_shmem);
  put(image.data(), kVector, x_host.line_number());
  put(image.data(), kStatus, x_status);
  put(image.data(), kSize, x_size);
  std::copy(x_name.begin(), x_name.end(), image.begin() + kName);
  put(image.data(), kFind, x_find);
  put(image.data(), kFlags, x_flags);
  return slice({image.data(), image.size()}, offset, width);
}

void Device::factory_write(std::uint64_t offset, unsigned width, std::uint64_t value) {
  const std::lock_guard guard(x_mutex);
  const Store store(offset, width, value);
  for (std::uint64_t position = offset; position < offset + width; ++position) {
    if (position >= kName && position < kName + kNameBytes) {
      x_name[position - kName] = static_cast<char>(store.byte(position));
    }
  }
  x_flags = store.merged(kFlags, x_flags);
  if (const auto pages = store.command(kSize)) attach(*pages);
  if (const auto number = store.command(kFind)) find(*number);
}

regions::AttachRequest Device::request(std::uint32_t pages) const {
  regions::AttachRequest request;
  request.name.assign(x_name.data(), ::strnlen(x_name.data(), x_name.size()));
  request.pages = pages;
  request.mode = x_flags & kPermissionBits;
  if (x_flags != 0 && request.mode == 0) request.mode = kModeOfNobody;
  return request;
}

void Device::attach(std::uint32_t pages) {
  const regions::AttachRequest asked = request(pages);
  if (asked.name.size() > regions::kMaxNameBytes) return answer(Status::illegal_name);
  if (x_pages.size() >= x_config.max_connections) return answer(Status::client_max);
  const regions::AttachResult result = x_client.attach(asked, kAttachDeadline);
  // Waiting for the answer may have taken in news of other connections.
  if (result.status != Status::ok || result.connection == nullptr) {
    answer(result.status == Status::ok ? Status::unknown_failure : result.status);
    return update_line();
  }
  regions::Connection& connection = *result.connection;
  auto page = std::make_unique<ControlPage>(*this, connection);
  MapRequest map;
  map.fd = connection.data_fd();
  map.bytes = connection.pages() * kPageBytes;
  map.access = connection.writable() ? MapRequest::Access::read_write : MapRequest::Access::read_only;
  map.page = page.get();
  MapError error = MapError::no_memory;
  if (connection.pages() <= std::numeric_limits<std::uint32_t>::max())
    error = x_host.map(map, page->x_address);
  if (error != MapError::none) {
    x_client.detach(&connection);
    answer(error == MapError::no_memory  ? Status::no_memory
           : error == MapError::too_many ? Status::client_max
                                         : Status::unknown_failure);
    return update_line();
  }
  if (!connection.writable()) {
    x_host.log_info("region '" + asked.name +
                    "' is attached read-only: the guest's stores to it change nothing");
  }
  x_pages.push_back(std::move(page));
  describe(*x_pages.back());
  update_line();
}

void Device::find(std::uint32_t number) {
  x_find = number;
  if (number >= x_pages.size()) return answer(Status::does_not_exist);
  const ControlPage& page = *x_pages[number];
  const std::string& name = page.x_connection.name();
  x_name.fill('\0');
  std::copy_n(name.begin(), std::min<std::size_t>(name.size(), kNameBytes - 1), x_name.begin());
  describe(page);
}

void Device::describe(const ControlPage& page) {
  x_shmem = page.x_address;
  x_size = static_cast<std::uint32_t>(page.x_connection.pages());
  x_status = static_cast<std::uint32_t>(Status::ok);
}

void Device::answer(Status failure) {
  x_shmem = 0;
  x_size = 0;
  x_status = static_cast<std::uint32_t>(failure);
}

void Device::ignored_store(ControlPage& page, std::uint64_t offset, unsigned width) {
  const std::lock_guard guard(x_mutex);
  ++page.x_ignored;
  std::array<char, 80> what{};
  std::snprintf(what.data(), what.size(), "a store of %u bytes at %#llx was ignored", width,
                static_cast<unsigned long long>(offset));
  log_ignored(page, what.data());
}

// A guest can store millions of times a second: what the budget drops is counted in the next line.
void Device::log_ignored(ControlPage& page, const std::string& what) {
  const auto verdict = x_log_budget.spend({}, std::chrono::steady_clock::now());
  if (verdict == LogBudget::Verdict::drop) return;
  page.x_ignored_logged = page.x_ignored;
  x_host.log_warning(
      "region '" + page.x_connection.name() + "' is attached read-only: " + what + ", " +
      std::to_string(page.x_ignored) + " so far" +
      (verdict == LogBudget::Verdict::write_last ? " (the next ones are only counted for a while)" : ""));
}

void Device::detach(ControlPage& page) {
  if (page.x_ignored != page.x_ignored_logged) log_ignored(page, "stores were ignored until the detach");
  // Out of the guest's space first: it must not touch a region that it has left.
  x_host.unmap(page.x_address);
  x_client.detach(&page.x_connection);
  std::erase_if(x_pages, [&page](const auto& other) { return other.get() == &page; });
}

std::uint64_t Device::control_read(ControlPage& page, std::uint64_t offset, unsigned width) {
  const std::lock_guard guard(x_mutex);
  std::array<char, kControlEnd> image{};
  if (offset < kControlStatus + 4) {
    // A guest that polls may be faster than the event thread: a peer's coming must be known to see its
    // signal.
    if (!page.x_connection.pending()) x_client.process();
    put(image.data(), kControlStatus, page.x_connection.read_status());
    // Down in any case: on a pin programmed as edge, news that came between needs a new edge.
    set_line(false);
    update_line();
  }
  put(image.data(), kControlIndex, static_cast<std::uint32_t>(page.x_connection.index()));
  return slice({image.data(), image.size()}, offset, width);
}

void Device::control_write(ControlPage& page, std::uint64_t offset, unsigned width, std::uint64_t value) {
  const std::lock_guard guard(x_mutex);
  const Store store(offset, width, value);
  if (const auto targets = store.command(kControlNotify)) page.x_connection.notify(*targets);
  if (store.command(kControlDetach)) {
    detach(page);
    update_line();
  } else if (store.covers(kControlNotify)) {
    // 0xFFFF includes me: my own line goes up at once.
    update_line();
  }
}

void Device::events() {
  const std::lock_guard guard(x_mutex);
  // A signal is in the pages already, and its guest wakes while the rest is looked at.
  update_line();
  x_client.process();
  update_line();
}

void Device::reset() {
  const std::lock_guard guard(x_mutex);
  while (!x_pages.empty()) detach(*x_pages.back());
  set_line(false);
  x_shmem = 0;
  x_status = 0;
  x_size = 0;
  x_find = 0;
  x_flags = 0;
  x_name.fill('\0');
}

bool Device::anything_pending() const {
  return std::any_of(x_pages.begin(), x_pages.end(),
                     [](const auto& page) { return page->x_connection.pending(); });
}

void Device::update_line() {
  set_line(anything_pending());
}

void Device::set_line(bool high) {
  if (x_line_high == high) return;
  x_line_high = high;
  x_host.set_line(high);
}

}  // namespace qvm::shmem
