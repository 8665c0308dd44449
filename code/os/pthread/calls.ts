/* calls.ts: CALLS TO THOSE WHO WAIT
 *
 * Who waits for a condition has a ticket, and a call is for any of those whose tickets were there when it was made: whoever of them
 * can go on takes it <design/pthread#.inv.call>.
 */

/** Tickets, and the calls to them that nobody has taken yet. */
export class Calls {
  private tickets: number = 0;
  /** In the order in which they came. */
  private readonly waiting: Set<number> = new Set<number>();
  /** For each call, the first ticket that it is not for; they do not fall. */
  private readonly calls: number[] = [];

  /** Nobody waits. */
  get isEmpty(): boolean {
    return this.waiting.size === 0;
  }

  /** join -- a new ticket. */
  join(): number {
    this.tickets += 1;
    this.waiting.add(this.tickets);
    return this.tickets;
  }

  /** call -- one more of those who wait now may go on. Nothing if each of them may. */
  call(): void {
    if (this.calls.length < this.waiting.size) this.calls.push(this.tickets + 1);
  }

  /** callAll -- all who wait now may. */
  callAll(): void {
    while (this.calls.length < this.waiting.size) this.calls.push(this.tickets + 1);
    this.calls.fill(this.tickets + 1);
  }

  /** isCalled -- whether there is a call that a ticket's holder may take. */
  isCalled(ticket: number): boolean {
    const { calls } = this;
    return calls.length > 0 && calls[calls.length - 1] > ticket;
  }

  /** take -- leave with a call, the oldest that there is for the ticket. */
  take(ticket: number): void {
    this.calls.splice(this.calls.findIndex((limit) => limit > ticket), 1);
    this.waiting.delete(ticket);
  }

  /** leave -- without one: calls are for those who stay, and what is for nobody is dropped. */
  leave(ticket: number): void {
    if (!this.waiting.delete(ticket) || this.calls.length === 0) return;
    const { calls } = this, waiting = [...this.waiting];
    let kept = 0, below = 0;
    for (const limit of calls) {
      while (below < waiting.length && waiting[below] < limit) below += 1;
      if (kept < below) calls[kept++] = limit;
    }
    calls.length = kept;
  }
}
