// A library to preload under valgrind, whose versions before 3.21 do not know epoll_pwait2: it uses
// epoll_wait instead, with the time rounded up to milliseconds.

#include <climits>
#include <csignal>
#include <ctime>

#include <sys/epoll.h>

extern "C" int epoll_pwait2(int epoll, epoll_event* events, int events_max, const timespec* timeout,
                            const sigset_t* signals) {
  int milliseconds = -1;
  if (timeout != nullptr) {
    const long long nanoseconds = timeout->tv_sec * 1'000'000'000LL + timeout->tv_nsec;
    const long long rounded = (nanoseconds + 999'999) / 1'000'000;
    milliseconds = rounded < INT_MAX ? static_cast<int>(rounded) : INT_MAX;
  }
  return epoll_pwait(epoll, events, events_max, milliseconds, signals);
}
