/* worker.js: A WORKER THREAD
 *
 * Loads the TypeScript module that `workerData` names: worker threads of Node 20 cannot begin with one.
 */
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
await import(workerData.module);
