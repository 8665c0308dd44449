/* cycles.ts: CYCLES IN A GRAPH
 *
 * Finds the circles among modules, each as its shortest way round <design/floors#.inv.acyclic>.
 */

/** For each node its successors, each with the line that makes the edge. Successors that are no nodes lead nowhere. */
export type Graph = Map<string, ReadonlyMap<string, number>>;

/** shortest -- the shortest way from a node back to itself, both ends included; null if there is none. */
function shortest(graph: Graph, from: string): string[] | null {
  const before = new Map<string, string>();
  const queue = [from];
  for (const node of queue) {
    for (const next of graph.get(node)?.keys() ?? []) {
      if (next === from) {
        const way = [from];
        for (let at = node; at !== from; at = before.get(at) ?? from) way.push(at);
        return [...way, from].reverse();
      }
      if (before.has(next)) continue;
      before.set(next, node);
      queue.push(next);
    }
  }
  return null;
}

/** cyclesOf -- enough circles that, were each broken by removing a node, none would be left. No node is in two of them. */
export function cyclesOf(graph: Graph): string[][] {
  const cycles: string[][] = [];
  const left: Graph = new Map(graph);
  for (const node of graph.keys()) {
    const cycle = left.has(node) ? shortest(left, node) : null;
    if (cycle === null) continue;
    cycles.push(cycle);
    for (const member of cycle) left.delete(member);
  }
  return cycles;
}
