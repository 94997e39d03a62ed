import { networkInterfaces } from 'node:os';

type Interfaces = ReturnType<typeof networkInterfaces>;

/**
 * The addresses at which other machines reach a server that is bound to `host`, as they stand in a URL. Null where
 * they cannot: it is bound to loopback. Empty where nothing can be said, as for a name.
 */
export function otherAddresses(host: string, interfaces: Interfaces = networkInterfaces()): string[] | null {
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return null;
  if (host !== '0.0.0.0' && host !== '::') return [];
  const addresses = Object.values(interfaces).flatMap((group) => group ?? []);
  // A link-local address works only with the name of a network interface behind it, which URLs do not take.
  return addresses
    .filter(
      ({ internal, family, address }) => !internal && family === 'IPv4' && !address.startsWith('169.254.'),
    )
    .map(({ address }) => address);
}
