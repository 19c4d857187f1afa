// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Inputs for the fuzz targets that are the same in every run.
#pragma once

#include <random>
#include <string>
#include <vector>

namespace qvm::fuzz {

// The files of folders of this tree that end so, sorted by their text.
std::vector<std::string> texts_of(const std::vector<std::string>& folders, const std::string& extension);

// Cuts, doubles, inserts and overwrites pieces.
std::string mutate(std::string text, const std::vector<std::string>& texts, std::mt19937& random);

// A configuration made of options that the tables know, mostly with as many arguments as they take, with
// comments, suppressions, strings, joined lines and blanks of every kind.
std::string generate(std::mt19937& random);

}  // namespace qvm::fuzz
