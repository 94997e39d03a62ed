import type { Express } from 'express';
import type { DeliveryOptions } from '../../delivery/delivery.ts';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { StreamName } from '../../packet/packet.ts';
import { requireRight } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import { isStreamAllowed, type Settings } from '../../service/settings.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import { playUrlsOf } from '../pages.ts';
import { PreviewTickets } from './preview-ticket.ts';
import type { StreamRegistry } from './stream-registry.ts';

/** The answer of `POST /api/v1/streams/{app}/{name}/preview`. */
export interface PreviewGrant {
  readonly url: string;
  readonly protocol: 'flv';
  /** Unix milliseconds until which the URL can be opened; null: always. */
  readonly expiresAt: number | null;
  readonly programmeDelayMs: number;
}

export interface PreviewSources {
  readonly settings: Pick<Settings, 'streams' | 'programmeDelayMs' | 'previewViewers'>;
  readonly streams: StreamRegistry;
  readonly clock: Clock;
  /** Where players reach this process. */
  readonly mediaUrl: () => string;
}

/** What a director sees ahead of the programme delay: who may open it, and where. */
export class Preview {
  readonly #sources: PreviewSources;
  readonly #tickets: PreviewTickets;

  constructor(sources: PreviewSources) {
    this.#sources = sources;
    this.#tickets = new PreviewTickets(sources.clock);
  }

  /** For delivery. */
  get door(): NonNullable<DeliveryOptions['preview']> {
    return {
      viewers: this.#sources.settings.previewViewers,
      open: (stream, ticket) => {
        if (ticket === null || !this.#tickets.isGood(stream, ticket)) {
          throw new FramecueError('ERR_PREVIEW_TICKET');
        }
        return this.#sources.streams.ahead(stream)?.hub;
      },
    };
  }

  grant(stream: StreamName): PreviewGrant {
    const { programmeDelayMs } = this.#sources.settings;
    const { flv } = playUrlsOf(this.#sources.mediaUrl(), stream);
    if (programmeDelayMs === 0) return { url: flv, protocol: 'flv', expiresAt: null, programmeDelayMs };
    const { ticket, expiresAt } = this.#tickets.issue(stream);
    const url = `${flv.replace(/\.flv$/, '/preview.flv')}?ticket=${ticket}`;
    return { url, protocol: 'flv', expiresAt, programmeDelayMs };
  }

  routes(app: Express, tokens: TokenRegistry): void {
    app
      .route('/api/v1/streams/:app/:name/preview')
      .post(requireRight(tokens, 'read'), (req, res) => {
        const stream: StreamName = { app: String(req.params.app), name: String(req.params.name) };
        if (!isStreamAllowed(this.#sources.settings.streams, `${stream.app}/${stream.name}`)) {
          throw new FramecueError('ERR_NOT_FOUND');
        }
        res.set('Cache-Control', 'no-store').json(this.grant(stream));
      })
      .all(methodNotAllowed('POST'));
  }
}
