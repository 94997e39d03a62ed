import { createSocket } from 'node:dgram';
import type { Clock } from '../../packet/clock.ts';

/*
 * SNTP is one packet of 48 bytes there and one back. The packages on npm that speak it are years old, take their time
 * from Date alone and check neither origin nor stratum, so these few lines are ours.
 */

const PACKET_BYTES = 48;
/** Seconds from 1900 to 1970. */
const ERA_OFFSET_S = 2_208_988_800;
/** Version 4, mode 3: client. */
const CLIENT = 0x23;
const MODE_SERVER = 4;
const LAST_STRATUM = 15;

/** The peer's clock less ours lies within `errorMs` of `aheadMs`. */
export interface PeerReading {
  readonly aheadMs: number;
  readonly errorMs: number;
}

export type SntpOutcome =
  | { readonly ok: true; readonly reading: PeerReading }
  | { readonly ok: false; readonly why: string };

export interface SntpTarget {
  readonly host: string;
  readonly port: number;
}

/** NTP time stamps (RFC 5905, section 6): 32 bits of seconds, 32 of fraction; the era that is nearest to now. */
export function readNtpUs(packet: Uint8Array, offset: number, nearUs: number): number {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const seconds = view.getUint32(offset) - ERA_OFFSET_S;
  const us = seconds * 1e6 + (view.getUint32(offset + 4) * 1e6) / 2 ** 32;
  const eraUs = 2 ** 32 * 1e6;
  return us + Math.round((nearUs - us) / eraUs) * eraUs;
}

/** One answer. @param t1Us our clock when the question was sent @param t4Us the same clock, run on monotonically */
export function readSntp(packet: Uint8Array, question: Uint8Array, t1Us: number, t4Us: number): SntpOutcome {
  if (packet.length < PACKET_BYTES) return { ok: false, why: 'the answer is too short' };
  const [first, stratum] = [packet[0]!, packet[1]!];
  if ((first & 7) !== MODE_SERVER) return { ok: false, why: 'the answer is none of a time server' };
  // Ours, not somebody else's who guesses (RFC 5905, section 8: origin check).
  for (let i = 0; i < 8; i++) {
    if (packet[24 + i] !== question[40 + i]) return { ok: false, why: 'the answer is to another question' };
  }
  // RFC 5905, section 7.4: a kiss code in place of the reference.
  if (stratum === 0) {
    const kiss = String.fromCharCode(...packet.subarray(12, 16)).replace(/[^A-Z]/g, '');
    return { ok: false, why: `the server refuses (${kiss || 'stratum 0'})` };
  }
  if (first >> 6 === 3 || stratum > LAST_STRATUM) return { ok: false, why: 'the server is not synchronised' };
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const t2Us = readNtpUs(packet, 32, t1Us);
  const t3Us = readNtpUs(packet, 40, t1Us);
  const wayUs = t4Us - t1Us - (t3Us - t2Us);
  if (t3Us < t2Us || wayUs < -1000)
    return { ok: false, why: 'the times of the answer contradict each other' };
  const rootMs = (view.getUint32(4) / 2 / 65_536 + view.getUint32(8) / 65_536) * 1000;
  return {
    ok: true,
    reading: {
      aheadMs: (t2Us - t1Us + (t3Us - t4Us)) / 2000,
      errorMs: Math.max(0, wayUs) / 2000 + rootMs + 0.5,
    },
  };
}

/** Asks once (RFC 4330, section 5). Never rejects. */
export function askSntp({ host, port }: SntpTarget, clock: Clock, timeoutMs: number): Promise<SntpOutcome> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
    const end = (outcome: SntpOutcome) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      // An error may still come out of the closing.
      socket.on('error', () => undefined);
      socket.close();
      resolve(outcome);
    };
    const timer = setTimeout(() => end({ ok: false, why: 'no answer in time' }), timeoutMs);
    const question = Buffer.alloc(PACKET_BYTES);
    question[0] = CLIENT;
    // What the server gives back as the origin need not be a time: a random number cannot be guessed.
    crypto.getRandomValues(question.subarray(40, 48));
    let t1Us = 0;
    let sentAtUs = 0;
    socket.on('error', () => end({ ok: false, why: 'it cannot be reached' }));
    socket.on('message', (packet) => {
      const t4Us = t1Us + (clock.monotonicUs() - sentAtUs);
      const outcome = readSntp(packet, question, t1Us, t4Us);
      // A forged answer must not keep the true one out: the next may be it.
      if (!outcome.ok && outcome.why === 'the answer is to another question') return;
      end(outcome);
    });
    socket.once('connect', () => {
      t1Us = clock.unixUs();
      sentAtUs = clock.monotonicUs();
      socket.send(question, (error) => {
        if (error) end({ ok: false, why: 'it cannot be reached' });
      });
    });
    socket.connect(port, host);
  });
}
