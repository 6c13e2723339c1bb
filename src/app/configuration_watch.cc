#include "app/configuration_watch.h"

#include <algorithm>
#include <utility>

namespace penstock::app {

void ConfigurationWatch::follow(const config::Settings& settings) {
  const config::ReloadRules& rules = settings.server.reload;
  if (!rules.watch) return watch_.reset();
  if (watch_ == nullptr) {
    auto opened = FileWatch::open();
    if (!opened) return log_.warning(opened.error().message);
    watch_ = std::move(*opened);
  }
  watch_->watch(files_of(settings), rules.debounce);
  log_faults();
}

std::vector<std::string> ConfigurationWatch::files_of(const config::Settings& settings) const {
  const config::Server& server = settings.server;
  std::vector<std::string> files = {file_, server.tls_certfile, server.tls_keyfile,
                                    server.tls_cafile};
  for (const config::Provider& provider : settings.providers) {
    const config::UpstreamTls& tls = provider.tls;
    files.insert(files.end(),
                 {tls.ca_file, tls.client_cert, tls.client_key, provider.proxies.ca_file});
  }
  for (const config::FileText& file : settings.files) files.push_back(file.path);
  std::erase(files, "");
  return files;
}

// Each once: they are the same after every reload.
void ConfigurationWatch::log_faults() {
  const std::vector<std::string> faults = watch_->faults();
  for (const std::string& fault : faults) {
    if (std::ranges::find(logged_faults_, fault) == logged_faults_.end()) log_.warning(fault);
  }
  logged_faults_ = faults;
}

}  // namespace penstock::app
