import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type DemoConfig, loadConfig } from '../shared/config.ts';
import { failureWords } from '../shared/failure-words.ts';
import type { ApiFailure } from '../shared/http.ts';
import { startPoller } from '../shared/poller.ts';
import { Head, Notice, Spinner } from './parts.tsx';

/** Reads where the servers are, as often as it takes, and then shows the page. */
export function WithConfig({
  title,
  children,
}: {
  readonly title: string;
  readonly children: (config: DemoConfig) => ComponentChildren;
}) {
  const [config, setConfig] = useState<DemoConfig | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  useEffect(() => {
    const poller = startPoller({
      run: loadConfig,
      everyMs: 1000,
      onValue(value) {
        poller.stop();
        setConfig(value);
      },
      onFailure: setFailure,
    });
    return poller.stop;
  }, []);
  if (config !== null) return <>{children(config)}</>;
  return (
    <>
      <Head title={title} />
      <main class="lone">
        <div class="lone-card" role="status">
          {failure === null ? (
            <Spinner />
          ) : (
            <Notice icon="broken" tone="bad" code={failureWords(failure).code}>
              <strong>This page does not know where the servers are.</strong> {failureWords(failure).text} It
              asks again by itself.
            </Notice>
          )}
        </div>
      </main>
    </>
  );
}
