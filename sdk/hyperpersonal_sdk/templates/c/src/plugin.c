/* Tells shoppers the status of the order they name: the host's answer is copied, not understood. */
#include "door.h"

static const char ASK[] = "{\"tool\":\"commerce.orders.get\",\"arguments\":{\"order_id\":\"#W";
static const char HEAD[] = "{\"text\":\"The order is ";
static const char TAIL[] = ".\",\"confidence\":0.9}";
static const char WHICH[] = "{\"text\":\"Which order is it? Its number looks like #W1234567.\",\"status\":\"asking\"}";
static char ask[128], said[512];
static answer out;

static uint32_t put(char *to, uint32_t at, uint32_t most, const char *from, uint32_t size) {
  for (uint32_t n = 0; n < size && at < most; n++) to[at++] = from[n];
  return at;
}

/* Where `word` ends in the text, or 0. */
static uint32_t after(text in, const char *word) {
  for (uint32_t at = 0; at < in.size; at++) {
    uint32_t n = 0;
    while (word[n] && at + n < in.size && in.at[at + n] == word[n]) n++;
    if (!word[n]) return at + n;
  }
  return 0;
}

__attribute__((export_name("handle")))
answer *handle(const char *input, uint32_t size) {
  text request = {input, size};
  uint32_t number = after(request, "#W"), digits = 0;
  while (number && number + digits < size && input[number + digits] >= '0' && input[number + digits] <= '9') digits++;
  if (digits != 7) {
    out = (answer){.value = {WHICH, sizeof WHICH - 1}};
    return &out;
  }
  uint32_t end = put(ask, 0, sizeof ask, ASK, sizeof ASK - 1);
  end = put(ask, end, sizeof ask, input + number, digits);
  end = put(ask, end, sizeof ask, "\"}}", 3);
  host_call("tool.call", 9, ask, end, &out);
  if (out.failed) return &out; /* `suspended` too: the turn runs again when the answer is there */
  uint32_t from = after(out.value, "\"status\":\""), length = 0;
  if (!from) {
    out = (answer){.failed = 1, .failure = {.kind = NOT_FOUND, .words = {"no such order", 13}}};
    return &out;
  }
  while (from + length < out.value.size && out.value.at[from + length] != '"') length++;
  uint32_t told = put(said, 0, sizeof said, HEAD, sizeof HEAD - 1);
  told = put(said, told, sizeof said - sizeof TAIL, out.value.at + from, length);
  told = put(said, told, sizeof said, TAIL, sizeof TAIL - 1);
  out = (answer){.value = {said, told}};
  return &out;
}
