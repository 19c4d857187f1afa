// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Elements of the libvirt domain as text.
#pragma once

#include <pugixml.hpp>
#include <string>

namespace qvm::vdevs {

// Without declaration and line ends, as DomainElement has it.
std::string print_element(const pugi::xml_document& document);

}  // namespace qvm::vdevs
