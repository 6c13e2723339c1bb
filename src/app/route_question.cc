#include "app/route_question.h"

#include <chrono>
#include <optional>

#include "core/text.h"
#include "http/field_block.h"
#include "http/parser.h"
#include "http/upstream_pool.h"
#include "net/connector.h"
#include "net/deadline.h"
#include "net/epoll_poller.h"
#include "net/resolver.h"
#include "net/task_group.h"
#include "net/tls_context.h"
#include "net/wait.h"

namespace penstock::app {
namespace {

constexpr std::chrono::seconds kPatience{10};
constexpr std::size_t kReplyBytesMax = 4 * 1024 * 1024;

// One event loop for the duration of the question.
class Questioner {
 public:
  Questioner(const config::Url& server, const RouteQuestion& question, const net::TlsContext* tls)
      : server_(server),
        question_(question),
        pool_(loop_, connector_, scratch_, destination(tls), {}) {}

  Result<RouteReply> run() {
    tasks_.spawn(ask_and_stop());
    loop_.run();
    return std::move(*reply_);
  }

 private:
  net::Destination destination(const net::TlsContext* tls) const {
    return {.host = server_.host, .port = server_.port, .tls = tls};
  }

  Task<void> ask_and_stop() {
    reply_ = co_await ask();
    loop_.stop();
  }

  std::string target() const {
    return server_.path + "/penstock/explain-route?model=" + percent_encode(question_.model) +
           "&path=" + percent_encode(question_.path);
  }

  Task<Result<RouteReply>> ask() {
    auto acquired = co_await pool_.acquire(http::Reuse::kNo, until_, never_);
    if (!acquired) co_return failure(std::move(acquired.error()));
    http::UpstreamExchange& exchange = *acquired;
    http::FieldBlock fields;
    fields.add("Host", server_.authority());
    fields.add("Accept", "text/plain");
    fields.add("Content-Type", "application/json");
    for (const auto& [name, value] : question_.fields) fields.add(name, value);
    const std::string where = target();
    const http::RequestToSend request{"POST", where, fields};
    http::Pieces body;
    body.add(question_.body);
    Status sent = co_await exchange.send(request, body, until_, never_);
    if (!sent) co_return failure(std::move(sent.error()));
    auto head = co_await exchange.receive_head(until_, never_);
    if (!head) co_return failure(std::move(head.error()));
    const std::string_view type =
        (*head)->fields.find(http::FieldName::kContentType).value_or(std::string_view());
    RouteReply reply{
        .status = (*head)->status, .is_text = type.starts_with("text/plain"), .body = {}};
    Status read = co_await read_body(exchange, reply.body);
    if (!read) co_return failure(std::move(read.error()));
    co_return reply;
  }

  Task<Status> read_body(http::UpstreamExchange& exchange, std::string& body) {
    net::Deadline deadline(loop_);
    deadline.set(until_);
    for (;;) {
      auto part = exchange.read_body();
      if (!part) co_return failure(std::move(part.error()));
      body.append(part->data);
      if (part->end || body.size() > kReplyBytesMax) co_return Status{};
      if (exchange.has_buffered()) continue;
      const net::Woken woken = co_await net::wait_any(loop_, &deadline, exchange.readable());
      if (!woken.timed_out()) continue;
      co_return failure(Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNever,
                                        "the server did not answer in time"));
    }
  }

  const config::Url& server_;
  const RouteQuestion& question_;
  std::optional<Result<RouteReply>> reply_;
  SystemClock clock_;
  net::EpollPoller poller_;
  net::EventLoop loop_{clock_, poller_};
  const SteadyTime until_ = loop_.now() + kPatience;
  net::LookupThreads lookups_{{.work = "look-ups of host names", .threads = 1}};
  net::SystemResolver resolver_{loop_, lookups_, lookups_};
  net::SocketConnector connector_{loop_, poller_, resolver_};
  http::ScratchPool scratch_;
  net::Signal never_;
  http::UpstreamPool pool_;
  net::TaskGroup tasks_{loop_, [](std::string_view) {}};
};

}  // namespace

Result<RouteReply> ask_for_route(const config::Url& server, const RouteQuestion& question) {
  std::optional<net::TlsContext> tls;
  if (server.tls) {
    Result<net::TlsContext> context = net::TlsContext::client({});
    if (!context) return failure(std::move(context.error()));
    tls = std::move(*context);
  }
  return Questioner(server, question, tls ? &*tls : nullptr).run();
}

Result<std::pair<std::string, std::string>> field_of(std::string_view text) {
  const std::size_t at = text.find_first_of("=:");
  const std::string_view name = text.substr(0, at);
  const bool is_sound = at != std::string_view::npos && http::is_token(name) &&
                        text.find_first_of("\r\n") == std::string_view::npos;
  if (!is_sound) {
    return failure(Error::client(ErrorKind::kInvalidRequest,
                                 "--header " + std::string(text) + ": expected NAME=VALUE"));
  }
  return std::pair{std::string(name), std::string(trim(text.substr(at + 1)))};
}

}  // namespace penstock::app
