#include "run.h"

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client.h"
#include "live_counts.h"
#include "net/epoll_poller.h"
#include "net/resolver.h"
#include "net/task_group.h"
#include "net/wait.h"
#include "processor_time.h"
#include "request.h"

namespace penstock::load {
namespace {

using std::chrono::duration_cast;
using std::chrono::nanoseconds;

void report_exception(std::string_view what) {
  std::fprintf(stderr, "penstock-load: %.*s\n", static_cast<int>(what.size()), what.data());
}

class Run {
 public:
  explicit Run(const Options& options)
      : options_(options),
        fields_(request_fields(options)),
        body_(request_body(options)),
        loop_(clock_, poller_),
        resolver_(loop_, lookup_threads_, lookup_threads_),
        connector_(loop_, poller_, resolver_),
        shared_{.options = options_,
                .fields = fields_,
                .body = body_,
                .clock = clock_,
                .loop = loop_,
                .connector = connector_,
                .scratch = scratch_,
                .results = results_,
                .reference = {},
                .stop = {},
                .counting = false,
                .begin = {},
                .turns = 0,
                .streaming = 0,
                .all_streaming = {}},
        clients_(loop_, report_exception),
        main_(loop_, report_exception) {}

  Results run() {
    main_.spawn(conduct());
    loop_.run();
    return std::move(results_);
  }

 private:
  Task<void> conduct() {
    shared_.begin = clock_.steady();
    bool sound = true;
    if (!options_.hold) {
      Client client(shared_);
      sound = co_await client.probe() == Fault::kNone;
    }
    if (sound) co_await give_load();
    loop_.stop();
  }

  Task<void> give_load() {
    start_clients();
    if (options_.hold) {
      co_await until_all_stream();
    } else {
      co_await sleep(options_.warmup);
    }
    begin_counting();
    co_await sleep(options_.duration);
    end_counting();
    if (options_.hold) results_.open_streams = clients_.size();
    shared_.stop.raise();
    co_await clients_.join();
  }

  // Each second, what has been counted in it.
  Task<void> tell() {
    net::Deadline deadline(loop_);
    for (int second = 1;; ++second) {
      deadline.set(shared_.begin + std::chrono::seconds(second));
      const net::Woken woken = co_await net::wait_any(loop_, &deadline, shared_.stop);
      if (!woken.timed_out()) co_return;
      std::fprintf(stderr, "%s\n", told_.line(second, results_).c_str());
    }
  }

  void start_clients() {
    shared_.begin = clock_.steady();
    if (options_.live) clients_.spawn(tell());
    all_clients_.reserve(options_.connections);
    for (std::size_t i = 0; i < options_.connections; ++i) {
      const double share = static_cast<double>(i) / static_cast<double>(options_.connections);
      const Seconds after = options_.ramp_or_default() * share;
      all_clients_.push_back(std::make_unique<Client>(shared_));
      clients_.spawn(all_clients_.back()->run(shared_.begin + duration_cast<nanoseconds>(after)));
    }
  }

  Task<void> until_all_stream() {
    net::Deadline deadline(loop_);
    const Seconds limit = options_.ramp_or_default() + options_.timeout;
    deadline.set(clock_.steady() + duration_cast<nanoseconds>(limit));
    const net::Woken woken = co_await net::wait_any(loop_, &deadline, shared_.all_streaming);
    if (woken.timed_out()) results_.count(Fault::kTimeout, "not every stream has begun");
    std::fputs("holding\n", stderr);
  }

  Task<void> sleep(Seconds time) {
    net::Deadline deadline(loop_);
    deadline.set(clock_.steady() + duration_cast<nanoseconds>(time));
    co_await net::wait_any(loop_, &deadline, shared_.stop);
  }

  void begin_counting() {
    shared_.counting = true;
    counted_from_ = clock_.steady();
    results_.processor_time = processor_time(options_.watch);
  }

  void end_counting() {
    results_.processor_time = processor_time(options_.watch) - results_.processor_time;
    results_.window = clock_.steady() - counted_from_;
    shared_.counting = false;
  }

  const Options& options_;
  const http::FieldBlock fields_;
  const std::string body_;
  SystemClock clock_;
  net::EpollPoller poller_;
  net::EventLoop loop_;
  net::LookupThreads lookup_threads_{{.work = "look-ups of host names"}};
  net::SystemResolver resolver_;
  net::SocketConnector connector_;
  http::ScratchPool scratch_;
  Results results_;
  Shared shared_;
  std::vector<std::unique_ptr<Client>> all_clients_;
  net::TaskGroup clients_;
  net::TaskGroup main_;
  SteadyTime counted_from_;
  LiveCounts told_;
};

}  // namespace

Results run(const Options& options) {
  Run run(options);
  return run.run();
}

}  // namespace penstock::load
