import { BitstreamError } from './errors.ts';

export const USER_DATA_REGISTERED = 4;

/** What a user_data_registered_itu_t_t35 message is, as far as it is recognised; its data is left alone. */
export type RegisteredContent = 'cea-608/708' | 'bar-data' | 'afd' | 'hdr10plus';

/** H.264 clauses D.1.6 and D.2.6. */
export interface UserDataRegistered {
  /** `itu_t_t35_country_code`: B5 is the United States. */
  readonly countryCode: number;
  /** Null where the country code is not FF. */
  readonly countryCodeExtension: number | null;
  /** The two bytes behind the country code, as providers of most countries have them; null where they are missing. */
  readonly providerCode: number | null;
  /** Four characters behind ATSC's provider code 0031: `GA94`, `DTG1`. */
  readonly userIdentifier: string | null;
  readonly content: RegisteredContent | null;
  /** The caption packets of `cea-608/708`; null for all else. */
  readonly captions: CaptionData | null;
  /** All bytes behind the country code. A view. */
  readonly data: Uint8Array;
}

/** cc_data() of ATSC A/53 part 4, as CEA-708 has it. */
export interface CaptionData {
  readonly processCcData: boolean;
  /** `type` 0 and 1: CEA-608 field 1 and 2; 2 and 3: DTVCC packet data and start. */
  readonly packets: readonly { readonly valid: boolean; readonly type: number; readonly data: number }[];
}

const EXTENDED = 0xff;
const UNITED_STATES = 0xb5;
const ATSC = 0x31;
const SAMSUNG = 0x3c;
const CAPTIONS = 3;
const BAR_DATA = 6;

/** @throws {BitstreamError} ERR_SEI_PAYLOAD_TRUNCATED where the country code is missing; the offset is in `payload`. */
export function parseUserDataRegistered(payload: Uint8Array): UserDataRegistered {
  const countryCode = payload[0];
  const extended = countryCode === EXTENDED;
  if (countryCode === undefined || (extended && payload.length < 2)) {
    const message = 'user_data_registered_itu_t_t35 without its country code';
    throw new BitstreamError('ERR_SEI_PAYLOAD_TRUNCATED', payload.length, message, 'D.1.6');
  }
  const data = payload.subarray(extended ? 2 : 1);
  const providerCode = data.length < 2 ? null : data[0]! * 256 + data[1]!;
  const isAmerican = countryCode === UNITED_STATES;
  const isAtsc = isAmerican && providerCode === ATSC && data.length >= 6;
  const userIdentifier = isAtsc ? String.fromCharCode(...data.subarray(2, 6)) : null;
  const content = isAmerican ? contentOf(data, providerCode, userIdentifier) : null;
  return {
    countryCode,
    countryCodeExtension: extended ? payload[1]! : null,
    providerCode,
    userIdentifier,
    content,
    captions: content === 'cea-608/708' ? readCaptions(data.subarray(7)) : null,
    data,
  };
}

function contentOf(
  data: Uint8Array,
  providerCode: number | null,
  userIdentifier: string | null,
): RegisteredContent | null {
  if (userIdentifier === 'DTG1') return 'afd';
  if (userIdentifier === 'GA94' && data[6] === CAPTIONS) return 'cea-608/708';
  if (userIdentifier === 'GA94' && data[6] === BAR_DATA) return 'bar-data';
  // SMPTE ST 2094-40: provider-oriented code 1, application identifier 4.
  if (providerCode === SAMSUNG && data[2] === 0 && data[3] === 1 && data[4] === 4) return 'hdr10plus';
  return null;
}

/** Packets that the data is too short for are left out. */
function readCaptions(ccData: Uint8Array): CaptionData {
  const flags = ccData[0] ?? 0;
  const packets = [];
  for (let i = 0; i < (flags & 0x1f) && 5 + 3 * i <= ccData.length; i++) {
    const [head, first, second] = ccData.subarray(2 + 3 * i, 5 + 3 * i) as unknown as [
      number,
      number,
      number,
    ];
    packets.push({ valid: (head & 4) !== 0, type: head & 3, data: first * 256 + second });
  }
  return { processCcData: (flags & 0x40) !== 0, packets };
}
