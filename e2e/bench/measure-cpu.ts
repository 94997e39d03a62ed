/** To be imported first (`node --import`): answers to cues then tell their CPU time. */
import { isMainThread } from 'node:worker_threads';
import { useThreadCpuClock } from '../../director/spent.ts';
import { threadCpuClock } from './thread-cpu.ts';

if (isMainThread) useThreadCpuClock(threadCpuClock());
