import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
];
const macPlaces = ['Chromium', 'Google Chrome'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);

/** Starts the Chromium of this system. Throws where there is none: `npm test` installs it. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = [...places, ...macPlaces].find((place) => existsSync(place));
  if (executablePath === undefined)
    throw new Error('no Chromium here; npm test installs it, or: apt-get install -y chromium');
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}
