// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A guest that does anything to the registers of a shmem device, beside a model of them that works byte by
// byte.
#include <array>
#include <string>
#include <vector>

#include "tests/fuzz/bytes.h"
#include "tests/fuzz/targets.h"
#include "tests/unit/vdevs/shmem_fakes.h"

namespace qvm::fuzz {
namespace {

using namespace qvm::shmem;
using regions::Status;
using shmem::testing::FakeConnection;
using shmem::testing::Machine;

constexpr std::size_t kMaxConnections = 6;
constexpr unsigned kLastStatus = 6;

class Guest {
 public:
  std::string run(Bytes input) {
    while (!input.empty() && x_problem.empty()) {
      act(input);
      check();
    }
    return x_problem;
  }

 private:
  struct Page {
    std::uint64_t address = 0;
    FakeConnection* connection = nullptr;
    std::string name{};
  };

  void act(Bytes& input) {
    switch (input.below(10)) {
      case 0:
        return store(input.number<std::uint16_t>() % shmem::kPageBytes, 1U << input.below(4),
                     input.number<std::uint64_t>());
      case 1:
        return store(input.below(kFactoryEnd + 4), 1U << input.below(4), input.number<std::uint64_t>());
      case 2:
        return load(input.number<std::uint16_t>() % shmem::kPageBytes, 1U << input.below(4));
      case 3:
        return control_store(input);
      case 4:
        return control_load(input);
      case 5:
        return attach(input);
      case 6:
        return peer_acts(input);
      case 7:
        return surroundings(input);
      case 8:
        x_machine.device.events();
        x_stale = false;
        return;
      default:
        return reset();
    }
  }

  void fail(const std::string& what) {
    if (x_problem.empty()) x_problem = what;
  }
  void expect(bool good, const char* what) {
    if (!good) fail(what);
  }

  // What a driver does, so that attaching needs no luck.
  void attach(Bytes& input) {
    const std::string name = "region" + std::to_string(input.below(4));
    for (std::size_t i = 0; i <= name.size(); ++i)
      store(kName + i, 1, i < name.size() ? static_cast<unsigned char>(name[i]) : 0U);
    store(kSize, 4, input.below(8));
  }

  void peer_acts(Bytes& input) {
    if (x_pages.empty()) return;
    FakeConnection& connection = *x_pages[input.below(kMaxConnections) % x_pages.size()].connection;
    const unsigned peer = input.below(regions::kMaxClients);
    switch (input.below(4)) {
      case 0:
        connection.peer_came(peer);
        break;
      case 1:
        connection.peer_went(peer);
        break;
      default:
        connection.signal_from(peer);
        break;
    }
    x_stale = true;
    if (input.below(4) == 0) return;  // the news is late
    x_machine.device.events();
    x_stale = false;
  }

  void surroundings(Bytes& input) {
    x_machine.client.refuse = static_cast<Status>(input.below(2) == 0 ? 0 : input.below(kLastStatus + 1));
    x_machine.host.refuse = static_cast<MapError>(input.below(2) == 0 ? 0 : input.below(4));
    x_machine.client.writable = input.below(2) == 0;
    x_machine.client.existing_pages =
        input.below(2) == 0 ? 0 : input.number<std::uint64_t>() >> input.below(64);
    // The fake host gives every page an address of its own and has not enough of them for everything.
    if (x_machine.client.existing_pages > std::uint64_t{1} << 33) x_machine.client.existing_pages = 0;
  }

  void reset() {
    x_machine.device.reset();
    x_name.fill(0);
    x_shmem = 0;
    x_status = x_size = x_find = x_flags = 0;
    x_pages.clear();
    x_stale = false;
    expect(!x_machine.host.line_high(), "the line is high after a reset");
  }

  void store(std::uint64_t offset, unsigned width, std::uint64_t value) {
    x_machine.write(offset, value, width);
    const auto byte = [&](std::uint64_t at) -> std::uint32_t {
      return at >= offset && at < offset + width
                 ? static_cast<std::uint32_t>(value >> (8 * (at - offset)) & 0xff)
                 : 0U;
    };
    const auto covers = [&](std::uint64_t at) { return at >= offset && at < offset + width; };
    const auto word = [&](std::uint64_t at) {
      return byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24;
    };
    for (std::uint64_t at = offset; at < offset + width; ++at) {
      if (at >= kName && at < kName + kNameBytes) x_name[at - kName] = static_cast<std::uint8_t>(byte(at));
      if (at < kFlags || at >= kFlags + 4) continue;
      const unsigned shift = 8 * static_cast<unsigned>(at - kFlags);
      x_flags = (x_flags & ~(0xffU << shift)) | byte(at) << shift;
    }
    if (covers(kSize)) model_attach(word(kSize));
    if (covers(kFind)) model_find(word(kFind));
  }

  void model_failure(unsigned status) {
    x_shmem = 0;
    x_size = 0;
    x_status = status;
  }

  void model_attach(std::uint32_t pages) {
    std::string name;
    while (name.size() < kNameBytes && x_name[name.size()] != 0)
      name += static_cast<char>(x_name[name.size()]);
    if (name.size() == kNameBytes) return model_failure(4);
    if (x_pages.size() >= kMaxConnections) return model_failure(3);
    x_stale = false;
    const auto& client = x_machine.client;
    expect(!client.requests.empty(), "an attach did not reach the region manager");
    if (client.requests.empty()) return;
    std::uint32_t mode = x_flags & 0666U;
    if (x_flags != 0 && mode == 0) mode = 0111;
    const regions::AttachRequest& asked = client.requests.back();
    expect(asked.name == name && asked.pages == pages && asked.mode == mode,
           "another attach than was written");
    if (client.refuse != Status::ok) return model_failure(static_cast<unsigned>(client.refuse));
    const std::uint64_t real = client.existing_pages != 0 ? client.existing_pages : pages;
    if (real == 0) return model_failure(1);
    if (real > UINT32_MAX) return model_failure(2);  // the register could not show it
    if (x_machine.host.refuse != MapError::none) {
      const MapError error = x_machine.host.refuse;
      return model_failure(error == MapError::no_memory ? 2 : error == MapError::too_many ? 3 : 1);
    }
    expect(!client.owned.empty(), "attached without a connection");
    if (client.owned.empty()) return;
    const MapRequest& map = x_machine.host.maps.back();
    expect(map.bytes == real * shmem::kPageBytes, "more or less is mapped than the region has");
    expect((map.access == MapRequest::Access::read_write) == client.writable, "mapped with other rights");
    const std::uint64_t address = x_machine.host.next - map.bytes - shmem::kPageBytes;
    x_pages.push_back({address, client.owned.back().get(), name});
    x_shmem = address;
    x_size = static_cast<std::uint32_t>(real);
    x_status = 0;
  }

  void model_find(std::uint32_t number) {
    x_find = number;
    if (number >= x_pages.size()) return model_failure(6);
    const Page& page = x_pages[number];
    x_name.fill(0);
    std::copy(page.name.begin(), page.name.end(), x_name.begin());
    x_shmem = page.address;
    x_size = static_cast<std::uint32_t>(page.connection->pages());
    x_status = 0;
  }

  static std::uint64_t slice(const std::vector<std::uint8_t>& image, std::uint64_t offset, unsigned width) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < width && offset + i < image.size(); ++i)
      value |= std::uint64_t{image[offset + i]} << (8 * i);
    return value;
  }
  static void append(std::vector<std::uint8_t>& image, std::uint64_t value, unsigned width) {
    for (unsigned i = 0; i < width; ++i) image.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }

  void load(std::uint64_t offset, unsigned width) {
    std::vector<std::uint8_t> image;
    append(image, kSignatureValue, 8);
    append(image, x_shmem, 8);
    append(image, 10, 4);
    append(image, x_status, 4);
    append(image, x_size, 4);
    image.insert(image.end(), x_name.begin(), x_name.end());
    append(image, x_find, 4);
    append(image, x_flags, 4);
    expect(x_machine.read(offset, width) == slice(image, offset, width),
           "a register reads as something else");
  }

  void control_store(Bytes& input) {
    if (x_pages.empty()) return;
    const std::size_t chosen = input.below(kMaxConnections) % x_pages.size();
    const Page page = x_pages[chosen];
    const std::uint64_t offset =
        input.below(2) == 0 ? input.below(kControlEnd) : input.number<std::uint16_t>() % shmem::kPageBytes;
    const unsigned width = 1U << input.below(4);
    const auto value = input.number<std::uint64_t>();
    const auto covers = [&](std::uint64_t at) { return at >= offset && at < offset + width; };
    const std::size_t notified = page.connection->notified.size();
    const unsigned detaches = x_machine.client.detaches;
    x_machine.host.write(page.address + offset, width, value);
    if (covers(kControlDetach)) {
      expect(x_machine.client.detaches == detaches + 1, "detach did not detach once");
      x_pages.erase(x_pages.begin() + static_cast<std::ptrdiff_t>(chosen));
      expect(x_machine.host.read(page.address, 4) == ~std::uint64_t{0}, "the control page is still there");
      x_stale = false;
      return;
    }
    expect(x_machine.client.detaches == detaches, "something detached that should not");
    if (!covers(kControlNotify)) {
      expect(page.connection->notified.size() == notified, "something notified that should not");
      return;
    }
    std::uint64_t targets = value >> (8 * (kControlNotify - offset));
    const std::uint64_t covered = std::min<std::uint64_t>(4, offset + width - kControlNotify);
    targets &= (std::uint64_t{1} << (8 * covered)) - 1;
    expect(page.connection->notified.size() == notified + 1 && page.connection->notified.back() == targets,
           "others are notified than was written");
    x_stale = false;
  }

  void control_load(Bytes& input) {
    if (x_pages.empty()) return;
    const Page& page = x_pages[input.below(kMaxConnections) % x_pages.size()];
    const std::uint64_t offset =
        input.below(2) == 0 ? input.below(kControlEnd) : input.number<std::uint16_t>() % shmem::kPageBytes;
    const unsigned width = 1U << input.below(4);
    std::vector<std::uint8_t> image;
    append(image, page.connection->attached << 16 | page.connection->senders, 4);
    append(image, page.connection->index(), 4);
    const unsigned reads = page.connection->status_reads;
    const std::uint64_t got = x_machine.host.read(page.address + offset, width);
    expect(got == slice(image, offset, width), "a control register reads as something else");
    const bool of_status = offset < kControlStatus + 4;
    expect(page.connection->status_reads == reads + (of_status ? 1 : 0),
           "status was read another number of times");
    if (!of_status) return;
    expect(!page.connection->pending(), "what was read is still pending");
    x_stale = false;
  }

  void check() {
    bool pending = false;
    for (const Page& page : x_pages) pending = pending || page.connection->pending();
    if (!x_stale) expect(x_machine.host.line_high() == pending, "the line does not say what is pending");
    expect(x_status <= kLastStatus, "a status that there is not");
    expect(x_machine.host.pages.size() == x_pages.size(), "another number of control pages is mapped");
    expect(x_machine.client.live.size() == x_pages.size(), "another number of connections is alive");
    load(0, 8);
    load(kShmem, 8);
    load(kStatus, 8);
    for (std::uint64_t at = kName; at < kFactoryEnd + 4; at += 4) load(at, 4);
  }

  Machine x_machine{DeviceConfig{.max_connections = kMaxConnections}};
  std::array<std::uint8_t, kNameBytes> x_name{};
  std::uint64_t x_shmem = 0;
  std::uint32_t x_status = 0;
  std::uint32_t x_size = 0;
  std::uint32_t x_find = 0;
  std::uint32_t x_flags = 0;
  std::vector<Page> x_pages;
  bool x_stale = false;  // a peer did something and the device was not told yet
  std::string x_problem;
};

}  // namespace

std::string check_shmem_input(const std::uint8_t* data, std::size_t size) {
  return Guest().run(Bytes(data, size));
}

}  // namespace qvm::fuzz
