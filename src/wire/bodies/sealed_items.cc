#include "wire/bodies/sealed_items.h"

#include <cstddef>
#include <optional>
#include <string>

#include "wire/json/visit.h"

namespace penstock::wire {
namespace {

// Each member of the body costs a few bytes of it: all of it may be looked at.
bool is_sealed(std::string_view item, std::size_t& work) {
  JsonWalk walk(item);
  bool sealed = false;
  visit_members(walk, work, [&](const JsonWalk::String& key) {
    const auto value = walk.take_value();
    if (!value) return false;
    if (is_key(key, "encrypted_content") && value->size() > 2 && value->starts_with('"')) {
      sealed = true;
    }
    return true;
  });
  return sealed;
}

// Of one list in the body: what stays, and where the last part of it ends.
class Remaining {
 public:
  explicit Remaining(std::string_view body) : body_(body) {}

  // The items are told in their order. Of what lies between two items that stay, the part before
  // the second one stays.
  void keep(std::size_t begin) {
    if (drops_) {
      parts_.push_back(body_.substr(from_, until_ - from_));
      if (has_kept_) parts_.push_back(",");
      from_ = begin;
      drops_ = false;
    }
    has_kept_ = true;
  }
  void kept_until(std::size_t end) { until_ = end; }
  void drop(std::size_t begin) {
    if (!drops_ && !has_kept_) until_ = begin;
    drops_ = true;
    dropped_any_ = true;
  }
  // The list's bracket is at `close`.
  std::vector<std::string_view> end(std::size_t close) {
    if (!dropped_any_) return {};
    if (drops_) {
      parts_.push_back(body_.substr(from_, until_ - from_));
      from_ = close;
    }
    parts_.push_back(body_.substr(from_));
    return std::move(parts_);
  }

 private:
  const std::string_view body_;
  std::vector<std::string_view> parts_;
  std::size_t from_ = 0;   // what stays next begins there
  std::size_t until_ = 0;  // and ends there if an item is dropped
  bool drops_ = false;     // the last item was dropped
  bool has_kept_ = false;
  bool dropped_any_ = false;
};

}  // namespace

std::vector<std::string_view> parts_without_sealed_items(std::string_view body) {
  std::vector<std::string_view> parts;
  std::size_t work = body.size();
  JsonWalk walk(body);
  walk.skip_space();
  visit_members(walk, work, [&](const JsonWalk::String& key) {
    if (!is_key(key, "input") || walk.next() != '[') return walk.take_value().has_value();
    Remaining remaining(body);
    const bool is_list = visit_items(walk, work, [&] {
      const std::size_t begin = walk.position();
      const auto item = walk.take_value();
      if (!item) return false;
      if (is_sealed(*item, work)) {
        remaining.drop(begin);
      } else {
        remaining.keep(begin);
        remaining.kept_until(walk.position());
      }
      return true;
    });
    if (is_list) parts = remaining.end(walk.position() - 1);
    return is_list;
  });
  return parts;
}

}  // namespace penstock::wire
