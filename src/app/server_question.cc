#include "app/server_question.h"

#include <optional>
#include <utility>

#include "config/url.h"
#include "http/field_block.h"
#include "http/upstream_pool.h"
#include "net/connector.h"
#include "net/deadline.h"
#include "net/epoll_poller.h"
#include "net/resolver.h"
#include "net/task_group.h"
#include "net/wait.h"

namespace penstock::app {
namespace {

constexpr std::size_t kReplyBytesMax = 4 * 1024 * 1024;

// One event loop for the duration of the question.
class Questioner {
 public:
  Questioner(const config::Url& server, const ServerQuestion& question, const net::TlsContext* tls)
      : server_(server),
        question_(question),
        pool_(loop_, connector_, scratch_, destination(tls), {}) {}

  Result<ServerReply> run() {
    tasks_.spawn(ask_and_stop());
    loop_.run();
    return std::move(*reply_);
  }

 private:
  net::Destination destination(const net::TlsContext* tls) const {
    return {.host = server_.host, .port = server_.port, .tls = tls, .socket = server_.socket};
  }

  Task<void> ask_and_stop() {
    reply_ = co_await ask();
    loop_.stop();
  }

  Task<Result<ServerReply>> ask() {
    auto acquired = co_await pool_.acquire(http::Reuse::kNo, until_, never_);
    if (!acquired) co_return failure(std::move(acquired.error()));
    http::UpstreamExchange& exchange = *acquired;
    http::FieldBlock fields;
    fields.add("Host", server_.authority());
    for (const auto& [name, value] : question_.fields) fields.add(name, value);
    const http::RequestToSend request{question_.method, question_.target, fields};
    http::Pieces body;
    body.add(question_.body);
    Status sent = co_await exchange.send(request, body, until_, never_);
    if (!sent) co_return failure(std::move(sent.error()));
    auto head = co_await exchange.receive_head(until_, never_);
    if (!head) co_return failure(std::move(head.error()));
    const auto text_of = [&](http::FieldName name) {
      return std::string((*head)->fields.find(name).value_or(std::string_view()));
    };
    ServerReply reply{.status = (*head)->status,
                      .content_type = text_of(http::FieldName::kContentType),
                      .date = text_of(http::FieldName::kDate),
                      .body = {}};
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
  const ServerQuestion& question_;
  std::optional<Result<ServerReply>> reply_;
  SystemClock clock_;
  net::EpollPoller poller_;
  net::EventLoop loop_{clock_, poller_};
  const SteadyTime until_ = loop_.now() + question_.patience;
  net::LookupThreads lookups_{{.work = "look-ups of host names", .threads = 1}};
  net::SystemResolver resolver_{loop_, lookups_, lookups_};
  net::SocketConnector connector_{loop_, poller_, resolver_};
  http::ScratchPool scratch_;
  net::Signal never_;
  http::UpstreamPool pool_;
  net::TaskGroup tasks_{loop_, [](std::string_view) {}};
};

}  // namespace

Result<ServerReply> ask_server(const config::Url& server, const ServerQuestion& question,
                               net::TlsContext::ClientOptions::Verify verify) {
  std::optional<net::TlsContext> tls;
  if (server.tls && question.tls == nullptr) {
    net::TlsContext::ClientOptions options;
    options.verify = verify;
    Result<net::TlsContext> context = net::TlsContext::client(options);
    if (!context) return failure(std::move(context.error()));
    tls = std::move(*context);
  }
  const net::TlsContext* given = server.tls ? question.tls : nullptr;
  return Questioner(server, question, tls ? &*tls : given).run();
}

}  // namespace penstock::app
