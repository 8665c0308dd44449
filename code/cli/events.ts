/* events.ts: THE EVENT LOG
 *
 * Writes the collector's events to a file, a line of JSON each <design/event>. The same run writes the same bytes.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Event } from '../mps/mps.ts';
import { UserError } from './exit.ts';

/** Characters gathered before they are written. */
const BufferSIZE = 64 * 1024;

/** A file of events. */
export class EventLog {
  private readonly file: number;
  private text: string = '';

  constructor(path: string) {
    try {
      this.file = openSync(path, 'w');
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new UserError(`--events ${path} cannot be written: ${error.message} (name a file in a folder that exists)`);
    }
  }

  /** hear -- write an event, sooner or later. */
  hear(event: Event): void {
    this.text += `${JSON.stringify(event)}\n`;
    if (this.text.length > BufferSIZE) this.flush();
  }

  /** finish -- write the rest, and close. */
  finish(): void {
    this.flush();
    closeSync(this.file);
  }

  private flush(): void {
    writeSync(this.file, this.text);
    this.text = '';
  }
}
