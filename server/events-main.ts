import { startEvents } from './events/events.ts';
import { runProcess } from './process.ts';

await runProcess('events', startEvents);
