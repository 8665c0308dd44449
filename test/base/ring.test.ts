import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AverError, Ring, ringEach } from '../../code/base/base.ts';

const owners = (head: Ring<string>): string[] => {
  const found: string[] = [];
  ringEach(head, (owner) => found.push(owner));
  return found;
};

/** A ring called `head` with a node for each name. */
const ringOf = (...names: string[]): { head: Ring<string>; nodes: Ring<string>[] } => {
  const head = new Ring('head');
  const nodes = names.map((name) => new Ring(name));
  for (const node of nodes) head.append(node);
  return { head, nodes };
};

describe('a ring', () => {
  test('a new node is a ring of itself, with nobody else in it <design/ring#.inv.linked>', () => {
    const node = new Ring('a');
    expect([node.isSingle, node.next, node.prev]).toEqual([true, node, node]);
    expect(owners(node)).toEqual([]);
  });

  test('nodes are visited in the order in which they joined; the head is not visited <design/ring#.each>', () => {
    expect(owners(ringOf('a', 'b', 'c').head)).toEqual(['a', 'b', 'c']);
  });

  test('a node that is in a ring cannot join another <design/ring#.append.single>', () => {
    const { head, nodes: [a] } = ringOf('a');
    expect(() => new Ring('other').append(a)).toThrow('<design/ring#.append.single>');
    expect(() => head.append(a)).toThrow(AverError);
    expect(owners(head)).toEqual(['a']);
  });

  test('a node that leaves is single again, and may join again <design/ring#.remove>', () => {
    const { head, nodes: [a, b] } = ringOf('a', 'b');
    a.remove();
    expect([a.isSingle, a.prev === a, owners(head)]).toEqual([true, true, ['b']]);
    head.append(a);
    expect(owners(head)).toEqual(['b', 'a']);
    b.remove();
    a.remove();
    expect([head.isSingle, owners(head)]).toEqual([true, []]);
  });

  test('leaving no ring is allowed and changes nothing <design/ring#.remove>', () => {
    const node = new Ring('a');
    node.remove();
    expect(node.isSingle).toBe(true);
  });
});

describe('a visit', () => {
  test('the visited node may leave, even every one of them <design/ring#.each.leave>', () => {
    const { head, nodes } = ringOf('a', 'b', 'c');
    const byName = new Map(nodes.map((node) => [node.owner, node]));
    const seen: string[] = [];
    ringEach(head, (owner) => {
      expect(seen.push(owner)).toBeLessThan(4);
      byName.get(owner)!.remove();
    });
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(head.isSingle).toBe(true);
  });

  test('the visited node may move to another ring <design/ring#.each.leave>', () => {
    const { head, nodes } = ringOf('a', 'b', 'c');
    const other = new Ring('other');
    ringEach(head, (owner) => {
      const node = nodes.find((each) => each.owner === owner)!;
      node.remove();
      other.append(node);
    });
    expect([owners(head), owners(other)]).toEqual([[], ['a', 'b', 'c']]);
  });
});

test('rings agree with plain arrays over any joining and leaving, and links go both ways <design/ring#.inv.linked>', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(7), fc.nat(2)), { maxLength: 60 }), (steps) => {
    const heads = [new Ring(-1), new Ring(-2)];
    const nodes = Array.from({ length: 8 }, (_, i) => new Ring(i));
    const model: number[][] = [[], []];
    for (const [which, what] of steps) {
      for (const list of model) if (list.includes(which)) list.splice(list.indexOf(which), 1);
      nodes[which].remove();
      if (what === 2) continue;
      heads[what].append(nodes[which]);
      model[what].push(which);
    }
    for (const [i, head] of heads.entries()) {
      const forward: number[] = [], backward: number[] = [];
      ringEach(head, (owner) => forward.push(owner));
      for (let node = head.prev; node !== head; node = node.prev) backward.unshift(node.owner);
      expect(forward).toEqual(model[i]);
      expect(backward).toEqual(model[i]);
      expect(head.isSingle).toBe(model[i].length === 0);
    }
  }));
});
