import type { ApplicationService } from './appservices/application-service.ts';
import type { ApplicationServices } from './appservices/application-services.ts';
import { EphemeralNews } from './appservices/ephemeral-news.ts';
import { RoomInterest } from './appservices/room-interest.ts';
import { ServiceClient } from './appservices/service-client.ts';
import { ServiceQueries } from './appservices/service-queries.ts';
import { ThirdPartyNetworks } from './appservices/third-party-networks.ts';
import { TransactionQueue } from './appservices/transaction-queue.ts';
import { TransactionReader } from './appservices/transaction-reader.ts';
import type { Bridges } from './client-server/services.ts';
import type { Config } from './config/config.ts';
import { somaVersion } from './config/soma-version.ts';
import type { Typing } from './ephemeral/typing.ts';
import type { OpenPresence } from './open-presence.ts';
import type { Rooms } from './rooms/rooms.ts';
import type { Logger } from './telemetry/logger.ts';

export interface ApplicationServiceParts {
  readonly applicationServices: ApplicationServices;
  readonly config: Config;
  readonly logger: Logger;
  readonly rooms: Rooms;
  readonly typing: Typing;
  readonly presence: OpenPresence;
}

/** How application services are asked and told things. */
export interface OpenApplicationServices extends Bridges {
  readonly queries: ServiceQueries;
  close(): Promise<void>;
}

/** Tells application services what they are interested in, until it is closed. */
export async function openApplicationServices(
  parts: ApplicationServiceParts,
): Promise<OpenApplicationServices> {
  const { sendsTokenInQuery } = parts.config.applicationServices;
  const client = new ServiceClient(`Soma/${somaVersion()}`, sendsTokenInQuery);
  const queues = new Map<ApplicationService, TransactionQueue>();
  for (const service of parts.applicationServices.all) {
    if (service.config.url !== undefined) {
      queues.set(service, await openQueue(parts, client, service));
    }
  }
  return {
    client,
    networks: new ThirdPartyNetworks(parts.applicationServices, client),
    queries: new ServiceQueries(parts.applicationServices, client),
    retryNow: (service) => queues.get(service)?.retryNow(),
    close: async () => {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      await client.close();
    },
  };
}

async function openQueue(
  { rooms, typing, presence, logger }: ApplicationServiceParts,
  client: ServiceClient,
  service: ApplicationService,
): Promise<TransactionQueue> {
  const { names, database } = rooms;
  const interest = new RoomInterest(service, names);
  const { source } = presence;
  const presenceOf = (userNid: number) => source.contentOf(userNid);
  const ephemeral = new EphemeralNews(interest, { names, typing, presenceOf });
  const reader = new TransactionReader(service, rooms, interest, ephemeral);
  const queue = await TransactionQueue.open({
    service,
    database,
    client,
    reader,
    ephemeral,
    logger,
  });
  if (service.config.receivesEphemeral) {
    typing.onChange((roomNid) => {
      ephemeral.typingChanged(roomNid);
      queue.wake();
    });
    presence.presence?.onChange((userNid) => {
      ephemeral.presenceChanged(userNid);
      queue.wake();
    });
  }
  return queue;
}
