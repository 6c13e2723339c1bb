// `penstock store`: looks at the files of a store, copies them, brings them to the latest schema.

#include <iostream>
#include <string>
#include <vector>

#include "app/commands.h"
#include "store/sqlite_upkeep.h"

namespace penstock::app {
namespace {

int store_failed(const Error& error) {
  std::cerr << "penstock: " << error.message << "\n";
  return kFailed;
}

int check_files(const std::string& folder) {
  const Result<std::vector<store::StoreFile>> files = store::check_store(folder);
  if (!files) return store_failed(files.error());
  int status = kSuccess;
  for (const store::StoreFile& file : *files) {
    const bool is_sound = file.problems.empty();
    std::cout << (is_sound ? "ok    " : "fail  ") << file.name << " (schema " << file.schema
              << ")\n";
    for (const std::string& problem : file.problems) std::cout << "      " << problem << "\n";
    if (!is_sound) status = kFailed;
  }
  return status;
}

}  // namespace

int keep_store(const StoreOptions& options) {
  const bool is_backup = options.action == StoreOptions::Action::kBackUp;
  if (is_backup == options.copy.empty()) {
    std::cerr << (is_backup ? "penstock: `store backup` needs a new folder for the copy: "
                              "penstock store backup FOLDER COPY\n"
                            : "penstock: only `store backup` has a second folder\n");
    return kMistake;
  }
  if (options.action == StoreOptions::Action::kCheck) return check_files(options.folder);
  const Status done = is_backup ? store::back_up_store(options.folder, options.copy)
                                : store::migrate_store(options.folder);
  if (!done) return store_failed(done.error());
  std::cout << (is_backup ? "copied to " + options.copy : "every file has the latest schema")
            << "\n";
  return kSuccess;
}

}  // namespace penstock::app
