import { describe, expect, test } from 'vitest';
import { readChrony } from './read-chrony.ts';
import { readAdjtimex, readNtptime } from './read-kernel.ts';
import { readNtpq } from './read-ntpq.ts';
import { readTimesyncd, spanMs } from './read-timesyncd.ts';
import type { ToolReader } from './reading.ts';

const rounded = (read: ToolReader, text: string) => {
  const reading = read(text);
  if (reading?.state !== 'synchronised') return reading?.state ?? null;
  const { offsetMs, errorMs } = reading;
  return [offsetMs === null ? null : Number(offsetMs.toFixed(3)) + 0, Number(errorMs.toFixed(3))];
};

// What ntpsec 1.2.2, timesyncd 252 and chrony 4.3 print was taken from the real daemons, behind a server 12 ms (chrony:
// 1.5 s) ahead; the others are written by their documents.
const NTPD_4_2_8 = `associd=0 status=0615 leap_none, sync_ntp, 1 event, clock_sync,
version="ntpd 4.2.8p15@1.3728-o Wed Sep 23 11:46:38 UTC 2020 (1)",
processor="x86_64", system="Linux/5.10.0-21-amd64", leap=00, stratum=3,
precision=-24, rootdelay=13.418, rootdisp=19.254, refid=162.159.200.1,
reftime=e7a3f0f5.5d1c6f4a  Mon, Feb 27 2023  9:04:21.363,
clock=e7a3f24c.a0c7b1f3  Mon, Feb 27 2023  9:10:04.628, peer=34469, tc=6,
mintc=3, offset=-0.341829, frequency=-14.230, sys_jitter=0.412044,
clk_jitter=0.311, clk_wander=0.012
`;
const NTPSEC = `associd=0 status=0014 leap_none, sync_unspec, 1 event, freq_mode,
leap=00, stratum=3, precision=-23, rootdelay=12.136, rootdisp=16.228,
refid=10.9.9.9, reftime=eeac64c4.93909cfe 2026-11-21T18:43:16.576Z, tc=3,
peer=17767, offset=12.041573, frequency=0.0, sys_jitter=0.0,
clk_jitter=3.25953, clock=eeac64c9.2c9184e2 2026-11-21T18:43:21.174Z,
processor="x86_64", system="Linux/6.18.44",
version="ntpd ntpsec-1.2.2", clk_wander=0.0, mintc=0
`;
const NTPSEC_STARTED = `associd=0 status=c016 leap_alarm, sync_unspec, 1 event, restart,
leap=11, stratum=16, precision=-23, rootdelay=0.0, rootdisp=0.015,
refid=INIT, reftime=00000000.00000000 2036-02-07T06:28:16.000Z, tc=0, peer=0,
offset=0.0, frequency=0.0, sys_jitter=0.0, clk_jitter=0.000119,
clock=eeac649b.42dad198 2026-11-21T18:42:35.261Z, processor="x86_64",
system="Linux/6.18.44", version="ntpd ntpsec-1.2.2", clk_wander=0.0,
mintc=0
`;
/** \`disable ntp\`: it follows a server and never sets the clock. */
const NTPSEC_WATCHING = `associd=0 status=c016 leap_alarm, sync_unspec, 1 event, restart,
leap=11, stratum=3, precision=-24, rootdelay=12.119, rootdisp=16.273,
refid=10.9.9.9, reftime=eeac6462.83f9f8ed 2026-11-21T18:41:38.515Z, tc=3,
peer=17767, offset=0.0, frequency=0.0, sys_jitter=0.0, clk_jitter=6e-05,
clock=eeac646c.6c3b744a 2026-11-21T18:41:48.422Z, processor="x86_64",
system="Linux/6.18.44", version="ntpd ntpsec-1.2.2", clk_wander=0.0,
mintc=0
`;
const TIMESYNCD_252 = `       Server: 10.9.9.9 (10.9.9.9)
Poll interval: 1min 4s (min: 16s; max 34min 8s)
         Leap: normal
      Version: 4
      Stratum: 2
    Reference: C0000209
    Precision: 1us (-23)
Root distance: 9.993ms (max: 5s)
       Offset: +13.284ms
        Delay: 2.726ms
       Jitter: 0
 Packet count: 1
    Frequency: +0.000ppm
`;
const ADJTIMEX = (status: number, maxerror: number) => `         mode: 0
       offset: -7453
    frequency: 1262912
     maxerror: ${maxerror}
     esterror: 93
       status: ${status}
time_constant: 7
    precision: 1
    tolerance: 32768000
         tick: 10000
     raw time:  1700000000s 123456us = 1700000000.123456
`;
const NTPTIME = (code: string, status: string) => `ntp_gettime() returns code ${code}
  time e7a3f24c.a0c7b1f3  Mon, Feb 27 2023  9:10:04.628, (.628047),
  maximum error 38441 us, estimated error 311 us, TAI offset 37
ntp_adjtime() returns code ${code}
  modes 0x0 (),
  offset -89.012 us, frequency -14.230 ppm, interval 1 s,
  maximum error 38441 us, estimated error 311 us,
  status ${status},
  time constant 6, precision 0.001 us, tolerance 500 ppm,
`;
const NTPTIME_NTPSEC = `ntp_gettime() returns code 5 (ERROR)
  time eeac64ca.1b6a9000 2026-11-21T18:43:22.107Z, (.107095),
  maximum error 16000000 us, estimated error 16000000 us, TAI offset 0
ntp_adjtime() returns code 5 (ERROR)
  modes 0x0 (),
  offset 0.000 us, frequency 0.000 ppm, interval 1 s,
  maximum error 16000000 us, estimated error 16000000 us,
  status 0x40 (UNSYNC),
  time constant 2, precision 1.000 us, tolerance 500 ppm,
`;

describe('chronyc -c tracking', () => {
  test.each<[string, string, unknown]>([
    [
      '4.3, 1.5 s slow ("seconds slow of NTP time" in its words)',
      '7F000001,127.0.0.1,3,1795286263.301319272,1.500034690,-0.000001549,0.000001406,-0.786,-0.218,1.959,0.012086030,0.004008104,2.0,Normal\n',
      [-1500.035, 1510.086],
    ],
    [
      '4.3, a little fast',
      '7F000001,127.0.0.1,9,1795286217.068890303,-0.000001784,0.000000082,0.000000160,0.000,0.003,0.162,0.000004540,0.000002628,1.0,Normal\n',
      [0.002, 0.007],
    ],
    [
      '3.4, fast',
      'C0248F97,192.36.143.151,2,1571386941.9,-0.001500000,0.000003,0.000012,3.391,0.000,0.012,0.024,0.0005,1042.2,Insert second',
      [1.5, 14],
    ],
    [
      'a reference clock',
      '50505330,PPS0,1,1700559217.0,0.000000012,0.000000011,0.000000040,-8.1,0.000,0.004,0.000000001,0.000012101,16.0,Normal',
      [0, 0.012],
    ],
    [
      'before the first source',
      '00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,1.000000000,1.000000000,0.0,Not synchronised',
      'unsynchronised',
    ],
    [
      'its own clock (local stratum 8)',
      '7F7F0101,,8,1795286208.143892015,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,0.000000000,0.000000000,0.0,Normal\n',
      'unsynchronised',
    ],
    ['no daemon', '506 Cannot talk to daemon\n', null],
    ['no rights', '501 Not authorised\n', null],
    ['nothing', '', null],
    ['half a line', 'A29FC87B,162.159.200.123,4,17005', null],
    ['no numbers', Array(14).fill('x').join(','), null],
  ])('%s', (_, text, said) => expect(rounded(readChrony, text)).toEqual(said));
});

describe('ntpq -c rv', () => {
  test.each<[string, string, unknown]>([
    ['ntpd 4.2.8', NTPD_4_2_8, [0.342, 26.305]],
    ['ntpsec 1.2.2, 12 ms slow', NTPSEC, [-12.042, 34.338]],
    ['ntpsec, before the first source', NTPSEC_STARTED, 'unsynchronised'],
    ['ntpsec that may not set the clock', NTPSEC_WATCHING, 'unsynchronised'],
    [
      'before the first source',
      'associd=0 status=c016 leap_alarm, sync_unspec, 1 event, restart,\nversion="ntpd 4.2.8p12", leap=11, stratum=16, precision=-23, rootdelay=0.000, rootdisp=0.105, refid=INIT, offset=0.000000',
      'unsynchronised',
    ],
    ['its own clock', NTPD_4_2_8.replace('refid=162.159.200.1', 'refid=LOCAL(0)'), 'unsynchronised'],
    ['no daemon', 'ntpq: read: Connection refused\n', null],
    ['no daemon, ntpsec: its words go to stderr', '', null],
    ['a refusal', '***Server disallowed request\n', null],
    ['half of it', NTPD_4_2_8.slice(0, 180), null],
  ])('%s', (_, text, said) => expect(rounded(readNtpq, text)).toEqual(said));
});

describe('timedatectl timesync-status', () => {
  test.each<[string, string, unknown]>([
    ['systemd 252', TIMESYNCD_252, [-13.284, 24.64]],
    ['micro signs, as newer ones print them', TIMESYNCD_252.replace('+13.284ms', '-412μs'), [0.412, 11.768]],
    ['an offset of seconds', TIMESYNCD_252.replace('+13.284ms', '+1min 2.5s'), [-62500, 62511.356]],
    [
      'before the first answer',
      '       Server: 10.9.9.9 (10.9.9.9)\nPoll interval: 16s (min: 16s; max 34min 8s)\n Packet count: 0\n',
      'unsynchronised',
    ],
    ['not synchronised upstream', TIMESYNCD_252.replace('normal', 'not synchronized'), 'unsynchronised'],
    ['no systemd', "System has not been booted with systemd as init system (PID 1). Can't operate.\n", null],
    [
      'another daemon',
      'Failed to query server: The name org.freedesktop.timesync1 was not provided by any .service files\n',
      null,
    ],
    [
      'a daemon that was ended',
      'Failed to query server: Launch helper exited with unknown return code 1\n',
      null,
    ],
    ['before 239', 'Unknown operation timesync-status\n', null],
    // LC_ALL=C is given to it; a text in words that are not known is no text.
    ['localised', TIMESYNCD_252.replace('Poll interval', 'Abfrageintervall'), null],
  ])('%s', (_, text, said) => expect(rounded(readTimesyncd, text)).toEqual(said));

  test.each<[string, number | null]>([
    ['0', 0],
    ['-1.230ms', -1.23],
    ['45us', 0.045],
    ['34min 8s', 2_048_000],
    ['1h 2min 3.004s', 3_723_004],
    ['', null],
    ['n/a', null],
    ['5', null],
    ['5 apples', null],
  ])('a span of %s', (text, ms) => {
    const read = spanMs(text);
    expect(read === null ? null : Number(read.toFixed(6))).toBe(ms);
  });
});

describe('the kernel', () => {
  test.each<[string, ToolReader, string, unknown]>([
    ['adjtimex', readAdjtimex, ADJTIMEX(0x2001, 38_441), [null, 38.441]],
    ['adjtimex, nobody keeps it', readAdjtimex, ADJTIMEX(0x40, 16_000_000), 'unsynchronised'],
    ['adjtimex, an error', readAdjtimex, 'adjtimex: Operation not permitted\n', null],
    ['ntptime', readNtptime, NTPTIME('0 (OK)', '0x2001 (PLL,NANO)'), [null, 38.441]],
    ['ntptime, nobody keeps it', readNtptime, NTPTIME('5 (ERROR)', '0x41 (PLL,UNSYNC)'), 'unsynchronised'],
    ['ntptime of ntpsec', readNtptime, NTPTIME_NTPSEC, 'unsynchronised'],
    ['ntptime, an error', readNtptime, 'ntptime: command not found\n', null],
    ['ntptime, half of it', readNtptime, NTPTIME('0 (OK)', '0x2001').slice(0, 200), null],
  ])('%s', (_, read, text, said) => expect(rounded(read, text)).toEqual(said));
});

test('no reader takes the text of another, or throws on any text', () => {
  const texts = [
    NTPD_4_2_8,
    NTPSEC,
    TIMESYNCD_252,
    ADJTIMEX(0, 1),
    NTPTIME('0 (OK)', '0x1'),
    '\0'.repeat(999),
  ];
  const readers = [readChrony, readNtpq, readTimesyncd, readAdjtimex, readNtptime];
  const taken = texts.map((text) => readers.filter((read) => read(text) !== null).map((read) => read.name));
  expect(taken).toEqual([
    ['readNtpq'],
    ['readNtpq'],
    ['readTimesyncd'],
    ['readAdjtimex'],
    ['readNtptime'],
    [],
  ]);
});
