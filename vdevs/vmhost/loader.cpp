// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/loader.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

namespace qvm::vmhost {

Result<const qvm_vdev_descriptor*> load_vdev(const std::string& path, const std::string& type) {
  // dlopen would search its own path for a bare name, and says "cannot open shared object file" for all of
  // these.
  if (path.empty() || path.front() != '/')
    return fail(fmt::format("object '{}' is not an absolute path", path));
  if (::access(path.c_str(), R_OK) != 0) return fail_errno("cannot load '" + path + "'");

  // RTLD_NOW: a missing symbol is an error now, not a crash in the guest's life.
  void* object = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (object == nullptr) {
    const char* reason = ::dlerror();
    return fail(fmt::format("cannot load '{}': {}", path, reason != nullptr ? reason : "unknown reason"));
  }
  void* symbol = ::dlsym(object, "qvm_vdev_entry");
  if (symbol == nullptr)
    return fail(fmt::format("'{}' has no function qvm_vdev_entry: it is not a vdev", path));
  return verify_descriptor(reinterpret_cast<decltype(&qvm_vdev_entry)>(symbol)(), path, type);
}

Result<const qvm_vdev_descriptor*> verify_descriptor(const qvm_vdev_descriptor* descriptor,
                                                     const std::string& path, const std::string& type) {
  if (descriptor == nullptr) return fail(fmt::format("qvm_vdev_entry of '{}' returned no descriptor", path));
  if (descriptor->magic != QVM_VDEV_MAGIC) {
    return fail(fmt::format("the descriptor of '{}' starts with {:#x}, not with {:#x}: it is not a vdev",
                            path, descriptor->magic, QVM_VDEV_MAGIC));
  }
  if (descriptor->abi_version < QVM_VDEV_ABI_OLDEST || descriptor->abi_version > QVM_VDEV_ABI_VERSION) {
    return fail(fmt::format(
        "'{}' was built for version {} of the vdev ABI; this qvm takes versions {} to {}: build it again",
        path, descriptor->abi_version, QVM_VDEV_ABI_OLDEST, QVM_VDEV_ABI_VERSION));
  }
  if (descriptor->struct_size != sizeof(qvm_vdev_descriptor)) {
    return fail(fmt::format("the descriptor of '{}' has {} bytes; version {} of the vdev ABI has {}", path,
                            descriptor->struct_size, descriptor->abi_version, sizeof(qvm_vdev_descriptor)));
  }
  if (descriptor->name == nullptr || descriptor->create == nullptr || descriptor->start == nullptr ||
      descriptor->reset == nullptr || descriptor->stop == nullptr || descriptor->destroy == nullptr) {
    return fail(fmt::format("the descriptor of '{}' lacks its name or one of its functions", path));
  }
  if (type != descriptor->name) {
    return fail(
        fmt::format("'{}' is the vdev '{}'; the configuration asks for '{}'", path, descriptor->name, type));
  }
  return descriptor;
}

}  // namespace qvm::vmhost
