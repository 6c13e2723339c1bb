#include "config/difference.h"

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <map>
#include <span>
#include <utility>

#include "config/confidential.h"
#include "config/describe.h"
#include "config/described_tree.h"
#include "config/key_name.h"
#include "config/upstream_identity.h"

namespace penstock::config {
namespace {

struct EffectNames {
  std::string_view heading;
  std::string_view word;
};

constexpr std::array<EffectNames, kEffects> kEffectNames = {{
    {"at once for new requests", "at_once"},
    {"provider: connections and health stay", "provider_kept"},
    {"provider: new connections; old ones end", "provider_reconnected"},
    {"provider: new connections; old ones end; health starts anew", "provider_replaced"},
    {"provider removed: running requests finish", "provider_removed"},
    {"new handshakes of clients", "new_handshakes"},
    {"needs a restart", "needs_restart"},
}};

constexpr std::array<std::string_view, 11> kNeedRestart = {
    "server.host",        "server.port", "server.threads", "server.core_dumps",
    "server.socket_mode", "admin.host",  "admin.port",     "store.type",
    "store.path",         "store.url",   "store.redis"};
// Lists whose entries are found by their names, wherever they stand.
constexpr std::array<std::string_view, 6> kUnordered = {"api_keys", "routes", "organizations",
                                                        "teams",    "users",  "override"};

constexpr std::string_view kProviders = "providers.inference";

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

Effect effect_of(std::string_view path) {
  if (is_one_of(path, kNeedRestart)) return Effect::kNeedsRestart;
  const bool is_tls = path.starts_with("server.tls_") || path == "admin.tls";
  return is_tls ? Effect::kNewHandshakes : Effect::kAtOnce;
}

Effect effect_of(const Provider& before, const Provider& after) {
  if (!is_same_upstream(before, after)) return Effect::kProviderReplaced;
  if (!has_same_connections(before, after)) return Effect::kProviderReconnected;
  return Effect::kProviderKept;
}

// One value on both sides; null where it is not there.
struct Pair {
  const DescribedValue* before = nullptr;
  const DescribedValue* after = nullptr;

  Pair entry(std::string_view key) const {
    return {before == nullptr ? nullptr : before->find(key),
            after == nullptr ? nullptr : after->find(key)};
  }
  const DescribedValue& either() const { return before != nullptr ? *before : *after; }
  bool is_nothing() const { return before == nullptr && after == nullptr; }
  bool is_missing_somewhere() const { return before == nullptr || after == nullptr; }
  bool is_equal() const { return !is_missing_somewhere() && before->equals(*after); }
  bool has_kind(DescribedValue::Kind kind) const {
    return (before == nullptr || before->kind == kind) && (after == nullptr || after->kind == kind);
  }
};

bool are_equal(const DescribedValue* a, const DescribedValue* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->equals(*b);
}

std::span<const DescribedValue> children_of(const DescribedValue* value) {
  return value == nullptr ? std::span<const DescribedValue>() : std::span(value->children);
}

bool has_items(const DescribedValue* value) {
  return value != nullptr && !value->children.empty() &&
         value->children.front().kind == DescribedValue::Kind::kMap;
}

// The entries of one list, by names.
struct NamedItems {
  std::vector<std::string> names;
  std::map<std::string, const DescribedValue*, std::less<>> by_name;

  const DescribedValue* find(const std::string& name) const {
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : found->second;
  }
  bool are_unique() const { return by_name.size() == names.size(); }
};

// The name of an entry is what its first lines say.
NamedItems named_by_lines(std::span<const DescribedValue> items, std::size_t lines) {
  NamedItems result;
  for (const DescribedValue& item : items) {
    std::string name;
    for (std::size_t i = 0; i < std::min(lines, item.children.size()); ++i) {
      if (i > 0) name += ", ";
      name += item.children[i].text;
    }
    result.by_name.emplace(name, &item);
    result.names.push_back(std::move(name));
  }
  return result;
}

NamedItems numbered(std::span<const DescribedValue> items) {
  NamedItems result;
  for (const DescribedValue& item : items) {
    result.names.push_back(std::to_string(result.names.size()));
    result.by_name.emplace(result.names.back(), &item);
  }
  return result;
}

// Both lists, with as many lines in the names as it takes to tell the entries apart.
std::pair<NamedItems, NamedItems> named_items(const Pair& lists) {
  constexpr std::size_t kLinesMax = 2;
  const std::span<const DescribedValue> before = children_of(lists.before);
  const std::span<const DescribedValue> after = children_of(lists.after);
  for (std::size_t lines = 1; lines <= kLinesMax; ++lines) {
    std::pair<NamedItems, NamedItems> named{named_by_lines(before, lines),
                                            named_by_lines(after, lines)};
    if (named.first.are_unique() && named.second.are_unique()) return named;
  }
  return {numbered(before), numbered(after)};
}

std::vector<std::string> names_in_both(const NamedItems& items, const NamedItems& others) {
  std::vector<std::string> names;
  std::ranges::copy_if(items.names, std::back_inserter(names),
                       [&](const std::string& name) { return others.find(name) != nullptr; });
  return names;
}

std::string list_text(const std::vector<std::string>& names) {
  std::string text = "[";
  for (const std::string& name : names) {
    if (text.size() > 1) text += ", ";
    text += name;
  }
  return text + "]";
}

const Provider* find_provider(const Settings& settings, std::string_view id) {
  const auto found = std::ranges::find(settings.providers, id, &Provider::id);
  return found == settings.providers.end() ? nullptr : &*found;
}

class Comparison {
 public:
  Comparison(const Settings& before, const Settings& after) : before_(before), after_(after) {}

  std::vector<Change> run() {
    DescribedTree before;
    DescribedTree after;
    describe(before_, before);
    describe(after_, after);
    const Pair roots{&before.root(), &after.root()};
    route_defaults_ = roots.entry("routing").entry("defaults");
    compare({}, roots, {});
    for (const Settings* const settings : {&before_, &after_}) {
      hide(hidden_texts_of(settings->files));
    }
    return std::move(changes_);
  }

 private:
  // `inherited` is what the value is if the file does not say it there: a change that only follows
  // that one is not listed again.
  void compare(const std::string& path, const Pair& values, const Pair& inherited) {
    if (values.is_nothing() || values.is_equal()) return;
    if (values.has_kind(DescribedValue::Kind::kMap)) return compare_maps(path, values, inherited);
    const bool is_list = values.has_kind(DescribedValue::Kind::kList);
    if (is_list && (has_items(values.before) || has_items(values.after))) {
      return compare_items(path, values);
    }
    const bool follows = !inherited.is_nothing() && are_equal(values.before, inherited.before) &&
                         are_equal(values.after, inherited.after);
    if (!follows) add(path, values, effect_.value_or(effect_of(path)));
  }

  void compare_maps(const std::string& path, const Pair& maps, const Pair& inherited) {
    const auto compare_entry = [&](const std::string& key) {
      compare(joined_path(path, key), maps.entry(key), inherited.entry(key));
    };
    for (const DescribedValue& entry : children_of(maps.before)) compare_entry(entry.key);
    for (const DescribedValue& entry : children_of(maps.after)) {
      const bool is_new = maps.before == nullptr || maps.before->find(entry.key) == nullptr;
      if (is_new) compare_entry(entry.key);
    }
  }

  void compare_items(const std::string& path, const Pair& lists) {
    const auto [before, after] = named_items(lists);
    for (const std::string& name : before.names) {
      compare_item(path, name, {before.find(name), after.find(name)});
    }
    for (const std::string& name : after.names) {
      const DescribedValue* const there = before.find(name);
      if (there == nullptr) compare_item(path, name, {nullptr, after.find(name)});
    }
    if (is_one_of(lists.either().key, kUnordered)) return;
    const std::vector<std::string> order_before = names_in_both(before, after);
    const std::vector<std::string> order_after = names_in_both(after, before);
    if (order_before == order_after) return;
    changes_.push_back({.path = path,
                        .before = list_text(order_before),
                        .after = list_text(order_after),
                        .effect = effect_of(path)});
  }

  void compare_item(const std::string& path, const std::string& name, const Pair& item) {
    const std::string item_path = path + "[" + name + "]";
    const bool is_provider = path == kProviders;
    if (item.is_missing_somewhere()) {
      const bool is_removed_provider = is_provider && item.after == nullptr;
      return add(item_path, item,
                 is_removed_provider ? Effect::kProviderRemoved : effect_of(item_path));
    }
    if (is_provider) effect_ = effect_of_provider(name);
    compare_maps(item_path, item, path == "routing.routes" ? route_defaults_ : Pair());
    effect_.reset();
  }

  Effect effect_of_provider(std::string_view id) const {
    const Provider* const before = find_provider(before_, id);
    const Provider* const after = find_provider(after_, id);
    const bool is_known = before != nullptr && after != nullptr;
    return is_known ? effect_of(*before, *after) : Effect::kProviderReplaced;
  }

  void add(const std::string& path, const Pair& values, Effect effect) {
    Change change{.path = path, .effect = effect};
    if (values.before != nullptr) change.before = values.before->shown();
    if (values.after != nullptr) change.after = values.after->shown();
    const bool looks_the_same = !values.is_missing_somewhere() && change.before == change.after;
    change.is_secret = looks_the_same || values.has_kind(DescribedValue::Kind::kSecret);
    // Of what a provider's connections are made of, only the content of a file makes none of its
    // settings another one.
    if (looks_the_same && effect == Effect::kProviderKept) {
      change.effect = Effect::kProviderReconnected;
    }
    changes_.push_back(std::move(change));
  }

  // A value that a file is part of is as secret as a key.
  void hide(const HiddenTexts& hidden) {
    const auto is_hidden = [&](const std::optional<std::string>& value) {
      return value && hidden.are_in(*value);
    };
    for (Change& change : changes_) {
      if (is_hidden(change.before) || is_hidden(change.after)) change.is_secret = true;
      for (std::optional<std::string>* const value : {&change.before, &change.after}) {
        if (*value) hidden.mask(**value);
      }
      hidden.mask(change.path);
    }
  }

  const Settings& before_;
  const Settings& after_;
  Pair route_defaults_;
  std::optional<Effect> effect_;  // of the provider that is compared
  std::vector<Change> changes_;
};

}  // namespace

std::string_view heading_of(Effect effect) {
  return kEffectNames[static_cast<std::size_t>(effect)].heading;
}

std::string_view word_of(Effect effect) {
  return kEffectNames[static_cast<std::size_t>(effect)].word;
}

std::string_view kind_of(const Change& change) {
  if (!change.before) return "added";
  return change.after ? "changed" : "removed";
}

std::vector<Change> changes_between(const Settings& before, const Settings& after) {
  return Comparison(before, after).run();
}

}  // namespace penstock::config
