// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Loads a vdev's shared object and checks that it is one for this ABI.
#pragma once

#include <string>

#include "qvm/base/result.h"
#include "vdevs/abi/qvm_vdev.h"

namespace qvm::vmhost {

// The descriptor of the object at path, verified before any of its functions is called; the object stays
// loaded for the life of the process. One message per cause: no file, not loadable, no entry, no descriptor,
// wrong magic, wrong ABI version, wrong size, a function missing, another type than expected.
Result<const qvm_vdev_descriptor*> load_vdev(const std::string& path, const std::string& type);

// The part after loading: checks what an entry returned.
Result<const qvm_vdev_descriptor*> verify_descriptor(const qvm_vdev_descriptor* descriptor,
                                                     const std::string& path, const std::string& type);

}  // namespace qvm::vmhost
