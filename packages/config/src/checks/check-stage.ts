import { limits } from '@sluice/contracts';
import type { Path } from '../problems.js';
import { didYouMean } from '../suggest.js';
import { type ApiPlace, atMost, attempt, type Members, members, sameAsKey, textOf } from './check-place.js';

export function checkStage(path: Path, name: string, stage: Members, at: ApiPlace): void {
  const { stageName, stageVariables, accessLogSettings, routeSettings, autoDeploy, deploymentId } = stage;
  sameAsKey(at, [...path, 'stageName'], stageName, name);
  atMost(at, [...path, 'stageVariables'], members(stageVariables), limits.stageVariablesMax);
  if (autoDeploy === true && deploymentId !== undefined) {
    at.report([...path, 'deploymentId'], 'DeploymentId cannot be set when autoDeploy is true');
  }
  const routes = members(at.api['routes']);
  for (const key of Object.keys(members(routeSettings))) {
    if (Object.hasOwn(routes, key)) continue;
    const guess = didYouMean(key, Object.keys(routes));
    at.report(
      [...path, 'routeSettings', key],
      `Unable to find Route by key ${key} within the provided RouteSettings${guess}`,
    );
  }
  checkAccessLog([...path, 'accessLogSettings'], members(accessLogSettings), at);
}

function checkAccessLog(path: Path, settings: Members, at: ApiPlace): void {
  const { format, destinationArn } = settings;
  if ((format === undefined) !== (destinationArn === undefined)) {
    at.report(path, 'Access Log value missing. Expected destinationArn and format.');
  }
  const url = textOf(destinationArn) ?? '';
  if (/^https?:/.test(url)) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    const here = [...path, 'destinationArn'];
    // The value is not shown: it may be the secret of who takes the lines.
    if (parsed === undefined) at.report(here, 'is not a URL');
    else if (parsed.username !== '' || parsed.password !== '')
      at.report(here, 'holds credentials; lines are posted without');
  }
  attempt(at, [...path, 'format'], textOf(format), at.checkers.accessLogFormat);
}
