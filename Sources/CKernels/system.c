#define _GNU_SOURCE
#include "system.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#include <sys/mman.h>
#endif

void ws_start_writeback(int descriptor, int64_t offset, int64_t count) {
#if defined(__linux__)
  sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
#else
  (void)descriptor, (void)offset, (void)count;
#endif
}

int ws_reserve(int descriptor, int64_t count) {
#if defined(__linux__)
  return fallocate(descriptor, 0, 0, count);
#else
  (void)descriptor, (void)count;
  return 0;
#endif
}

int ws_exchange(const char *one, const char *other) {
#if defined(__linux__)
  return renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
#elif defined(__APPLE__)
  return renamex_np(one, other, RENAME_SWAP);
#else
  (void)one, (void)other;
  return -1;
#endif
}

void ws_keep_large_blocks(void) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
  // The heap grows once, by address space that costs nothing until it is used, and is used in pages of 2 MiB.
  enum { HEAP = 64 << 20, PAGE = 2 << 20 };
  mallopt(M_TOP_PAD, HEAP);
  char *first = malloc(PAGE);
  if (first) madvise((char *)(((uintptr_t)first + PAGE - 1) / PAGE * PAGE), HEAP - PAGE, MADV_HUGEPAGE);
  free(first);
#endif
}

static void (*on_signal)(int);
static sigset_t awaited;

static void *wait_for_signal(void *unused) {
  int caught = 0;
  while (sigwait(&awaited, &caught) != 0) {}
  on_signal(caught);
  return unused;
}

int ws_on_signal(const int *signals, int count, void (*handler)(int)) {
  pthread_t thread;
  on_signal = handler;
  sigemptyset(&awaited);
  for (int i = 0; i < count; i++) sigaddset(&awaited, signals[i]);
  int code = pthread_sigmask(SIG_BLOCK, &awaited, NULL);
  return code ? code : pthread_create(&thread, NULL, wait_for_signal, NULL);
}
