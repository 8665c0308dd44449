/* gcbench.c: GCBENCH ON LIBGC
 *
 * The work of gcbench in C, on the Boehm-Demers-Weiser collector <design/bench#.gcbench>. Prints seconds, nodes made and the
 * hash of the last tree, which must be those of the other versions.
 */
#include <gc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { Depth = 20, Iterations = 5, Passes = 10, Seed = 1, Reuse = 2, Remake = 1 };

struct node {
  uint64_t header;
  struct node *left, *right;
};

static uint32_t state;
static long made;

/* draw -- a number in [0, limit): the generator of code/base/random.ts */
static uint32_t draw(uint32_t limit)
{
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return (uint32_t)((double)state / 4294967296.0 * limit);
}

static struct node *node(void)
{
  struct node *made_node = GC_MALLOC(sizeof *made_node);
  if (made_node == NULL) {
    fprintf(stderr, "error: gcbench: out of memory\n");
    exit(1);
  }
  made_node->header = 1 | (uint64_t)2 << 32;
  made += 1;
  return made_node;
}

static struct node *grow(int depth)
{
  struct node *tree;
  if (depth == 0) return NULL;
  tree = node();
  tree->left = grow(depth - 1);
  tree->right = grow(depth - 1);
  return tree;
}

static struct node *pick(struct node *tree, int steps)
{
  for (; tree != NULL && steps > 0; steps--) tree = draw(2) == 0 ? tree->left : tree->right;
  return tree;
}

static struct node *rebuild(struct node *old, int depth)
{
  struct node *tree;
  if (draw(10) < Reuse) return pick(old, Depth - depth);
  if (depth == 0) return NULL;
  tree = node();
  tree->left = rebuild(old, depth - 1);
  tree->right = rebuild(old, depth - 1);
  return tree;
}

static struct node *update(struct node *tree, int depth)
{
  struct node *part;
  if (tree == NULL || depth == 0) return tree;
  if (draw(10) < Remake) {
    struct node *remade = node();
    remade->left = update(tree->left, depth - 1);
    remade->right = update(tree->right, depth - 1);
    return remade;
  }
  part = update(tree->left, depth - 1);
  if (part != tree->left) tree->left = part;
  part = update(tree->right, depth - 1);
  if (part != tree->right) tree->right = part;
  return tree;
}

static int32_t hash(const struct node *tree)
{
  uint32_t left, right;
  if (tree == NULL) return 1;
  left = (uint32_t)hash(tree->left);
  right = (uint32_t)hash(tree->right);
  return (int32_t)(left * 31u + right * 17u + 7u);
}

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(void)
{
  struct node *tree = NULL;
  double before;
  int i, pass;
  GC_INIT();
  state = (uint32_t)Seed * 0x9e3779b1u ^ 0x6a09e667u;
  before = now();
  for (i = 0; i < Iterations; i++) {
    tree = grow(Depth);
    for (pass = 0; pass < Passes; pass++) tree = update(rebuild(tree, Depth), Depth);
  }
  before = now() - before;
  printf("{\"seconds\":%.6f,\"made\":%ld,\"hash\":%ld}\n", before, made, (long)hash(tree));
  return 0;
}
