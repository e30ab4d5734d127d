#include <sodium.h>

#include "turns.h"

#define MESSAGE_BYTES 65536

static struct inputs lists[] = {{"scalars"}, {"others"}, {"points"}, {"keys"}, {"messages"}, {"signatures"}};
enum { SCALARS, OTHERS, POINTS, KEYS, MESSAGES, SIGNATURES };

static unsigned char message[MESSAGE_BYTES];

static const unsigned char *at(int list, size_t i) {
  return input_at(&lists[list], i);
}

static size_t base(unsigned char *out, size_t i) {
  if (crypto_scalarmult_ed25519_base_noclamp(out, at(SCALARS, i)) != 0) abort();
  return 32;
}

static size_t multiply(unsigned char *out, size_t i) {
  if (crypto_scalarmult_ed25519_noclamp(out, at(SCALARS, i), at(POINTS, i)) != 0) abort();
  return 32;
}

static size_t scalar_multiply(unsigned char *out, size_t i) {
  crypto_core_ed25519_scalar_mul(out, at(SCALARS, i), at(OTHERS, i));
  return 32;
}

static size_t scalar_invert(unsigned char *out, size_t i) {
  if (crypto_core_ed25519_scalar_invert(out, at(SCALARS, i)) != 0) abort();
  return 32;
}

static size_t verify(unsigned char *out, size_t i) {
  if (crypto_sign_verify_detached(at(SIGNATURES, i), at(MESSAGES, i), 32, at(KEYS, i)) != 0) abort();
  out[0] = 1;
  return 1;
}

static size_t hash(unsigned char *out, size_t i) {
  (void)i;
  crypto_hash_sha256(out, message, MESSAGE_BYTES);
  return 32;
}

static const struct operation operations[] = {
  {"ed25519.base", base},
  {"ed25519.multiply", multiply},
  {"ed25519.scalarMultiply", scalar_multiply},
  {"ed25519.scalarInvert", scalar_invert},
  {"ed25519.verify", verify},
  {"sha256.message", hash},
};

int main(void) {
  if (sodium_init() < 0) return 1;
  for (size_t i = 0; i < MESSAGE_BYTES; i++) message[i] = (unsigned char)i;
  return serve(lists, LENGTH(lists), operations, LENGTH(operations));
}
