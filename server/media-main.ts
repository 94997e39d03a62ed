import { startMedia } from './media/media.ts';
import { runProcess } from './process.ts';

await runProcess('media', startMedia);
