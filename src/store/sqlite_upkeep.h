#pragma once

// What an operator does with the files of a store (store/sqlite_store.h) from outside of the
// server: look whether they are sound, copy them, bring them to the latest schema. Fails with
// kStoreUnavailable.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"

namespace penstock::store {

struct StoreFile {
  std::string name;
  std::int64_t schema = 0;
  std::vector<std::string> problems;  // empty: it is sound
};

// Reads every file whole; a server may use them meanwhile.
Result<std::vector<StoreFile>> check_store(const std::filesystem::path& folder);

// Copies every file, each as it is at one moment, into a new folder with mode 0700. A server may
// write meanwhile. The main file is the first: rows that come later are counted by their numbers.
Status back_up_store(const std::filesystem::path& folder, const std::filesystem::path& copy);

// Fails if a server uses the folder.
Status migrate_store(const std::filesystem::path& folder);

}  // namespace penstock::store
