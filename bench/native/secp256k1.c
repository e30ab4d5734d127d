#include <secp256k1.h>
#include <secp256k1_ecdh.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_schnorrsig.h>

#include "turns.h"

static secp256k1_context *context;

static struct inputs lists[] = {{"scalars"}, {"others"}, {"points"}, {"keys"}, {"messages"}, {"signatures"}};
enum { SCALARS, OTHERS, POINTS, KEYS, MESSAGES, SIGNATURES };

static const unsigned char *at(int list, size_t i) {
  return input_at(&lists[list], i);
}

static size_t base(unsigned char *out, size_t i) {
  secp256k1_pubkey point;
  size_t length = 33;
  if (!secp256k1_ec_pubkey_create(context, &point, at(SCALARS, i))) abort();
  secp256k1_ec_pubkey_serialize(context, out, &length, &point, SECP256K1_EC_COMPRESSED);
  return length;
}

/* The point itself, compressed, in place of its hash. */
static int compress(unsigned char *out, const unsigned char *x, const unsigned char *y, void *data) {
  (void)data;
  out[0] = 2 | (y[31] & 1);
  memcpy(out + 1, x, 32);
  return 1;
}

static size_t multiply(unsigned char *out, size_t i) {
  secp256k1_pubkey point;
  if (!secp256k1_ec_pubkey_parse(context, &point, at(POINTS, i), 33)) abort();
  if (!secp256k1_ecdh(context, out, &point, at(SCALARS, i), compress, NULL)) abort();
  return 33;
}

static size_t scalar_multiply(unsigned char *out, size_t i) {
  memcpy(out, at(SCALARS, i), 32);
  if (!secp256k1_ec_seckey_tweak_mul(context, out, at(OTHERS, i))) abort();
  return 32;
}

static size_t verify(unsigned char *out, size_t i) {
  secp256k1_xonly_pubkey key;
  if (!secp256k1_xonly_pubkey_parse(context, &key, at(KEYS, i))) abort();
  if (!secp256k1_schnorrsig_verify(context, at(SIGNATURES, i), at(MESSAGES, i), 32, &key)) abort();
  out[0] = 1;
  return 1;
}

static const struct operation operations[] = {
  {"secp256k1.base", base},
  {"secp256k1.multiply", multiply},
  {"secp256k1.scalarMultiply", scalar_multiply},
  {"bip340.verify", verify},
};

int main(void) {
  context = secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY);
  return serve(lists, LENGTH(lists), operations, LENGTH(operations));
}
