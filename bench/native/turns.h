/*
 * A program that does operations when it is told to, so that native code can take turns with others.
 *
 *   input NAME HEX     appends 32, 33, ... bytes to a list of inputs; no answer
 *   time OPERATION N   does the operation on inputs 0 .. N-1, answers the nanoseconds
 *   show OPERATION     answers the result for input 0 in hex
 */
#ifndef TURNS_H
#define TURNS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INPUTS 64
#define INPUT_BYTES 65

struct inputs {
  const char *name;
  size_t count;
  unsigned char bytes[INPUTS][INPUT_BYTES];
};

struct operation {
  const char *name;
  /* Writes its result to `out` and gives its length. */
  size_t (*run)(unsigned char *out, size_t i);
};

static const unsigned char *input_at(const struct inputs *list, size_t i) {
  return list->bytes[i % INPUTS];
}

static int append(struct inputs *list, const char *hex) {
  size_t length = strlen(hex) / 2;
  if (list->count == INPUTS || length > INPUT_BYTES) return 0;
  for (size_t k = 0; k < length; k++) {
    unsigned int byte;
    if (sscanf(hex + 2 * k, "%2x", &byte) != 1) return 0;
    list->bytes[list->count][k] = (unsigned char)byte;
  }
  list->count++;
  return 1;
}

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int serve(struct inputs *lists, size_t list_count, const struct operation *operations, size_t operation_count) {
  char command[16], name[64], argument[256];
  unsigned char out[64];
  while (scanf("%15s %63s", command, name) == 2) {
    if (strcmp(command, "input") == 0) {
      if (scanf("%255s", argument) != 1) return 1;
      for (size_t k = 0; k < list_count; k++)
        if (strcmp(lists[k].name, name) == 0 && !append(&lists[k], argument)) return 1;
      continue;
    }
    const struct operation *operation = NULL;
    for (size_t k = 0; k < operation_count; k++)
      if (strcmp(operations[k].name, name) == 0) operation = &operations[k];
    if (operation == NULL) return 1;
    if (strcmp(command, "show") == 0) {
      size_t length = operation->run(out, 0);
      for (size_t k = 0; k < length; k++) printf("%02x", out[k]);
      printf("\n");
    } else {
      size_t count;
      if (scanf("%zu", &count) != 1) return 1;
      int64_t start = nanoseconds();
      for (size_t i = 0; i < count; i++) operation->run(out, i);
      printf("%lld\n", (long long)(nanoseconds() - start));
    }
    fflush(stdout);
  }
  return 0;
}

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif
