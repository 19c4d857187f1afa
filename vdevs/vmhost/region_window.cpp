// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/region_window.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "qvm/base/unique_fd.h"

namespace qvm::vmhost {

namespace {

Error with_code(std::string_view what, int code) {
  return Error::from_errno(what, code);
}

// The bytes of one page that an access touches.
struct Piece {
  std::uint64_t page;    // address of the page within the window
  std::uint64_t offset;  // within the page
  unsigned width;
};

Piece first_piece(std::uint64_t offset, unsigned width) {
  const std::uint64_t page = offset / kPageBytes * kPageBytes;
  const std::uint64_t in_page = offset - page;
  return {page, in_page, static_cast<unsigned>(std::min<std::uint64_t>(width, kPageBytes - in_page))};
}

}  // namespace

Result<std::unique_ptr<RegionWindow>> RegionWindow::create(const QemuApi& qemu, const AddressRange& range) {
  if (range.address % kPageBytes != 0 || range.length % kPageBytes != 0 || range.length < 2 * kPageBytes) {
    return fail(fmt::format("window {:#x},{:#x} is not made of whole pages of {} bytes, at least two",
                            range.address, range.length, kPageBytes));
  }
  std::unique_ptr<RegionWindow> window(new RegionWindow(qemu, range));
  // From add_regions on QEMU knows this object; a failure ends the process, so it may as well stay.
  RegionWindow* const raw = window.release();
  for (const auto step : {&RegionWindow::reserve, &RegionWindow::add_regions, &RegionWindow::self_test}) {
    auto done = (raw->*step)();
    if (!done) {
      return fail_from(std::move(done),
                       fmt::format("region window {:#x},{:#x}", range.address, range.length));
    }
  }
  return std::unique_ptr<RegionWindow>(raw);
}

Result<void> RegionWindow::reserve() {
  // Host and guest addresses agree below 2 MiB, so that huge pages can back what is aligned for them in the
  // guest.
  const std::uint64_t length = x_range.length + kHugePageBytes;
  void* memory = ::mmap(nullptr, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return fail_errno("reserve addresses");
  const auto start = reinterpret_cast<std::uintptr_t>(memory);
  const std::uint64_t shift = (x_range.address - start) % kHugePageBytes;
  x_base = static_cast<char*>(memory) + shift;
  return {};
}

Result<void> RegionWindow::add_regions() {
  auto trap = Trap::create(x_qemu, "qvm-window", x_range.address, x_range.length, *this);
  if (!trap) return tl::unexpected(trap.error());
  x_trap = std::move(*trap);

  auto ram = new_memory_region(x_qemu);
  if (!ram) return tl::unexpected(ram.error());
  x_qemu.memory_region_init_ram_ptr(*ram, nullptr, "qvm-window-ram", x_range.length, x_base);
  x_qemu.memory_region_transaction_begin();
  for (Slot& slot : x_slots) {
    auto alias = new_memory_region(x_qemu);
    if (!alias) {
      x_qemu.memory_region_transaction_commit();
      return tl::unexpected(alias.error());
    }
    slot.alias = *alias;
    x_qemu.memory_region_init_alias(slot.alias, nullptr, "qvm-region", *ram, 0, kPageBytes);
    x_qemu.memory_region_set_enabled(slot.alias, false);
    x_qemu.memory_region_add_subregion_overlap(x_qemu.get_system_memory(), x_range.address, slot.alias,
                                               kMappingPriority);
  }
  x_qemu.memory_region_transaction_commit();
  return {};
}

Result<void> RegionWindow::self_test() {
  constexpr std::uint64_t kPattern = 0x0123456789abcdef;
  const UniqueFd file(::memfd_create("qvm-self-test", MFD_CLOEXEC));
  if (!file || ::ftruncate(file.get(), static_cast<off_t>(kPageBytes)) != 0)
    return fail_errno("create a test file");
  if (::pwrite(file.get(), &kPattern, sizeof kPattern, 8) != sizeof kPattern)
    return fail_errno("fill a test file");
  auto address = map({file.get(), kPageBytes, MapRequest::Access::read_write, this});
  if (!address) return tl::unexpected(address.error());

  std::uint64_t seen = 0;
  x_qemu.cpu_physical_memory_rw(*address + kPageBytes + 8, &seen, sizeof seen, false);
  std::uint64_t stored = ~kPattern;
  x_qemu.cpu_physical_memory_rw(*address + kPageBytes + 16, &stored, sizeof stored, true);
  std::uint64_t in_file = 0;
  const bool read_back = ::pread(file.get(), &in_file, sizeof in_file, 16) == sizeof in_file;
  unmap(*address);
  std::uint64_t gone = 0;
  x_qemu.cpu_physical_memory_rw(*address + kPageBytes + 8, &gone, sizeof gone, false);
  if (seen != kPattern || !read_back || in_file != stored || gone != ~std::uint64_t{0}) {
    return fail("QEMU " + x_qemu.version_text() + " maps memory in a way vmhost does not know");
  }
  return {};
}

void* RegionWindow::host_address(std::uint64_t guest) const {
  return x_base + (guest - x_range.address);
}

Result<std::uint64_t> RegionWindow::map(const MapRequest& request) {
  struct stat file {};
  if (request.bytes == 0 || request.bytes % kPageBytes != 0 || ::fstat(request.fd, &file) != 0 ||
      static_cast<std::uint64_t>(file.st_size) < request.bytes) {
    return tl::unexpected(with_code("map into the region window", EINVAL));
  }
  const auto slot = std::find_if(x_slots.begin(), x_slots.end(), [](const Slot& s) { return !s.used; });
  // QEMU aborts if KVM has no slot left for a mapping.
  const bool kernel_full = x_qemu.kvm() && x_qemu.kvm_has_free_slot != nullptr &&
                           !x_qemu.kvm_has_free_slot(x_qemu.qdev_get_machine());
  if (slot == x_slots.end() || kernel_full) return tl::unexpected(with_code("no free mapping slot", EMFILE));
  const auto place = x_allocator.allocate(request.bytes, std::chrono::steady_clock::now());
  if (!place) return tl::unexpected(with_code("no room in the region window", ENOSPC));

  const bool writable = request.access == MapRequest::Access::read_write;
  const std::uint64_t data = place->address + kPageBytes;
  if (::mmap(host_address(data), request.bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ,
             MAP_SHARED | MAP_FIXED, request.fd, 0) == MAP_FAILED) {
    const int code = errno;
    x_allocator.release(*place, {});
    return tl::unexpected(with_code("map a region's memory", code));
  }
  slot->used = true;
  slot->place = *place;
  slot->control = request.control;
  x_qemu.memory_region_transaction_begin();
  x_qemu.memory_region_set_alias_offset(slot->alias, data - x_range.address);
  x_qemu.memory_region_set_size(slot->alias, request.bytes);
  x_qemu.memory_region_set_address(slot->alias, data);
  x_qemu.memory_region_set_readonly(slot->alias, !writable);
  x_qemu.memory_region_set_enabled(slot->alias, true);
  x_qemu.memory_region_transaction_commit();
  return place->address;
}

bool RegionWindow::unmap(std::uint64_t control_address) {
  Slot* const slot = slot_of_control(control_address);
  if (slot == nullptr) return false;
  slot->used = false;
  slot->control = nullptr;
  x_qemu.memory_region_set_enabled(slot->alias, false);
  // Not munmap: under TCG another vCPU may use its old translation a moment longer, and must find memory
  // there.
  const std::uint64_t bytes = slot->place.bytes - kPageBytes;
  ::mmap(host_address(control_address + kPageBytes), bytes, PROT_READ | PROT_WRITE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
  x_allocator.release(slot->place, std::chrono::steady_clock::now());
  return true;
}

RegionWindow::Slot* RegionWindow::slot_of_control(std::uint64_t address) {
  const auto found = std::find_if(x_slots.begin(), x_slots.end(),
                                  [address](const Slot& s) { return s.used && s.place.address == address; });
  return found == x_slots.end() ? nullptr : &*found;
}

std::uint64_t RegionWindow::read(std::uint64_t offset, unsigned width) {
  std::uint64_t value = 0;
  for (unsigned done = 0; done < width;) {
    const Piece piece = first_piece(offset + done, width - done);
    Slot* const slot = slot_of_control(x_range.address + piece.page);
    std::uint64_t bytes = ~std::uint64_t{0};
    if (slot != nullptr && slot->control != this) bytes = slot->control->read(piece.offset, piece.width);
    if (piece.width < 8) bytes &= (std::uint64_t{1} << (8 * piece.width)) - 1;
    value |= bytes << (8 * done);
    done += piece.width;
  }
  return value;
}

void RegionWindow::write(std::uint64_t offset, unsigned width, std::uint64_t value) {
  for (unsigned done = 0; done < width;) {
    const Piece piece = first_piece(offset + done, width - done);
    Slot* const slot = slot_of_control(x_range.address + piece.page);
    if (slot != nullptr && slot->control != this)
      slot->control->write(piece.offset, piece.width, value >> (8 * done));
    done += piece.width;
  }
}

}  // namespace qvm::vmhost
