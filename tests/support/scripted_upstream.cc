#include "support/scripted_upstream.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <iterator>
#include <set>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

namespace penstock::testing {
namespace {

// Connections and stalls last as long as the test wants.
TimePoint whenever() {
  return after(std::chrono::hours(1));
}

std::size_t content_length(const HeadText& head) {
  std::size_t length = 0;
  const std::string text = head.find("content-length").value_or("0");
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

}  // namespace

bool SeenRequest::is_for_models() const {
  return method == "GET" && target.substr(0, target.find('?')).ends_with("/models");
}

ScriptedUpstream::ScriptedUpstream(SSL_CTX* tls) : tls_(tls), listening_(4096) {
  set_models({"m1"});
  answer_always(Script().send(json_answer(200, chat_answer_body())));
  acceptor_ = std::jthread([this] { accept_connections(); });
}

ScriptedUpstream::~ScriptedUpstream() {
  stopped_.release();
  acceptor_.join();
  threads_.clear();
}

std::string ScriptedUpstream::url() const {
  return tls_ ? fmt::format("https://localhost:{}", port())
              : fmt::format("http://127.0.0.1:{}", port());
}

void ScriptedUpstream::answer_next(Script script) {
  const std::lock_guard lock(mutex_);
  next_.push_back(std::move(script));
}

void ScriptedUpstream::answer_with(Chooser chooser) {
  const std::lock_guard lock(mutex_);
  otherwise_ = std::move(chooser);
}

void ScriptedUpstream::answer_always(Script script) {
  answer_with([script = std::move(script)](const SeenRequest&) { return script; });
}

void ScriptedUpstream::set_models(const std::vector<std::string>& ids) {
  std::string list;
  for (const std::string& id : ids) {
    if (!list.empty()) list += ',';
    list += fmt::format(R"({{"id":"{}","object":"model","created":1,"owned_by":"test"}})", id);
  }
  answer_models(
      Script().send(json_answer(200, fmt::format(R"({{"object":"list","data":[{}]}})", list))));
}

void ScriptedUpstream::answer_models(Script script) {
  const std::lock_guard lock(mutex_);
  models_ = std::move(script);
}

void ScriptedUpstream::greet(Script script) {
  const std::lock_guard lock(mutex_);
  greeting_ = std::move(script);
}

void ScriptedUpstream::accept_connections() {
  // Waits for the latch and the listening socket together.
  Endpoint listener(dup(listening_.descriptor));
  listener.set_interrupt(&stopped_);
  while (listener.wait_readable(whenever()) == Io::kDone) {
    const int descriptor = accept4(listening_.descriptor, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) continue;
    const std::lock_guard lock(mutex_);
    const std::size_t connection = connections_.size();
    connections_.emplace_back();
    threads_.emplace_back([this, connection, descriptor] {
      Endpoint endpoint(descriptor);
      endpoint.set_interrupt(&stopped_);
      serve(connection, endpoint);
      endpoint.close();
      const std::lock_guard at_end(mutex_);
      connections_[connection].over = true;
      changed_.notify_all();
    });
    changed_.notify_all();
  }
}

void ScriptedUpstream::serve(std::size_t connection, Endpoint& endpoint) {
  if (tls_ && !endpoint.accept_tls(tls_, whenever())) return note_end(connection, Io::kReset);
  Script greeting;
  {
    const std::lock_guard lock(mutex_);
    greeting = greeting_;
  }
  std::string unread;
  for (const Script::Step& step : greeting.steps()) {
    const Io io = run_step(step, 0, endpoint, unread);
    if (io != Io::kDone) return note_end(connection, io);
    if (!endpoint.is_open()) return;
  }
  while (serve_request(connection, endpoint, unread)) {
  }
}

bool ScriptedUpstream::serve_request(std::size_t connection, Endpoint& endpoint,
                                     std::string& unread) {
  std::optional<HeadText> head = take_head(unread);
  while (!head) {
    const Io io = receive(endpoint, unread);
    if (io != Io::kDone) {
      note_end(connection, io);
      return false;
    }
    head = take_head(unread);
  }
  SeenRequest request;
  request.connection = connection;
  request.head = std::move(*head);
  const std::string& line = request.head.start_line;
  request.method = line.substr(0, line.find(' '));
  request.target = line.substr(request.method.size() + 1);
  request.target.resize(request.target.find(' '));
  const Script script = script_for(request);

  std::size_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = seen_.size();
    seen_.push_back(std::move(request));
    changed_.notify_all();
  }
  if (script.begin() == Script::Begin::kAfterRequest && !read_body(number, endpoint, unread)) {
    return false;
  }
  return run(script, number, endpoint, unread);
}

bool ScriptedUpstream::read_body(std::size_t number, Endpoint& endpoint, std::string& unread) {
  SeenRequest request;
  {
    const std::lock_guard lock(mutex_);
    request = seen_[number];
  }
  const bool chunked = request.head.find("transfer-encoding").has_value();
  const std::size_t length = content_length(request.head);
  ChunkedText decoder;
  std::string body;
  const auto complete = [&] {
    if (!chunked) return unread.size() >= length;
    return !decoder.take(unread, body) || decoder.done();
  };
  while (!complete()) {
    const Io io = receive(endpoint, unread);
    if (io != Io::kDone) {
      note_end(request.connection, io);
      return false;
    }
  }
  if (!chunked) {
    body = unread.substr(0, length);
    unread.erase(0, length);
  }
  const std::lock_guard lock(mutex_);
  seen_[number].body = std::move(body);
  seen_[number].complete = true;
  changed_.notify_all();
  return true;
}

bool ScriptedUpstream::run(const Script& script, std::size_t request, Endpoint& endpoint,
                           std::string& unread) {
  for (const Script::Step& step : script.steps()) {
    const Io io = run_step(step, request, endpoint, unread);
    if (io != Io::kDone) {
      std::size_t connection = 0;
      {
        const std::lock_guard lock(mutex_);
        connection = seen_[request].connection;
      }
      note_end(connection, io);
      return false;
    }
    if (!endpoint.is_open()) return false;
  }
  return true;
}

Io ScriptedUpstream::run_step(const Script::Step& step, std::size_t request, Endpoint& endpoint,
                              std::string& unread) {
  using Kind = Script::Step::Kind;
  switch (step.kind) {
    case Kind::kSend:
      return endpoint.send(step.bytes, whenever());
    case Kind::kSendForever:
      for (;;) {
        const Io io = endpoint.send(step.bytes, whenever());
        if (io != Io::kDone) return io;
      }
    case Kind::kReadBody:
      return read_body(request, endpoint, unread) ? Io::kDone : Io::kInterrupted;
    case Kind::kPause:
      return endpoint.wait(step.latch.get(), whenever());
    case Kind::kStall:
      return endpoint.wait(nullptr, whenever());
    case Kind::kHalfClose:
      endpoint.half_close();
      return Io::kDone;
    case Kind::kClose:
      endpoint.close();
      return Io::kDone;
    case Kind::kCloseWithoutNotify:
      endpoint.close_without_notify();
      return Io::kDone;
    case Kind::kReset:
      endpoint.reset();
      return Io::kDone;
  }
  return Io::kDone;
}

Io ScriptedUpstream::receive(Endpoint& endpoint, std::string& unread) {
  return endpoint.receive(unread, whenever());
}

Script ScriptedUpstream::script_for(const SeenRequest& request) {
  Chooser chooser;
  {
    const std::lock_guard lock(mutex_);
    if (request.is_for_models()) return models_;
    if (!next_.empty()) {
      Script script = std::move(next_.front());
      next_.pop_front();
      return script;
    }
    chooser = otherwise_;
  }
  return chooser(request);
}

// The first end counts: a connection that the test itself interrupts was not closed by its peer.
void ScriptedUpstream::note_end(std::size_t connection, Io how) {
  const std::lock_guard lock(mutex_);
  SeenConnection& seen = connections_[connection];
  if (how != Io::kInterrupted && !seen.peer_closed) {
    seen.peer_closed = Clock::now();
    seen.how = how;
  }
  changed_.notify_all();
}

template <class Condition>
bool ScriptedUpstream::wait_until(milliseconds limit, Condition condition) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, condition);
}

std::optional<std::size_t> ScriptedUpstream::find_request(std::size_t index) const {
  for (std::size_t number = 0; number < seen_.size(); ++number) {
    if (seen_[number].is_for_models()) continue;
    if (index-- == 0) return number;
  }
  return std::nullopt;
}

std::vector<SeenRequest> ScriptedUpstream::requests() const {
  const std::lock_guard lock(mutex_);
  std::vector<SeenRequest> found;
  std::ranges::copy_if(seen_, std::back_inserter(found), std::not_fn(&SeenRequest::is_for_models));
  return found;
}

std::vector<SeenRequest> ScriptedUpstream::models_requests() const {
  const std::lock_guard lock(mutex_);
  std::vector<SeenRequest> found;
  std::ranges::copy_if(seen_, std::back_inserter(found), &SeenRequest::is_for_models);
  return found;
}

SeenRequest ScriptedUpstream::wait_for_request(std::size_t index, milliseconds limit) const {
  SeenRequest found;
  const bool came = wait_until(limit, [&] {
    const auto number = find_request(index);
    if (!number || !seen_[*number].complete) return false;
    found = seen_[*number];
    return true;
  });
  EXPECT_TRUE(came) << "the upstream did not get request " << index;
  return found;
}

bool ScriptedUpstream::wait_for_models_request(std::size_t index, milliseconds limit) const {
  return wait_until(limit, [&] {
    return static_cast<std::size_t>(std::ranges::count_if(seen_, &SeenRequest::is_for_models)) >
           index;
  });
}

std::size_t ScriptedUpstream::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

std::size_t ScriptedUpstream::used_connections() const {
  std::set<std::size_t> used;
  for (const SeenRequest& request : requests()) used.insert(request.connection);
  return used.size();
}

std::optional<TimePoint> ScriptedUpstream::wait_for_peer_close(std::size_t index,
                                                               milliseconds limit) const {
  std::optional<TimePoint> when;
  wait_until(limit, [&] {
    const auto number = find_request(index);
    if (number) when = connections_[seen_[*number].connection].peer_closed;
    return when.has_value();
  });
  return when;
}

bool ScriptedUpstream::wait_until_over(std::size_t index, milliseconds limit) const {
  return wait_until(limit, [&] {
    const auto number = find_request(index);
    return number && connections_[seen_[*number].connection].over;
  });
}

bool ScriptedUpstream::wait_until_idle(milliseconds limit) const {
  return wait_until(limit,
                    [&] { return std::ranges::all_of(connections_, &SeenConnection::over); });
}

}  // namespace penstock::testing
