#include "net/stream_bio.h"

#include <memory>

namespace penstock::net {
namespace {

int read_below(BIO* bio, char* into, std::size_t size, std::size_t* bytes) {
  BIO_clear_retry_flags(bio);
  const Transfer transfer = static_cast<Stream*>(BIO_get_data(bio))->read({into, size});
  *bytes = transfer.bytes;
  if (transfer.kind == Transfer::Kind::kWouldBlock) BIO_set_retry_read(bio);
  return transfer.kind == Transfer::Kind::kBytes ? 1 : 0;
}

int write_below(BIO* bio, const char* data, std::size_t size, std::size_t* bytes) {
  BIO_clear_retry_flags(bio);
  const iovec piece{.iov_base = const_cast<char*>(data), .iov_len = size};
  const Transfer transfer = static_cast<Stream*>(BIO_get_data(bio))->write({&piece, 1});
  *bytes = transfer.bytes;
  if (transfer.kind == Transfer::Kind::kWouldBlock) BIO_set_retry_write(bio);
  return transfer.kind == Transfer::Kind::kBytes ? 1 : 0;
}

// Nothing is buffered here: a flush has nothing to do.
long control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

struct FreeMethod {
  void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
};
using Method = std::unique_ptr<BIO_METHOD, FreeMethod>;

Method new_method() {
  Method method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream"));
  if (method == nullptr) return method;
  BIO_meth_set_read_ex(method.get(), read_below);
  BIO_meth_set_write_ex(method.get(), write_below);
  BIO_meth_set_ctrl(method.get(), control);
  return method;
}

}  // namespace

BIO* new_stream_bio(Stream& below) {
  static const Method method = new_method();
  if (method == nullptr) return nullptr;
  BIO* const bio = BIO_new(method.get());
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, &below);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace penstock::net
