/* barrier.c: BARRIERS OF A NATIVE SYSTEM
 *
 * What the rows of barrier time, on the host's own kernel: pages that mprotect has closed, a fault, SIGSEGV, a handler that opens them, and
 * the access made again <design/bench#.barrier.native>. Prints nanoseconds as one line of JSON, of each thing the least of its rounds.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/* A region is what a segment is: 16 pages, 4,096 references. */
enum { Page = 4096, Region = 16 * Page, Regions = 120, Rounds = 60, Entry = 16 };

/* What the handler does about a fault. */
enum what { Open, OpenPage, OpenShut, Scan };

static char *memory;
static volatile enum what what;
static volatile long faults;
static volatile uint32_t summary;

static void die(const char *message)
{
  fprintf(stderr, "error: barrier: %s\n", message);
  exit(1);
}

static void protect(char *base, size_t size, int prot)
{
  if (mprotect(base, size, prot) != 0) die("mprotect failed");
}

/* scan -- where the references of a region point, as a set of 32 zones */
static uint32_t scan(const char *base)
{
  uint32_t zones = 0;
  const char *at;
  for (at = base; at < base + Region; at += Entry) zones |= 1u << (*(const uint64_t *)at >> 20 & 31);
  return zones;
}

static void handle(int sig, siginfo_t *info, void *context)
{
  char *addr = info->si_addr, *base = memory + (addr - memory) / Region * Region;
  (void)sig;
  (void)context;
  faults += 1;
  switch (what) {
  case Open:
    protect(base, Region, PROT_READ | PROT_WRITE);
    return;
  case OpenPage:
    protect(memory + (addr - memory) / Page * Page, Page, PROT_READ | PROT_WRITE);
    return;
  default:
    protect(base, Region, PROT_READ | PROT_WRITE);
    if (what == Scan) summary |= scan(base);
    protect(base, Region, PROT_READ);
  }
}

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* hits -- nanoseconds to store into, or load from, `count` places `step` bytes apart, each of which must fault once */
static double hits(enum what handling, int closed, size_t step, int count, int isStore)
{
  double least = 1e18, took;
  int round, i;
  long sum = 0;
  what = handling;
  for (round = 0; round < Rounds; round++) {
    protect(memory, (size_t)Regions * Region, PROT_READ | PROT_WRITE);
    protect(memory, step * (size_t)count, closed);
    faults = 0;
    took = now();
    for (i = 0; i < count; i++) {
      volatile uint32_t *place = (volatile uint32_t *)(memory + step * (size_t)i + Entry - 4);
      if (isStore) *place = (uint32_t)i;
      else sum += *place;
    }
    took = (now() - took) / count;
    if (faults != count) die("a place did not fault once");
    if (took < least) least = took;
  }
  if (sum < 0) die("what was loaded was never stored");
  return least;
}

/* changes -- nanoseconds to change the protection of 16 pages */
static double changes(void)
{
  double least = 1e18, took;
  char *base = memory + Region;
  int round, i;
  protect(memory, (size_t)Regions * Region, PROT_READ | PROT_WRITE);
  for (round = 0; round < Rounds; round++) {
    took = now();
    for (i = 0; i < Regions; i++) protect(base, Region, i % 2 == 0 ? PROT_READ : PROT_READ | PROT_WRITE);
    took = (now() - took) / Regions;
    if (took < least) least = took;
  }
  return least;
}

int main(void)
{
  struct sigaction action;
  double hit, read, scanned, fault, change;
  size_t i;
  memory = mmap(NULL, (size_t)Regions * Region, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) die("mmap failed");
  for (i = 0; i < (size_t)Regions * Region; i += Entry) *(uint64_t *)(memory + i) = (uint64_t)(uintptr_t)memory;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO;
  if (sigaction(SIGSEGV, &action, NULL) != 0) die("sigaction failed");
  hit = hits(Open, PROT_READ, Region, Regions, 1);
  read = hits(OpenShut, PROT_NONE, Region, Regions, 0);
  scanned = hits(Scan, PROT_NONE, Region, Regions, 0);
  if (summary == 0) die("nothing was scanned");
  fault = hits(OpenPage, PROT_READ, Page, Regions, 1);
  change = changes();
  printf("{\"hit\":%.1f,\"read\":%.1f,\"scan\":%.1f,\"fault\":%.1f,\"mprotect\":%.1f}\n", hit, read, scanned, fault, change);
  return 0;
}
