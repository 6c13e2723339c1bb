#pragma once

// What a run has counted, and the JSON object that reports it.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "histogram.h"
#include "options.h"

namespace penstock::load {

// Why an exchange failed.
enum class Fault : std::uint8_t {
  kNone,
  kStopped,  // the run was over first: not a fault
  kConnect,  // no connection
  kBroken,   // the connection ended, or the answer is not HTTP
  kTimeout,
  kStatus,   // an answer other than 200
  kContent,  // the answer did not pass its checks
  // After its first content, a stream had an error event, and then its connection ended: nothing
  // else can be done when its upstream has died. Not a fault if the options allow it.
  kBrokenStream,
};

// The answers of one value of the header field that they are counted by.
struct Tally {
  std::uint64_t answered = 0;  // and valid
  std::uint64_t failed = 0;
  std::uint64_t broken_streams = 0;
};

struct Results {
  // Within the measured time.
  std::uint64_t requests = 0;  // answered and valid
  std::uint64_t events = 0;
  std::uint64_t reads = 0;  // how many pieces the bodies arrived in
  std::uint64_t body_bytes = 0;
  Histogram latency_ns;      // from the time a request was due, or sent, to the answer's last byte
  Histogram first_event_ns;  // the same to a stream's first event
  Histogram transit_ns;      // from the stamp in an event to its arrival
  std::chrono::nanoseconds window{0};
  std::chrono::nanoseconds processor_time{0};  // of the processes that were watched

  // From the beginning of the run.
  std::uint64_t connections_made = 0;
  std::uint64_t connect_faults = 0;
  std::uint64_t broken_faults = 0;
  std::uint64_t timeout_faults = 0;
  std::uint64_t status_faults = 0;
  std::uint64_t content_faults = 0;
  std::uint64_t broken_streams = 0;
  std::map<std::string, Tally> by;  // "none": of no answer came as much as this header field
  std::string first_fault;          // in words
  std::uint64_t open_streams = 0;   // held until the end

  // kNone, kStopped and kBrokenStream are not faults.
  void count(Fault fault, const std::string& what);
  std::uint64_t faults() const {
    return connect_faults + broken_faults + timeout_faults + status_faults + content_faults;
  }
};

std::string to_json(const Options& options, const Results& results);

}  // namespace penstock::load
