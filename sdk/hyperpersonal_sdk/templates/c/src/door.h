/* The canonical ABI of the world in wit/v1, by hand: strings are (pointer, bytes). */
#include <stddef.h>
#include <stdint.h>

typedef struct { const char *at; uint32_t size; } text;
/* result<string, failure>: `failed` 0: `value` is the answer; 1: `kind` says why, `value` in words. */
typedef struct { uint8_t failed; uint8_t _[3]; union {
  text value;
  struct { uint8_t kind; uint8_t _[3]; text words; } failure;
}; } answer;
enum { DENIED, NOT_FOUND, INVALID, LIMIT, UNAVAILABLE, FAILED, SUSPENDED };

__attribute__((import_module("hyper:plugin/host@1.0.0"), import_name("call")))
extern void host_call(const char *name, uint32_t name_size, const char *payload, uint32_t size, answer *out);

/* One call uses an instance once or a few times: memory is taken and given back as a whole. */
static uint8_t heap[1 << 20];
static uint32_t used;

__attribute__((export_name("cabi_realloc")))
void *cabi_realloc(void *old, size_t had, size_t align, size_t size) {
  used = (used + align - 1) & ~(align - 1);
  if (size > sizeof heap - used) __builtin_trap();
  uint8_t *made = heap + used;
  used += size;
  for (size_t n = 0; old && n < had && n < size; n++) made[n] = ((uint8_t *)old)[n];
  return made;
}

__attribute__((export_name("cabi_post_handle"))) void cabi_post_handle(answer *given) { used = 0; }
