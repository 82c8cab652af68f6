import type { BackgroundJobs, Bus } from '@sluice/bus';
import type { Telemetry } from '@sluice/telemetry';

/** The job that `sluice dead-letters redrive` queues; its data is a JSON list of ids, empty for all. */
export const redriveJob = 'redrive-dead-letters';

/** Makes this process one of those that redrive dead letters. A repeated attempt finds what is left. */
export function handleRedriveJobs(jobs: BackgroundJobs, bus: Bus, telemetry: Telemetry): Promise<void> {
  return jobs.handle(redriveJob, async ({ data }) => {
    const ids = JSON.parse(data) as string[];
    const count = await bus.deadLetters.redrive(ids.length === 0 ? undefined : ids);
    telemetry.log.info('bus.dead_letter', `put ${count} dead letters back on the stream`, { count });
  });
}
