#include "imports/llama_swap.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/key_name.h"
#include "imports/foreign.h"

namespace penstock::imports {
namespace {

using config::Node;

// Where llama-swap listens by default.
constexpr std::string_view kOwnUrl = "${env.LLAMA_SWAP_URL:=http://127.0.0.1:8080}";

// A macro that is not the environment's: only llama-swap knows what it stands for.
bool has_macro(std::string_view text) {
  constexpr std::string_view kEnvironment = "${env.";
  for (std::size_t at = 0; (at = text.find("${", at)) != std::string_view::npos; ++at) {
    if (!text.substr(at).starts_with(kEnvironment)) return true;
  }
  return false;
}

void add_new(std::vector<TargetDraft>& targets, const TargetDraft& target) {
  const bool is_there = std::ranges::any_of(targets, [&](const TargetDraft& other) {
    return other.provider == target.provider && other.model == target.model;
  });
  if (!is_there) targets.push_back(target);
}

class LlamaSwapImport {
 public:
  LlamaSwapImport(ConfigDraft& draft, config::Problems& problems)
      : draft_(draft), problems_(problems) {}

  void run(const Node& file) {
    Section top(file, problems_);
    read_keys(top);
    if (const Node* models = top.take("models")) read_models(*models);
    if (const Node* peers = top.take("peers")) {
      for (const Node& peer : peers->children) read_peer(peer);
    }
    for (const auto& [name, targets] : targets_) draft_.route(name).targets = targets;
    if (const Node* selectors = top.take("selectors")) {
      for (const Node& selector : selectors->children) read_selector(selector);
    }
    for (const std::string_view key :
         {"healthCheckTimeout", "logLevel", "logTimeFormat", "logToStdout", "metricsMaxInMemory",
          "captureBuffer", "startPort", "globalTTL", "macros", "matrix", "groups", "hooks",
          "sendLoadingState"}) {
      top.pass_over(key);  // of the programs and of llama-swap's own work
    }
    top.leave();
  }

 private:
  // A reference is kept; a secret is not repeated.
  std::string secret(const Node& node, std::string_view variable) {
    const bool is_reference =
        node.text.starts_with("${env.") && node.text.ends_with('}') && !has_macro(node.text);
    if (is_reference) return node.text;
    remark(problems_, node,
           fmt::format("the secret is not repeated: set the variable {}", variable));
    return reference_to(variable);
  }

  void read_keys(Section& top) {
    std::size_t count = 0;
    for (const Node& key : top.take_list("apiKeys")) {
      ++count;
      const std::string variable = fmt::format("LLAMA_SWAP_API_KEY_{}", count);
      draft_.api_keys.push_back({fmt::format("key-{}", count), secret(key, variable), ""});
    }
    if (!draft_.api_keys.empty()) own_key_ = draft_.api_keys.front().key;
  }

  void read_models(const Node& models) {
    if (models.children.empty()) return;
    const std::string provider = draft_.provider({.id = "llama-swap",
                                                  .type = "remote::passthrough",
                                                  .url = std::string(kOwnUrl),
                                                  .key = own_key_});
    remark(problems_, models,
           "Penstock starts no programs: llama-swap goes on running them, at LLAMA_SWAP_URL "
           "(http://127.0.0.1:8080 unless that is set)");
    for (const Node& model : models.children) read_model(model, provider);
  }

  void read_model(const Node& model, const std::string& provider) {
    Section section(model, problems_);
    TargetDraft target{.provider = provider, .model = model.key};
    target.max_concurrency = section.take_count("concurrencyLimit", 1'000'000).value_or(0);
    add_new(targets_[model.key], target);
    for (const Node& alias : section.take_list("aliases")) {
      const Node* id = alias.kind == Node::Kind::kMap ? alias.find("id") : &alias;
      if (id == nullptr || id->kind != Node::Kind::kScalar || has_macro(id->text)) {
        remark(problems_, alias, "not carried over: expected a name without macros");
        continue;
      }
      target.model = id->text;  // llama-swap may treat it in a way of its own
      add_new(targets_[id->text], target);
    }
    if (const Node* unlisted = section.take("unlisted"); unlisted != nullptr) {
      if (unlisted->text == "true") {
        remark(problems_, *unlisted,
               "not carried over: the model is listed; our hidden routes are only fallbacks");
      }
    }
    // llama-swap goes on doing what the other keys say.
  }

  void read_peer(const Node& peer) {
    Section section(peer, problems_);
    const std::string url = section.take_text("proxy");
    if (url.empty() || has_macro(url)) {
      return remark(problems_, peer, "not carried over: `proxy` is no URL without macros");
    }
    ProviderDraft provider{.id = peer.key, .type = "remote::passthrough", .url = url};
    std::ranges::replace(provider.id, '/', '-');
    while (provider.url.ends_with('/')) provider.url.pop_back();
    if (const Node* key = section.take("apiKey"); key != nullptr && !key->text.empty()) {
      provider.key = secret(*key, variable_name(peer.key) + "_API_KEY");
    }
    if (const Node* node = section.take("timeouts")) {
      Section timeouts(*node, problems_);
      const auto read = [&](std::string_view key, std::optional<milliseconds>& out) {
        const auto time = timeouts.take_duration(key);
        if (time && *time > milliseconds(0)) out = time;
      };
      read("connect", provider.timeouts.connect);
      read("responseHeader", provider.timeouts.first_byte);
      timeouts.leave();
    }
    const std::string id = draft_.provider(std::move(provider));
    for (const Node& model : section.take_list("models")) {
      if (model.kind != Node::Kind::kScalar) continue;
      peer_models_[peer.key + "/" + model.text] = {.provider = id, .model = model.text};
      add_new(targets_[model.text], {.provider = id, .model = model.text});
    }
    section.leave();
  }

  std::vector<TargetDraft> targets_of(const Node& selector, Section& section) {
    std::vector<TargetDraft> targets;
    for (const Node& node : section.take_list("targets")) {
      const auto known = targets_.find(node.text);
      const auto of_peer = peer_models_.find(node.text);
      if (known != targets_.end()) {
        for (const TargetDraft& target : known->second) add_new(targets, target);
      } else if (of_peer != peer_models_.end()) {
        add_new(targets, of_peer->second);
      } else {
        remark(problems_, node, "not carried over: there is no such model");
      }
    }
    if (targets.empty()) remark(problems_, selector, "not carried over: it has no target");
    return targets;
  }

  void read_selector(const Node& selector) {
    Section section(selector, problems_);
    std::vector<TargetDraft> targets = targets_of(selector, section);
    const Node* strategy = section.take("strategy");
    const std::string_view name = strategy != nullptr ? std::string_view(strategy->text) : "";
    const Node* settings = section.take("settings");
    section.pass_over("name");
    section.pass_over("description");
    section.leave();
    if (targets.empty()) return;
    if (draft_.find_route(selector.key) != nullptr) {
      return remark(problems_, selector, "not carried over: its name is taken by a model");
    }
    if (name == "pin") {
      targets.resize(1);
    } else if (name == "spillover") {
      if (settings != nullptr) {
        Section inner(*settings, problems_);
        const std::size_t most = inner.take_count("spillover", 1'000'000).value_or(0);
        for (TargetDraft& target : targets) target.max_concurrency = most;
        inner.leave();
      }
    } else if (strategy != nullptr) {
      remark(problems_, *strategy,
             name == "warm" ? "which model is loaded is not known: the first target that can be "
                              "used is asked"
                            : "not carried over: the first target that can be used is asked");
    }
    RouteDraft& route = draft_.route(selector.key);
    route.targets = std::move(targets);
    route.rules.balance = "first";
  }

  ConfigDraft& draft_;
  config::Problems& problems_;
  std::string own_key_;
  std::map<std::string, std::vector<TargetDraft>, std::less<>> targets_;  // by name
  std::map<std::string, TargetDraft, std::less<>> peer_models_;           // by `peer/model`
};

}  // namespace

void import_llama_swap(const Node& file, ConfigDraft& draft, config::Problems& problems) {
  LlamaSwapImport(draft, problems).run(file);
}

}  // namespace penstock::imports
