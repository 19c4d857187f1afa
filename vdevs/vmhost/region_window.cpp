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
  constexpr std::array<Result<void> (RegionWindow::*)(), 4> kSteps = {
      &RegionWindow::make_writable_backing, &RegionWindow::make_read_only_backing, &RegionWindow::add_regions,
      &RegionWindow::self_test};
  for (const auto step : kSteps) {
    auto done = (raw->*step)();
    if (!done) {
      return fail_from(std::move(done),
                       fmt::format("region window {:#x},{:#x}", range.address, range.length));
    }
  }
  return std::unique_ptr<RegionWindow>(raw);
}

Result<void> RegionWindow::make_writable_backing() {
  const std::uint64_t length = x_range.length + kHugePageBytes;
  void* memory = ::mmap(nullptr, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return fail_errno("reserve addresses");
  const auto start = reinterpret_cast<std::uintptr_t>(memory);
  x_writable.base = static_cast<char*>(memory) + (x_range.address - start) % kHugePageBytes;
  auto ram = QVM_TRY(new_memory_region(x_qemu));
  x_qemu.memory_region_init_ram_ptr(ram, nullptr, "qvm-window-ram", x_range.length, x_writable.base);
  x_writable.region = ram;
  return {};
}

// A ROM device: the guest reads its memory directly, also under KVM, and stores come to us. Under TCG a store
// to memory that is merely read-only vanishes inside QEMU.
Result<void> RegionWindow::make_read_only_backing() {
  auto rom = QVM_TRY(new_memory_region(x_qemu));
  const std::uint64_t length = x_range.length + kHugePageBytes;
  // QEMU ends if two of these have the same name.
  const std::string name = fmt::format("qvm-window-rom-{:x}", x_range.address);
  QemuError* error = nullptr;
  x_qemu.memory_region_init_rom_device(rom, nullptr, &rom_ops(), this, name.c_str(), length, &error);
  if (error != nullptr)
    return fail(std::string("reserve read-only memory: ") + x_qemu.error_get_pretty(error));
  void* memory = x_qemu.memory_region_get_ram_ptr(rom);
  // Addresses only: what is mapped there later brings its own memory.
  if (::mmap(memory, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) ==
      MAP_FAILED) {
    return fail_errno("reserve read-only addresses");
  }
  x_read_only.offset = (x_range.address - reinterpret_cast<std::uintptr_t>(memory)) % kHugePageBytes;
  x_read_only.base = static_cast<char*>(memory) + x_read_only.offset;
  x_read_only.region = rom;
  return {};
}

const MemoryRegionOps& RegionWindow::rom_ops() {
  static const MemoryRegionOps kOps = [] {
    MemoryRegionOps made;
    made.read = &RegionWindow::on_rom_read;
    made.write = &RegionWindow::on_rom_write;
    made.endianness = kLittleEndian;
    return made;
  }();
  return kOps;
}

// QEMU reads the memory itself while it is in its normal mode, the only one we use.
std::uint64_t RegionWindow::on_rom_read(void*, std::uint64_t, unsigned) {
  return ~std::uint64_t{0};
}

void RegionWindow::on_rom_write(void* self, std::uint64_t offset, std::uint64_t value, unsigned width) {
  RegionWindow& window = *static_cast<RegionWindow*>(self);
  const std::uint64_t address = window.x_range.address + (offset - window.x_read_only.offset);
  for (const Slot& slot : window.x_slots) {
    const std::uint64_t data = slot.place.address + kPageBytes;
    if (!slot.used || slot.stores == nullptr || address < data ||
        address - data >= slot.place.bytes - kPageBytes)
      continue;
    return slot.stores->write(address - data, width, value);
  }
}

Result<MemoryRegion*> RegionWindow::add_alias(const Backing& backing) {
  auto alias = QVM_TRY(new_memory_region(x_qemu));
  x_qemu.memory_region_init_alias(alias, nullptr, "qvm-region", backing.region, 0, kPageBytes);
  x_qemu.memory_region_set_enabled(alias, false);
  x_qemu.memory_region_add_subregion_overlap(x_qemu.get_system_memory(), x_range.address, alias,
                                             kMappingPriority);
  return alias;
}

Result<void> RegionWindow::add_regions() {
  x_trap = QVM_TRY(Trap::create(x_qemu, "qvm-window", x_range.address, x_range.length, *this));
  x_qemu.memory_region_transaction_begin();
  Result<void> done;
  for (Slot& slot : x_slots) {
    auto writable = add_alias(x_writable);
    auto read_only = add_alias(x_read_only);
    if (!writable || !read_only) {
      done = tl::unexpected((writable ? read_only : writable).error());
      break;
    }
    slot.writable = *writable;
    slot.read_only = *read_only;
  }
  x_qemu.memory_region_transaction_commit();
  return done;
}

namespace {

// Remembers the last store that it was told of.
class StoreProbe final : public TrapHandler {
 public:
  std::uint64_t read(std::uint64_t, unsigned) override { return 0; }
  void write(std::uint64_t offset, unsigned width, std::uint64_t value) override {
    if (width == sizeof value && offset == 16) x_seen = value;
  }
  std::uint64_t seen() const { return x_seen; }

 private:
  std::uint64_t x_seen = 0;
};

}  // namespace

Result<void> RegionWindow::self_test() {
  auto writable = self_test(MapRequest::Access::read_write);
  return writable ? self_test(MapRequest::Access::read_only) : writable;
}

Result<void> RegionWindow::self_test(MapRequest::Access access) {
  constexpr std::uint64_t kPattern = 0x0123456789abcdef;
  const UniqueFd file(::memfd_create("qvm-self-test", MFD_CLOEXEC));
  if (!file || ::ftruncate(file.get(), static_cast<off_t>(kPageBytes)) != 0)
    return fail_errno("create a test file");
  if (::pwrite(file.get(), &kPattern, sizeof kPattern, 8) != sizeof kPattern)
    return fail_errno("fill a test file");
  StoreProbe probe;
  auto address = QVM_TRY(map({file.get(), kPageBytes, access, this, &probe}));

  std::uint64_t seen = 0;
  x_qemu.memory_rw(address + kPageBytes + 8, &seen, sizeof seen, false);
  std::uint64_t stored = ~kPattern;
  x_qemu.memory_rw(address + kPageBytes + 16, &stored, sizeof stored, true);
  std::uint64_t in_file = 0;
  const bool read_back = ::pread(file.get(), &in_file, sizeof in_file, 16) == sizeof in_file;
  unmap(address);
  std::uint64_t gone = 0;
  x_qemu.memory_rw(address + kPageBytes + 8, &gone, sizeof gone, false);
  const bool writes = access == MapRequest::Access::read_write;
  if (seen != kPattern || !read_back || in_file != (writes ? stored : 0) ||
      probe.seen() != (writes ? 0 : stored) || gone != ~std::uint64_t{0}) {
    return fail("QEMU " + x_qemu.version_text() + " maps memory in a way vmhost does not know");
  }
  return {};
}

void* RegionWindow::host_address(MapRequest::Access access, std::uint64_t guest) const {
  return backing(access).base + (guest - x_range.address);
}

Result<std::uint64_t> RegionWindow::map(const MapRequest& request) {
  struct stat file {};
  if (request.bytes == 0 || request.bytes % kPageBytes != 0 || ::fstat(request.fd, &file) != 0 ||
      static_cast<std::uint64_t>(file.st_size) < request.bytes) {
    return tl::unexpected(with_code("map into the region window", EINVAL));
  }
  const auto slot = std::find_if(x_slots.begin(), x_slots.end(), [](const Slot& s) { return !s.used; });
  if (slot == x_slots.end() || !x_qemu.can_map_more())
    return tl::unexpected(with_code("no free mapping slot", EMFILE));
  const auto place = x_allocator.allocate(request.bytes, std::chrono::steady_clock::now());
  if (!place) return tl::unexpected(with_code("no room in the region window", ENOSPC));

  const bool writable = request.access == MapRequest::Access::read_write;
  const std::uint64_t data = place->address + kPageBytes;
  if (::mmap(host_address(request.access, data), request.bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ,
             MAP_SHARED | MAP_FIXED, request.fd, 0) == MAP_FAILED) {
    const int code = errno;
    x_allocator.release(*place, {});
    return tl::unexpected(with_code("map a region's memory", code));
  }
  slot->used = true;
  slot->place = *place;
  slot->access = request.access;
  slot->control = request.control;
  slot->stores = request.stores;
  MemoryRegion* const alias = slot->alias();
  x_qemu.memory_region_transaction_begin();
  x_qemu.memory_region_set_alias_offset(alias, backing(request.access).offset + data - x_range.address);
  x_qemu.memory_region_set_size(alias, request.bytes);
  x_qemu.memory_region_set_address(alias, data);
  x_qemu.memory_region_set_enabled(alias, true);
  x_qemu.memory_region_transaction_commit();
  return place->address;
}

bool RegionWindow::unmap(std::uint64_t control_address) {
  Slot* const slot = slot_of_control(control_address);
  if (slot == nullptr) return false;
  slot->used = false;
  slot->control = nullptr;
  slot->stores = nullptr;
  x_qemu.memory_region_set_enabled(slot->alias(), false);
  // Not munmap: under TCG another vCPU may use its old translation a moment longer, and must find memory
  // there.
  const std::uint64_t bytes = slot->place.bytes - kPageBytes;
  const void* const replaced =
      ::mmap(host_address(slot->access, control_address + kPageBytes), bytes, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
  // If the host has no mapping left the region is still there, where no guest reaches it: nobody else gets
  // the place.
  if (replaced != MAP_FAILED) x_allocator.release(slot->place, std::chrono::steady_clock::now());
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
