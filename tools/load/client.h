#pragma once

// Client: one connection of load: sends the request, reads and checks the answer, repeats.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "answer_check.h"
#include "core/clock.h"
#include "core/task.h"
#include "http/field_block.h"
#include "http/scratch.h"
#include "http/upstream_connection.h"
#include "net/connector.h"
#include "net/deadline.h"
#include "net/event_loop.h"
#include "net/signal.h"
#include "options.h"
#include "results.h"

namespace penstock::load {

// What the clients of a run share. One thread.
struct Shared {
  const Options& options;
  const http::FieldBlock& fields;  // of each request
  const std::string& body;
  const Clock& clock;
  net::EventLoop& loop;
  net::Connector& connector;
  http::ScratchPool& scratch;
  Results& results;
  Reference reference;
  net::Signal stop;             // raised when the run is over
  bool counting = false;        // during the measured time
  SteadyTime begin;             // of the run
  std::uint64_t turns = 0;      // requests of the open loop that were started
  std::uint64_t streaming = 0;  // clients whose stream has had its first event
  net::Signal all_streaming;    // raised when that is all of them
};

class Client final : private EventListener {
 public:
  explicit Client(Shared& shared);

  // Runs exchanges one after the other from `start` until shared.stop is raised.
  Task<void> run(SteadyTime start);

  // One exchange, counted only if it fails: whether the server gives valid answers at all.
  Task<Fault> probe();

 private:
  struct Exchange {
    SteadyTime due;  // when it should have begun
    SteadyTime ended;
    bool first_event = true;  // none has come yet
  };

  Task<bool> sleep_until(SteadyTime time);
  SteadyTime next_due();
  Task<Fault> exchange(SteadyTime due);
  Task<Fault> connect(SteadyTime until);
  Task<Result<const http::ResponseHead*>> ask(SteadyTime until);
  Task<Fault> read_answer(SteadyTime until);
  void count_exchange();
  void count_fault(Fault fault);
  Fault fault_of(const Error& error);
  void on_event(std::optional<std::uint64_t> stamp_ns) override;

  Shared& shared_;
  net::Deadline deadline_;
  std::unique_ptr<http::UpstreamConnection> connection_;
  AnswerCheck check_;
  Exchange exchange_;
  SteadyTime arrived_;  // of the bytes that are being checked
  std::string what_;    // went wrong
  std::string who_;     // the value that the answer is counted by
};

}  // namespace penstock::load
