import { DEFAULT_HLS_SETTINGS, type DeliverySettings } from '../../delivery/settings.ts';
import type { InjectorSettings } from '../../injector/injector.ts';
import type { Settings } from '../../service/settings.ts';

/** What the settings say to each stream's injector and delivery. */
export const injectorSettingsOf = (settings: Settings): InjectorSettings => ({
  clockStampEveryFrame: settings.clockStamps === 'frame',
  maxCues: settings.cueOpenLimit + settings.cuePendingLimit,
  normalise: settings.normalise === 'on',
  stampBudgetBytes: settings.stampBudgetBytes,
  encoderClock: {
    at: settings.at,
    captureDelayMs: settings.captureDelayMs,
    writeMisb: settings.writeMisb,
  },
});

export const deliverySettingsOf = (settings: Settings): Partial<DeliverySettings> => ({
  joinSpacingMs: settings.joinSpacingMs,
  holdMs: settings.holdMs,
  viewerQueueBytes: settings.viewerQueueBytes,
  viewerStallMs: settings.viewerStallMs,
  hls: { ...DEFAULT_HLS_SETTINGS, targetMs: settings.hlsTargetMs, windowSegments: settings.hlsWindow },
  carriers: settings.carriers.filter((carrier) => carrier !== 'none'),
});
