import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../packet/clock.ts';
import { giveUpPriority } from '../../service/priority.ts';
import { Auditor } from './auditor.ts';
import type { AuditorSetup, FromAuditor, ToAuditor } from './messages.ts';

if (parentPort === null) throw new Error('the audit reads outputs in a worker thread');
const port = parentPort;
giveUpPriority();

const auditor = new Auditor({
  setup: workerData as AuditorSetup,
  clock: systemClock,
  send: (message: FromAuditor) => port.postMessage(message),
});
port.on('message', (message: ToAuditor) => {
  auditor.receive(message);
  if (message.kind === 'close') port.close();
});
