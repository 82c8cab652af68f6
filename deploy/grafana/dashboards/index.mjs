import { dashboard } from '../dashboard.mjs';
import { api } from './api.mjs';
import { bus } from './bus.mjs';
import { callback } from './callback.mjs';
import { deploys } from './deploys.mjs';
import { edge } from './edge.mjs';
import { overview } from './overview.mjs';
import { router } from './router.mjs';

const sources = { overview, edge, router, bus, callback, api, deploys };

/** Name of the file → its dashboard. */
export const dashboards = Object.fromEntries(
  Object.entries(sources).map(([name, source]) => [name, dashboard(source)]),
);

/** Name and title → why the panel may rightly have no data. */
export const quietPanels = new Map(
  Object.entries(sources).flatMap(([name, { panels }]) =>
    panels.filter(({ quiet }) => quiet !== undefined).map(({ title, quiet }) => [`${name}: ${title}`, quiet]),
  ),
);

export const dashboardText = (name) => `${JSON.stringify(dashboards[name], null, 2)}\n`;
